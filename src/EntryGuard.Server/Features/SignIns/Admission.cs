using System.Security.Cryptography;
using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting;
using EntryGuard.Server.Hosting.ApiKeys;
using EntryGuard.Server.Hosting.SignIns;
using EntryGuard.Server.Mail;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.SignIns;

/// <summary>What follows when somebody has shown what they sign in with: the next question, or a sign-in.</summary>
public sealed class Admission(AccessTokens tokens, SignInCookies cookies, SignInGuard guard, Outbox outbox, DatabaseClock clock)
{
    /// <summary>How long a refresh token lives; each use brings another.</summary>
    public static readonly TimeSpan RefreshLife = TimeSpan.FromDays(7);

    /// <summary>Then it ends, however often it was refreshed: everybody shows again who they are.</summary>
    public static readonly TimeSpan LongestSignIn = TimeSpan.FromDays(30);

    private const int LongestUserAgent = 200;
    private static readonly TimeSpan ChallengeLife = TimeSpan.FromSeconds(300);
    private static readonly TimeSpan ChangeLife = TimeSpan.FromMinutes(10);

    /// <summary>Every no of a sign-in, whatever the reason.</summary>
    public static Refusal Failed { get; } = new(ErrorCodes.SignInFailed, RefusalKind.Unauthenticated,
        "Organization, e-mail address and password do not belong together, or the account is not in use.");

    public static Refusal TokenInvalid { get; } = new(ErrorCodes.TokenInvalid, RefusalKind.Unauthenticated,
        "The token does not work: it is wrong, was used, or is too old. Begin anew.");

    private static Refusal CookiesNeedHttps { get; } = Refusal.Field("useCookies", "needs https, or a browser on the server's own machine", ErrorCodes.CookiesNeedHttps);

    /// <summary>Null: what was asked for is possible.</summary>
    public Refusal? WhyNoCookies(HttpContext http, bool? asked) => asked != true || cookies.MaySet(http) ? null : CookiesNeedHttps;

    /// <summary>After a right password, in the transaction that holds the account.</summary>
    internal async Task<Step> AfterPasswordAsync(EntryGuardDb db, Account account, HttpContext http, bool withCookies, CancellationToken ct)
    {
        var now = clock.Now;
        var (user, secret) = (account.User, account.Secret);
        if (account.HasExpired(now))
            return new Step(new LoginResponse { PasswordExpired = true, PasswordChangeToken = OneTime.Make(db, user, TokenPurpose.PasswordChange, ChangeLife, now).Text });
        if (secret.Totp is not null)
        {
            string[] methods = ["TOTP", .. secret.RecoveryHashes.Count > 0 ? (string[])["RECOVERY_CODE"] : [], .. account.HasPasskeys ? (string[])["PASSKEY"] : []];
            return new Step(new LoginResponse
            {
                MfaRequired = true,
                MfaChallengeToken = OneTime.Make(db, user, TokenPurpose.MfaChallenge, ChallengeLife, now).Text,
                MfaChallengeExpiresIn = (int)ChallengeLife.TotalSeconds,
                MfaMethods = methods,
            });
        }

        var isDemanded = account.Organization.MfaRequired || secret.MustEnrol;
        if (isDemanded && account.HasPasskeys)
            return new Step(new LoginResponse { MfaRequired = true, MfaMethods = ["PASSKEY"] });
        return await BeginAsync(db, account, http, SignInMethod.Password, null, withCookies, onlyEnrols: isDemanded, ct);
    }

    /// <summary>Everything was shown: a sign-in begins, in the transaction that holds the account.</summary>
    /// <param name="mfa">How the second factor was shown; null: it was not.</param>
    internal async Task<Step> BeginAsync(
        EntryGuardDb db, Account account, HttpContext http, SignInMethod method, string? mfa, bool withCookies, bool onlyEnrols, CancellationToken ct)
    {
        var now = clock.Now;
        var (user, secret, address) = (account.User, account.Secret, ClientAddress.Of(http).ToString());
        var agent = new string([.. http.Request.Headers.UserAgent.ToString().Where(c => !char.IsControl(c)).Take(LongestUserAgent)]).Trim();
        var csrf = withCookies && !onlyEnrols ? NewCsrf() : null;
        var signIn = new SignIn
        {
            Id = new SignInId(Guid.CreateVersion7(now)),
            OrganizationId = user.OrganizationId,
            UserId = user.Id,
            Method = method,
            Address = address,
            UserAgent = agent.Length == 0 ? null : agent,
            MfaAt = mfa is null ? null : now,
            OnlyEnrols = onlyEnrols,
            CsrfHash = csrf is null ? null : ApiKeyText.HashOf(csrf),
            CreatedAt = now,
            LastSeenAt = now,
            ExpiresAt = now + (onlyEnrols ? AccessTokens.Life : RefreshLife),
        };
        if (secret.LastSignInAt is not null && !await db.SignIns.AnyAsync(s => s.UserId == user.Id && s.Address == address, ct))
            outbox.NewSignIn(db, user, address, agent.Length == 0 ? "a program that does not say its name" : agent, now);
        secret.LastSignInAt = now;
        db.SignIns.Add(signIn);
        db.Audit.Add(AuditRow.About(user, account.Actor(address), "USER_LOGIN", now, new
        {
            signInId = signIn.Id.Value,
            method = Names.Wire(method),
            mfa,
            onlyEnrols,
        }));
        return new Step(account, signIn, onlyEnrols ? null : AddRefreshToken(db, signIn, now), csrf, withCookies);
    }

    /// <summary>The second factor that was demanded is set up: the sign-in is a whole one from now on.</summary>
    internal Step Complete(EntryGuardDb db, Account account, SignIn signIn, bool withCookies)
    {
        var now = clock.Now;
        var csrf = withCookies ? NewCsrf() : null;
        (signIn.OnlyEnrols, signIn.MfaAt, signIn.ExpiresAt) = (false, now, now + RefreshLife);
        signIn.CsrfHash = csrf is null ? signIn.CsrfHash : ApiKeyText.HashOf(csrf);
        return new Step(account, signIn, AddRefreshToken(db, signIn, now), csrf, withCookies);
    }

    /// <summary>After the commit: with tokens, in the body or as cookies.</summary>
    /// <param name="attempt">What was guarded; null: nothing was.</param>
    internal async Task<LoginResponse> AnswerAsync(Step step, HttpContext http, SignInTry? attempt, CancellationToken ct)
    {
        if (attempt is not null)
            await (step.SignIn is null ? guard.ForgetAsync(attempt, ct) : guard.ForgiveAsync(attempt.Account, ct));
        if (step.SignIn is not { } signIn)
            return step.Question!;
        var access = await tokens.IssueAsync(signIn, ct);
        if (step.Refresh is not { } refresh)
            return new LoginResponse { MfaSetupRequired = true, MfaSetupToken = access, ExpiresIn = (int)AccessTokens.Life.TotalSeconds };
        if (step.WithCookies)
            cookies.Set(http, access, refresh, step.Csrf, RefreshLife);
        return new LoginResponse
        {
            AccessToken = step.WithCookies ? null : access,
            RefreshToken = step.WithCookies ? null : refresh,
            ExpiresIn = (int)AccessTokens.Life.TotalSeconds,
            TokenType = "Bearer",
            User = Me.Show(step.Account!),
            CsrfToken = step.Csrf,
        };
    }

    /// <summary>The next link of the chain.</summary>
    internal static string AddRefreshToken(EntryGuardDb db, SignIn signIn, DateTimeOffset now)
    {
        var token = TokenText.New(TokenText.Refresh, signIn.OrganizationId);
        db.RefreshTokens.Add(new RefreshToken
        {
            Hash = token.Hash,
            OrganizationId = signIn.OrganizationId,
            SignInId = signIn.Id,
            CreatedAt = now,
            ExpiresAt = now + RefreshLife,
        });
        return token.Text;
    }

    private static string NewCsrf() => System.Buffers.Text.Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    /// <summary>A question, or a sign-in.</summary>
    internal sealed record Step(LoginResponse? Question)
    {
        public Step(Account account, SignIn signIn, string? refresh, string? csrf, bool withCookies)
            : this((LoginResponse?)null) => (Account, SignIn, Refresh, Csrf, WithCookies) = (account, signIn, refresh, csrf, withCookies);

        public Account? Account { get; }
        public SignIn? SignIn { get; }

        /// <summary>Null: it may only enrol.</summary>
        public string? Refresh { get; }
        public string? Csrf { get; }
        public bool WithCookies { get; }

        /// <summary>Without tokens.</summary>
        public override string ToString() => nameof(Step);
    }
}
