using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Domain.Sessions;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;

namespace EntryGuard.Server.Features.Sessions;

/// <summary><c>POST /sessions/{id}/stop</c> and <c>/sessions/admin/{id}/stop</c>: where a session ends before its time (E19).</summary>
public static class StopSession
{
    public static Refusal NotStoppable { get; } =
        new(ErrorCodes.SessionNotStoppable, RefusalKind.Invalid, "The session has ended, or failed; there is nothing to stop.");

    public static Task<Results<Ok<SessionResponse>, RefusalResult>> Handle(
        Guid id, EntryGuardDb db, Caller caller, IEngine engine, DatabaseClock clock, CancellationToken ct) =>
        StopAsync(new SessionId(id), EndReason.Manual, db, caller, engine, clock, ct);

    public static Task<Results<Ok<SessionResponse>, RefusalResult>> HandleAdmin(
        Guid id, EntryGuardDb db, Caller caller, IEngine engine, DatabaseClock clock, CancellationToken ct) =>
        StopAsync(new SessionId(id), EndReason.Admin, db, caller, engine, clock, ct);

    private static async Task<Results<Ok<SessionResponse>, RefusalResult>> StopAsync(
        SessionId id, EndReason reason, EntryGuardDb db, Caller caller, IEngine engine, DatabaseClock clock, CancellationToken ct)
    {
        SessionWrite write;
        await using (var work = await db.BeginWriteAsync(WritePriority.Closing, ct))
        {
            write = await SessionWrite.LockAsync(db, [id], clock.Now, caller.Actor, false, ct);
            if (!write.Sessions.TryGetValue(id, out var session) || session.Kind != OwnerKind.Session || (reason == EndReason.Manual && session.UserId != caller.UserId))
                return new RefusalResult(GetSession.NotFound);
            if (session.State.IsTerminal)
                return new RefusalResult(NotStoppable);
            if (session.State.IsRunning)
            {
                write.Audit(session, "SESSION_STOP", new { by = reason == EndReason.Admin ? "admin" : "user" });
                write.End(session, reason);
                write.Complete();
                await work.CommitAsync(ct);
            }
        }

        engine.Wake(write.Wake);
        return TypedResults.Ok((await GetSession.FindAsync(db, caller, id, ct))!.ToResponse());
    }
}
