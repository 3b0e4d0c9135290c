using EntryGuard.Server.Hosting;
using EntryGuard.Server.Hosting.SignIns;

namespace EntryGuard.Server.Features.SignIns;

/// <summary>Routes of signing in. What is public is limited per client address; what belongs to the caller takes no API key.</summary>
public static class SignInEndpoints
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    /// <summary>What the routes need besides the house.</summary>
    public static void AddSignInFeatures(this IServiceCollection services)
    {
        services.AddSingleton<HandOver>();
        services.AddSingleton<Passwords>();
        services.AddSingleton<SecondFactor>();
        services.AddSingleton<Passkeys>();
        services.AddSingleton<Admission>();
        services.AddScoped<OwnAccount>();
        services.AddSingleton<ForgottenPasswords>();
        services.AddHostedService(s => s.GetRequiredService<ForgottenPasswords>());
    }

    public static void Map(RouteGroupBuilder api)
    {
        MapPublic(api.MapGroup("/auth").WithTags("Sign-in").AllowPublic());
        MapOwn(api.MapGroup("/auth").WithTags("Sign-in").RequirePerson().ForOneself());
        api.MapGet("/auth/me", Me.Handle).WithTags("Sign-in").WithName("GetMe").WithSummary("Who you are").RequireSignIn().AllowEnrolment();
        MapMfa(api.MapGroup("/mfa").WithTags("Sign-in").RequirePerson().ForOneself());
        MapAdmin(api.MapGroup("/users/{id}").WithTags("Users").RequireAdmin());
    }

    private static void MapPublic(RouteGroupBuilder auth)
    {
        auth.MapPost("/register", Register.Handle).WithName("Register").WithSummary("Make an organization and its first administrator").LimitPerAddress("register", 5, Hour);
        auth.MapPost("/login", Login.Handle).WithName("Login").WithSummary("Sign in with a password").LimitPerAddress("login", 20, Minute);
        auth.MapPost("/verify-mfa", VerifyMfa.Handle).WithName("VerifyMfa").WithSummary("Show the second factor that a login asks for").LimitPerAddress("login", 20, Minute);
        auth.MapPost("/change-expired-password", NewPassword.HandleExpired).WithName("ChangeExpiredPassword")
            .WithSummary("Another password in place of one that is too old").LimitPerAddress("login", 20, Minute);
        auth.MapPost("/passkeys/sign-in/options", PasskeySignIn.HandleOptions).WithName("AskForPasskey").WithSummary("What to ask a browser for, to sign in with a passkey")
            .LimitPerAddress("passkey", 60, Minute);
        auth.MapPost("/passkeys/sign-in", PasskeySignIn.Handle).WithName("SignInWithPasskey").WithSummary("Sign in with a passkey alone").LimitPerAddress("login", 20, Minute);
        auth.MapPost("/refresh", Refresh.Handle).WithName("Refresh").WithSummary("The next pair of tokens").LimitPerAddress("refresh", 120, Minute);
        auth.MapPost("/logout", Logout.Handle).WithName("Logout").WithSummary("End the sign-in").LimitPerAddress("refresh", 120, Minute);
        auth.MapPost("/set-password", NewPassword.HandleInvitation).WithName("SetPassword").WithSummary("Take an invitation").LimitPerAddress("token", 20, Hour);
        auth.MapPost("/password-terms", PasswordTerms.HandleToken).WithName("ReadPasswordTerms").WithSummary("What the password that a token sets must have")
            .LimitPerAddress("terms", 120, Hour);
        auth.MapPost("/forgot-password", ForgotPassword.Handle).WithName("ForgotPassword").WithSummary("Ask for a link to set another password").LimitPerAddress("forgot", 10, Hour);
        auth.MapPost("/reset-password", NewPassword.HandleReset).WithName("ResetPassword").WithSummary("Set another password by such a link").LimitPerAddress("token", 20, Hour);
    }

    private static void MapOwn(RouteGroupBuilder auth)
    {
        auth.MapPost("/verify-mfa/again", VerifyMfaAgain.Handle).WithName("VerifyMfaAgain").WithSummary("Show the second factor again, within the sign-in");
        auth.MapPost("/change-password", ChangePassword.Handle).WithName("ChangePassword").WithSummary("Another password; all other sign-ins end").LimitPerAddress("login", 20, Minute);
        auth.MapGet("/password-terms", PasswordTerms.HandleOwn).WithName("GetPasswordTerms").WithSummary("What a new password of yours must have");
        auth.MapGet("/sign-ins", OwnSignIns.Handle).WithName("ListSignIns").WithSummary("Where you are signed in, newest first");
        auth.MapDelete("/sign-ins", OwnSignIns.HandleEndOthers).WithName("EndOtherSignIns").WithSummary("Sign out everywhere else");
        auth.MapDelete("/sign-ins/{id}", OwnSignIns.HandleEnd).WithName("EndSignIn").WithSummary("Sign out there");
        auth.MapPost("/passkeys/options", OwnPasskeys.HandleOptions).WithName("AskToMakePasskey").WithSummary("What to ask a browser for, to add a passkey").AllowEnrolment();
        auth.MapPost("/passkeys", OwnPasskeys.HandleAdd).WithName("AddPasskey").WithSummary("Add the passkey that the browser made").AllowEnrolment();
        auth.MapGet("/passkeys", OwnPasskeys.HandleList).WithName("ListPasskeys").WithSummary("Your passkeys").AllowEnrolment();
        auth.MapDelete("/passkeys/{id}", OwnPasskeys.HandleRemove).WithName("RemovePasskey").WithSummary("It signs in no more");
    }

    private static void MapMfa(RouteGroupBuilder mfa)
    {
        mfa.MapPost("/setup", OwnTotp.HandleSetup).WithName("SetUpMfa").WithSummary("Begin to set up one-time codes").AllowEnrolment();
        mfa.MapPost("/setup/confirm", OwnTotp.HandleConfirm).WithName("ConfirmMfa").WithSummary("Switch them on, with a first code").AllowEnrolment();
        mfa.MapPost("/disable", OwnTotp.HandleDisable).WithName("DisableMfa").WithSummary("Switch them off");
        mfa.MapPost("/recovery-codes", OwnTotp.HandleRecoveryCodes).WithName("MakeRecoveryCodes").WithSummary("Eight new recovery codes; the old ones are void");
    }

    private static void MapAdmin(RouteGroupBuilder user)
    {
        user.MapPost("/resend-invitation", AdminAccounts.HandleInvite).WithName("ResendInvitation").WithSummary("Invite again; the earlier invitation is void")
            .RequireScope(ApiScopes.UsersWrite);
        user.MapPost("/reset-password", AdminAccounts.HandleResetPassword).WithName("SendPasswordReset").WithSummary("A link to set another password").RequirePerson();
        user.MapPost("/reset-mfa", AdminAccounts.HandleResetMfa).WithName("ResetMfa").WithSummary("Take the second factor away; the user sets up another one").RequirePerson();
    }
}
