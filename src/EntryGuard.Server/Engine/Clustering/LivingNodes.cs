using EntryGuard.Server.Data;
using EntryGuard.Server.Data.Postgres;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Engine.Clustering;

/// <summary>Which nodes run on a shared database; for the command line, which works only where none does.</summary>
internal static class LivingNodes
{
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(1);

    /// <summary>Refuses if there are any. On SQLite the data directory's lock has said it already.</summary>
    /// <exception cref="RefusedToStartException">With the hosts they run on.</exception>
    public static async Task RefuseAsync(Databases databases, DatabaseClock clock, string verb, CancellationToken ct)
    {
        if (!databases.IsShared)
            return;
        await using var db = databases.OpenEngine();
        var (dead, since) = (Names.Wire(SiloStatus.Dead), clock.Now - EngineSetup.StaleAfter - Margin);
        var hosts = await db.Set<ClusterNode>().Where(n => n.Status != dead && n.AliveAt > since).Select(n => n.HostName).Distinct().OrderBy(h => h).ToListAsync(ct);
        if (hosts.Count > 0)
        {
            throw new RefusedToStartException(
                $"A server runs on {string.Join(", ", hosts)}. Stop every node first, wait 3 s, and run 'entryguard {verb}' again. A running server closes by itself what is due.");
        }
    }
}
