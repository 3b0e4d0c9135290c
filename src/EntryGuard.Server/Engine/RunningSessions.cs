using EntryGuard.Domain.Sessions;
using EntryGuard.Server.Data;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Engine;

/// <summary>Everything of every organization that wants a door open, for the command line. The closing of the rules is somebody else's work.</summary>
internal static class RunningSessions
{
    private const int BatchSize = 100;

    /// <summary>Ends every session of a user that has not begun to end. Static rules stay.</summary>
    /// <returns>How many there were.</returns>
    public static Task<int> EndAsync(Databases databases, DatabaseClock clock, EngineMetrics metrics, EndReason reason, CancellationToken ct) =>
        ForEachAsync(databases, clock, metrics, db => db.UserSessions, (write, session) => write.End(session, reason), ct);

    /// <summary>
    /// Ends every claim of every static rule. The rules themselves stay and read FAILED: somebody closed everything by hand, so nothing of
    /// them opens again before an admin asks for it.
    /// </summary>
    /// <returns>How many rules there were.</returns>
    public static Task<int> CloseStaticRulesAsync(Databases databases, DatabaseClock clock, EngineMetrics metrics, CancellationToken ct) =>
        ForEachAsync(databases, clock, metrics, db => db.StaticRules, (write, rule) =>
        {
            foreach (var claim in rule.ResourceIps.Where(c => c.Wanted == Wanted.Present).ToList())
                write.End(claim, EndReason.Admin);
        }, ct);

    // A hundred in a transaction. Whatever is done to an owner must take it out of the three states.
    private static async Task<int> ForEachAsync(
        Databases databases, DatabaseClock clock, EngineMetrics metrics, Func<EntryGuardDb, IQueryable<Session>> among, Action<SessionWrite, Session> act,
        CancellationToken ct)
    {
        for (var done = 0; ;)
        {
            await using var db = databases.OpenEngine();
            await using var work = await db.BeginWriteAsync(WritePriority.Closing, ct);
            var running = await among(db).Where(s => s.Status == SessionStatus.Pending || s.Status == SessionStatus.Active || s.Status == SessionStatus.Partial)
                .OrderBy(s => s.Id).Select(s => s.Id).Take(BatchSize).ToListAsync(ct);
            if (running.Count == 0)
                return done;
            var write = await SessionWrite.LockAsync(db, running, clock.Now, Actor.System, false, ct);
            foreach (var owner in write.Sessions.Values)
                act(write, owner);
            write.Complete();
            await work.CommitAsync(ct);
            metrics.Wrote(write);
            done += running.Count;
        }
    }
}
