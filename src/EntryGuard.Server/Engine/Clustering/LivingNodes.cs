using EntryGuard.Server.Data;
using EntryGuard.Server.Data.Postgres;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Engine.Clustering;

/// <summary>Which nodes run on a shared database, as their rows say.</summary>
internal static class LivingNodes
{
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(1);

    /// <summary>Not declared dead, and heard of lately enough to count.</summary>
    public static IQueryable<ClusterNode> In(EntryGuardDb db, DateTimeOffset now)
    {
        var (dead, since) = (Names.Wire(SiloStatus.Dead), now - EngineSetup.StaleAfter);
        return db.Set<ClusterNode>().Where(n => n.Status != dead && n.AliveAt > since);
    }

    /// <summary>Not declared dead, and silent for so long that they count for nothing.</summary>
    public static IQueryable<ClusterNode> SilentIn(EntryGuardDb db, DateTimeOffset now)
    {
        var (dead, since) = (Names.Wire(SiloStatus.Dead), now - EngineSetup.StaleAfter);
        return db.Set<ClusterNode>().Where(n => n.Status != dead && n.AliveAt <= since);
    }

    /// <summary>For the command line, which works only where none does: refuses if there are any. On SQLite the data directory's lock has said it already.</summary>
    /// <exception cref="RefusedToStartException">With the hosts they run on.</exception>
    public static async Task RefuseAsync(Databases databases, DatabaseClock clock, string verb, CancellationToken ct)
    {
        if (!databases.IsShared)
            return;
        await using var db = databases.OpenEngine();
        var hosts = await In(db, clock.Now - Margin).Select(n => n.HostName).Distinct().OrderBy(h => h).ToListAsync(ct);
        if (hosts.Count > 0)
        {
            throw new RefusedToStartException(
                $"A server runs on {string.Join(", ", hosts)}. Stop every node first, wait 3 s, and run 'entryguard {verb}' again. A running server closes by itself what is due.");
        }
    }
}
