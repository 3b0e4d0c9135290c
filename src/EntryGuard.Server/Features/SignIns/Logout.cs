using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting;
using EntryGuard.Server.Hosting.SignIns;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.SignIns;

/// <summary><c>POST /auth/logout</c>: the sign-in is over, its access tokens included. Without one that is on, nothing is left to do.</summary>
public static class Logout
{
    internal static Refusal CsrfMissing { get; } = new(ErrorCodes.CsrfTokenMissing, RefusalKind.Forbidden,
        "A request that signs in by cookie and changes something repeats, as X-CSRF-Token, the value it got when it signed in.");

    public static async Task<Results<Ok<DoneResponse>, RefusalResult>> Handle(
        LogoutRequest request, Databases databases, SignInCookies cookies, DatabaseClock clock, HttpContext http, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(databases);
        ArgumentNullException.ThrowIfNull(cookies);
        ArgumentNullException.ThrowIfNull(clock);
        var done = TypedResults.Ok(new DoneResponse());
        var isCookie = request.RefreshToken is null;
        if (TokenText.Read(TokenText.Refresh, request.RefreshToken ?? cookies.RefreshToken(http)) is not var (organization, hash))
            return done;
        await using var db = databases.OpenTenant(organization);
        await using var work = await db.BeginWriteAsync(WritePriority.Closing, ct);
        if (await Refresh.FindAsync(db, hash, ct) is not var (_, signIn))
            return done;
        if (isCookie && !SignInCookies.Proves(http.Request, signIn))
            return new RefusalResult(CsrfMissing);
        cookies.Clear(http);
        var now = clock.Now;
        if (await SignInEnds.EndAsync(db.SignIns.Where(s => s.Id == signIn.Id), SignInEnd.Logout, now, ct) == 0)
            return done;
        var user = await db.Users.SingleAsync(u => u.Id == signIn.UserId, ct);
        db.Audit.Add(AuditRow.About(user, new Actor("USER", user.Id, user.Email, ClientAddress.Of(http).ToString()), "USER_LOGOUT", now, new { signInId = signIn.Id.Value }));
        await work.CommitAsync(ct);
        return done;
    }
}
