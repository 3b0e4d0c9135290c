using System.Security.Claims;
using System.Text.Encodings.Web;
using EntryGuard.Contracts;
using EntryGuard.Server.Data;
using EntryGuard.Server.Hosting.ApiKeys;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace EntryGuard.Server.Hosting.SignIns;

/// <summary>Signs a request in by an access token, from the header or a cookie. Every refusal reads the same, whatever is wrong with it.</summary>
internal sealed class SignInAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logs, UrlEncoder encoder, SignInCheck signIns, SignInUse use)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logs, encoder)
{
    public const string Name = "SignIn";

    /// <summary>Types of the claims beside name and id: organization, sign-in, observed address.</summary>
    public const string Organization = "org";

    /// <inheritdoc cref="Organization"/>
    public const string SignInClaim = "sid";

    /// <inheritdoc cref="Organization"/>
    public const string Address = "address";

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        // A page of ours says whose it is without a token: only this process can (see Hosting/InProcess).
        var (vouched, isCookie, ct) = (Context.Features.Get<AccessClaims>(), false, Context.RequestAborted);
        (SignIn SignIn, User User)? found;
        if (vouched is not null)
            found = await signIns.FindAsync(vouched, ct);
        else if (signIns.Of(Context) is var (text, byCookie))
            (found, isCookie) = (await signIns.FindAsync(text, ct), byCookie);
        else
            return AuthenticateResult.NoResult();
        if (found is not var (signIn, user))
            return AuthenticateResult.Fail("The access token is not valid.");
        var changes = !(HttpMethods.IsGet(Request.Method) || HttpMethods.IsHead(Request.Method) || HttpMethods.IsOptions(Request.Method));
        Context.RequestServices.GetRequiredService<CallerSlot>().Caller =
            new Caller(user.OrganizationId, user.Id, user.Email, user.Authority, user.MayNameAddress, [ApiScopes.All], ClientAddress.Of(Context))
            {
                Kind = user.Kind,
                SignInId = signIn.Id,
                MfaAt = signIn.MfaAt,
                OnlyEnrols = signIn.OnlyEnrols,
                LacksCsrfToken = isCookie && changes && !SignInCookies.Proves(Request, signIn),
            };
        use.Note(signIn);
        var identity = new ClaimsIdentity(
            [
                new Claim(ClaimTypes.NameIdentifier, user.Id.Value.ToString()),
                new Claim(ClaimTypes.Name, user.Email),
                new Claim(Organization, user.OrganizationId.Value.ToString()),
                new Claim(SignInClaim, signIn.Id.Value.ToString()),
                new Claim(Address, ClientAddress.Of(Context).ToString()),
            ],
            Name);
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), Name));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties) => Refusals.UnauthorizedAsync(Context);

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) => Refusals.ForbiddenAsync(Context);
}

/// <summary>What whoever may not enter is told, by whichever means they tried.</summary>
internal static class Refusals
{
    /// <summary>Which of the two ways a request goes: only an API key looks like one.</summary>
    public static string Scheme(HttpContext context) =>
        context.Request.Headers.ContainsKey("X-API-Key") || ApiKeyText.Of(context.Request)?.StartsWith("eg_", StringComparison.Ordinal) == true
        || context.Request.Headers.Authorization.ToString().StartsWith("ApiKey ", StringComparison.OrdinalIgnoreCase)
            ? ApiKeyAuthentication.Name : SignInAuthentication.Name;

    public static Task UnauthorizedAsync(HttpContext context)
    {
        context.Response.Headers.WWWAuthenticate = new(["ApiKey", "Bearer"]);
        return RefusalResult.WriteAsync(context, StatusCodes.Status401Unauthorized, ErrorCodes.Unauthorized,
            "No valid API key or access token came with the request. Send a key as X-API-Key, or either as Authorization: Bearer.");
    }

    public static Task ForbiddenAsync(HttpContext context)
    {
        var caller = context.RequestServices.GetRequiredService<CallerSlot>().Caller;
        var access = context.GetEndpoint() is { } endpoint ? Access.Of(endpoint.Metadata) : null;
        var why = caller is null ? null : access?.WhyNot(caller);
        return RefusalResult.WriteAsync(context, StatusCodes.Status403Forbidden, caller is { LacksCsrfToken: true } ? ErrorCodes.CsrfTokenMissing : ErrorCodes.Forbidden,
            why ?? "Nobody may do this.");
    }
}
