using System.Security.Cryptography;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting.ApiKeys;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Hosting.SignIns;

/// <summary>Whose access token a text is, now.</summary>
public sealed class SignInCheck(Databases databases, AccessTokens tokens, SignInCookies cookies, DatabaseClock clock)
{
    /// <summary>
    /// Tabs of one browser share their cookies, and wake together: whoever comes with a refresh cookie that another one used within this time gets
    /// no new tokens, and ends nothing.
    /// </summary>
    public static readonly TimeSpan Together = TimeSpan.FromSeconds(10);

    /// <summary>The token of the request, and whether it came as a cookie; null: none came, or the request is signed with an API key.</summary>
    public (string Text, bool IsCookie)? Of(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (ApiKeyText.Of(context.Request) is { } text)
            return (text, false);
        return context.Request.Headers.Authorization.Count == 0 && cookies.AccessToken(context) is { } cookie ? (cookie, true) : null;
    }

    /// <summary>Null: the token is not valid, its sign-in is over, or user or organization are not in use. One query.</summary>
    public async Task<(SignIn SignIn, User User)?> FindAsync(string text, CancellationToken ct) =>
        await tokens.ReadAsync(text, ct) is { } claims ? await FindAsync(claims, ct) : null;

    /// <summary>Null: the sign-in is over, or user or organization are not in use. One query.</summary>
    public async Task<(SignIn SignIn, User User)?> FindAsync(AccessClaims claims, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(claims);
        var now = clock.Now;
        await using var db = databases.OpenTenant(claims.Organization);
        await using var read = await db.BeginReadAsync(ct);
        var found = await (
            from signIn in db.SignIns.AsNoTracking()
            join user in db.Users.AsNoTracking() on signIn.UserId equals user.Id
            where signIn.Id == claims.SignIn && signIn.EndedAt == null && signIn.ExpiresAt > now && user.IsActive && user.DeletedAt == null
                && user.Kind == UserKind.Person && db.Organizations.Any(o => o.Id == signIn.OrganizationId && o.IsActive)
            select new { signIn, user }).SingleOrDefaultAsync(ct);
        return found is not null && found.user.Id == claims.User ? (found.signIn, found.user) : null;
    }

    /// <summary>Whose browser it is, by its refresh cookie, which is not used by this; null: it has none, or one that is dead.</summary>
    /// <returns>The sign-in, which may be over, and whether the cookie makes new tokens.</returns>
    public async Task<(AccessClaims Claims, bool IsLast)?> FindByRefreshCookieAsync(HttpContext context, CancellationToken ct)
    {
        if (TokenText.Read(TokenText.Refresh, cookies.RefreshToken(context)) is not var (organization, hash))
            return null;
        var now = clock.Now;
        await using var db = databases.OpenTenant(organization);
        await using var read = await db.BeginReadAsync(ct);
        var found = await (
            from token in db.RefreshTokens.AsNoTracking()
            join signIn in db.SignIns.AsNoTracking() on token.SignInId equals signIn.Id
            where token.Hash == hash && token.ExpiresAt > now
            select new { token.Hash, token.UsedAt, signIn.UserId, signIn.Id }).SingleOrDefaultAsync(ct);
        return found is not null && CryptographicOperations.FixedTimeEquals(found.Hash, hash) && (found.UsedAt is not { } used || now - used < Together)
            ? (new AccessClaims(organization, found.UserId, found.Id), found.UsedAt is null)
            : null;
    }

    /// <summary>For what lasts longer than a request: its token still lives, and its caller may what they might at its beginning.</summary>
    public async Task<bool> StillAsync(HttpContext context, Caller caller, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(caller);
        return Of(context) is var (text, _) && await FindAsync(text, ct) is var (signIn, user)
            && signIn.Id == caller.SignInId && user.Authority == caller.Authority && signIn.OnlyEnrols == caller.OnlyEnrols;
    }
}

/// <summary>Whether whoever is signed in still is, by whichever means.</summary>
public sealed class CallerCheck(ApiKeyCheck keys, SignInCheck signIns)
{
    /// <inheritdoc cref="SignInCheck.StillAsync"/>
    public Task<bool> StillAsync(HttpContext context, Caller caller, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(caller);
        return caller.Key is null ? signIns.StillAsync(context, caller, ct) : keys.StillAsync(context.Request, caller, ct);
    }
}
