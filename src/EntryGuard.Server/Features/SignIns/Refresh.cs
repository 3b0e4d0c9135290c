using System.Security.Cryptography;
using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting;
using EntryGuard.Server.Hosting.SignIns;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.SignIns;

/// <summary>
/// <c>POST /auth/refresh</c>: a new pair for the old refresh token, which is dead then. One that comes a second time was copied, by whom
/// cannot be told: the whole sign-in ends.
/// </summary>
public static class Refresh
{
    private static Refusal Suspended { get; } = new(ErrorCodes.Suspended, RefusalKind.Forbidden, "The user, or the organization, is deactivated; ask an administrator.");

    public static async Task<Results<Ok<LoginResponse>, RefusalResult>> Handle(
        RefreshRequest request, Databases databases, SignInCookies cookies, Admission admission, DatabaseClock clock, HttpContext http, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(databases);
        ArgumentNullException.ThrowIfNull(cookies);
        ArgumentNullException.ThrowIfNull(admission);
        ArgumentNullException.ThrowIfNull(clock);
        var isCookie = request.RefreshToken is null;
        if ((request.RefreshToken ?? cookies.RefreshToken(http)) is not { } text)
            return new RefusalResult(Refusal.Field("refreshToken", "is missing"));
        if (TokenText.Read(TokenText.Refresh, text) is not var (organization, hash))
            return new RefusalResult(Admission.TokenInvalid);

        var now = clock.Now;
        await using var db = databases.OpenTenant(organization);
        await using var work = await db.BeginWriteAsync(WritePriority.Other, ct);
        if (await FindAsync(db, hash, ct) is not var (token, signIn))
            return new RefusalResult(Admission.TokenInvalid);
        if (isCookie && !SignInCookies.Proves(http.Request, signIn))
            return new RefusalResult(Logout.CsrfMissing);
        if (await Account.HoldAsync(db, signIn.UserId, ct) is not { } account)
            return new RefusalResult(Suspended);
        await db.Entry(signIn).ReloadAsync(ct);   // its user is held from here on
        var last = signIn.CreatedAt + Admission.LongestSignIn;
        if (signIn.EndedAt is not null || token.ExpiresAt <= now || last <= now)
            return new RefusalResult(Admission.TokenInvalid);
        if (await db.RefreshTokens.Where(t => t.Hash == hash && t.UsedAt == null).ExecuteUpdateAsync(set => set.SetProperty(t => t.UsedAt, now), ct) == 0)
        {
            if (isCookie && (token.UsedAt is not { } used || now - used < SignInCheck.Together))
                return new RefusalResult(Admission.TokenInvalid);   // two tabs that woke together; the browser has the other one's cookies
            await SignInEnds.EndAsync(db.SignIns.Where(s => s.Id == signIn.Id), SignInEnd.TokenReused, now, ct);
            db.Audit.Add(AuditRow.About(account.User, account.Actor(ClientAddress.Of(http).ToString()), "REFRESH_TOKEN_REUSED", now, new { signInId = signIn.Id.Value }));
            await work.CommitAsync(ct);
            return new RefusalResult(Admission.TokenInvalid);
        }

        (signIn.LastSeenAt, signIn.ExpiresAt) = (now, now + Admission.RefreshLife < last ? now + Admission.RefreshLife : last);
        var step = new Admission.Step(account, signIn, Admission.AddRefreshToken(db, signIn, now), null, isCookie);
        await work.CommitAsync(ct);
        return TypedResults.Ok(await admission.AnswerAsync(step, http, null, ct));
    }

    /// <summary>The token and its sign-in, whatever their state; null: there is none.</summary>
    internal static async Task<(RefreshToken Token, SignIn SignIn)?> FindAsync(EntryGuardDb db, byte[] hash, CancellationToken ct)
    {
        if (await db.RefreshTokens.AsNoTracking().SingleOrDefaultAsync(t => t.Hash == hash, ct) is not { } token || !CryptographicOperations.FixedTimeEquals(token.Hash, hash))
            return null;
        return (token, await db.SignIns.SingleAsync(s => s.Id == token.SignInId, ct));
    }
}
