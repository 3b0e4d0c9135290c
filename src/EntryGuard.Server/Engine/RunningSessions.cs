using EntryGuard.Domain.Sessions;
using EntryGuard.Server.Data;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Engine;

/// <summary>Every session of every organization that has not begun to end, for the command line.</summary>
internal static class RunningSessions
{
    private const int BatchSize = 100;

    /// <summary>Ends them, a hundred in a transaction; the closing of their rules is somebody else's work. Says how many there were.</summary>
    public static async Task<int> EndAsync(Databases databases, DatabaseClock clock, EngineMetrics metrics, EndReason reason, CancellationToken ct)
    {
        for (var ended = 0; ;)
        {
            await using var db = databases.OpenEngine();
            await using var work = await db.BeginWriteAsync(WritePriority.Closing, ct);
            var running = await db.Sessions.Where(s => s.Status == SessionStatus.Pending || s.Status == SessionStatus.Active || s.Status == SessionStatus.Partial)
                .OrderBy(s => s.Id).Select(s => s.Id).Take(BatchSize).ToListAsync(ct);
            if (running.Count == 0)
                return ended;
            var write = await SessionWrite.LockAsync(db, running, clock.Now, Actor.System, false, ct);
            foreach (var session in write.Sessions.Values)
                write.End(session, reason);
            write.Complete();
            await work.CommitAsync(ct);
            metrics.Wrote(write);
            ended += running.Count;
        }
    }
}
