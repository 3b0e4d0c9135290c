using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.Sessions;

/// <summary><c>GET /sessions/{id}</c>: own sessions; an admin may read any of the organization.</summary>
public static class GetSession
{
    public static Refusal NotFound { get; } =
        new(ErrorCodes.SessionNotFound, RefusalKind.NotFound, "There is no such session, or it is not yours.");

    public static async Task<Results<Ok<SessionResponse>, RefusalResult>> Handle(Guid id, EntryGuardDb db, Caller caller, CancellationToken ct) =>
        await FindAsync(db, caller, new SessionId(id), ct) is { } row ? TypedResults.Ok(row.ToResponse()) : new RefusalResult(NotFound);

    /// <summary>Null: not there, or not the caller's to see.</summary>
    public static async Task<SessionView.Row?> FindAsync(EntryGuardDb db, Caller caller, SessionId id, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(db);
        await using var read = await db.BeginReadAsync(ct);
        return await db.UserSessions.AsNoTracking().Where(s => s.Id == id && (s.UserId == caller.UserId || caller.SeesAll))
            .Select(SessionView.Projection).AsSplitQuery().SingleOrDefaultAsync(ct);
    }
}
