using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.SignIns;

/// <summary><c>GET /auth/sign-ins</c>, <c>DELETE /auth/sign-ins/{id}</c> and <c>DELETE /auth/sign-ins</c>: where the caller is signed in, newest first.</summary>
public static class OwnSignIns
{
    private static Refusal NotFound { get; } = new(ErrorCodes.SignInNotFound, RefusalKind.NotFound, "There is no such sign-in, or it is over.");

    public static async Task<Results<Page<SignInResponse>, RefusalResult>> Handle(
        int? limit, string? cursor, EntryGuardDb db, Caller caller, DatabaseClock clock, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(db);
        ArgumentNullException.ThrowIfNull(clock);
        var errors = new Dictionary<string, string>();
        var (most, after) = Cursor.Read(limit, cursor, errors);
        if (errors.Count > 0)
            return new RefusalResult(Refusal.Validation(errors));
        var signIns = On(db, caller, clock.Now);
        if (after is { } last)
        {
            var (at, id) = (last.At, new SignInId(last.Id));
            signIns = signIns.Where(s => s.CreatedAt < at || (s.CreatedAt == at && s.Id.CompareTo(id) < 0));
        }

        await using var read = await db.BeginReadAsync(ct);
        var rows = await signIns.OrderByDescending(s => s.CreatedAt).ThenByDescending(s => s.Id).Take(most + 1).Select(s => new SignInResponse
        {
            Id = s.Id.Value,
            Method = Names.Wire(s.Method),
            IpAddress = s.Address,
            UserAgent = s.UserAgent,
            CreatedAt = s.CreatedAt,
            LastSeenAt = s.LastSeenAt,
            ExpiresAt = s.ExpiresAt,
            MfaAt = s.MfaAt,
            IsCurrent = s.Id == caller.SignInId,
        }).ToListAsync(ct);
        return Page<SignInResponse>.Of(rows, most, r => new Cursor(r.CreatedAt, r.Id), r => r);
    }

    /// <summary>One; the current one too, as signing out does.</summary>
    public static async Task<Results<NoContent, RefusalResult>> HandleEnd(Guid id, EntryGuardDb db, Caller caller, DatabaseClock clock, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(clock);
        var signInId = new SignInId(id);
        return await EndAsync(db, caller, s => s.Where(one => one.Id == signInId), new { signInId = id }, clock.Now, ct) == 0
            ? new RefusalResult(NotFound) : TypedResults.NoContent();
    }

    /// <summary>All but the current one.</summary>
    public static async Task<NoContent> HandleEndOthers(EntryGuardDb db, Caller caller, DatabaseClock clock, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(clock);
        await EndAsync(db, caller, s => s.Where(one => one.Id != caller.SignInId), new { allOthers = true }, clock.Now, ct);
        return TypedResults.NoContent();
    }

    private static IQueryable<SignIn> On(EntryGuardDb db, Caller caller, DateTimeOffset now) =>
        db.SignIns.Where(s => s.UserId == caller.UserId && s.EndedAt == null && s.ExpiresAt > now);

    private static async Task<int> EndAsync(
        EntryGuardDb db, Caller caller, Func<IQueryable<SignIn>, IQueryable<SignIn>> which, object details, DateTimeOffset now, CancellationToken ct)
    {
        await using var work = await db.BeginWriteAsync(WritePriority.Closing, ct);
        var ended = await SignInEnds.EndAsync(which(On(db, caller, now)), SignInEnd.Ended, now, ct);
        if (ended == 0)
            return 0;
        var user = await db.Users.SingleAsync(u => u.Id == caller.UserId, ct);
        db.Audit.Add(AuditRow.About(user, caller.Actor, "SIGN_IN_END", now, details));
        await work.CommitAsync(ct);
        return ended;
    }
}
