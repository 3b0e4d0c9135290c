using EntryGuard.Domain;
using EntryGuard.Server.Data;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Engine;

/// <summary>
/// Looks over the open health events: counts them, and makes REMOVAL_FAILING follow its claims where two transactions that finished two
/// claims of one Resource at the same moment did not see each other.
/// </summary>
public sealed class HealthReview(Databases databases, DatabaseClock clock)
{
    private IReadOnlyList<(ResourceId Resource, HealthCategory Category)> open = [];

    /// <summary>How many were open when last counted.</summary>
    public int LastCount(HealthCategory category) => open.Count(e => e.Category == category);

    /// <summary>Counts now, of all organizations.</summary>
    public async Task CountAsync(CancellationToken ct)
    {
        await using var db = databases.OpenEngine();
        await using var read = await db.BeginReadAsync(ct);
        open = [.. (await db.HealthEvents.Where(e => e.ResolvedAt == null).Select(e => new { e.ResourceId, e.Category }).ToListAsync(ct))
            .Select(e => (e.ResourceId, e.Category))];
    }

    /// <summary>After a count: where REMOVAL_FAILING does not say what the claims say, it is raised or resolved.</summary>
    /// <returns>How many were wrong.</returns>
    public async Task<int> HealAsync(CancellationToken ct)
    {
        await using var db = databases.OpenEngine();
        List<ResourceId> overdue;
        await using (await db.BeginReadAsync(ct))
            overdue = await HealthLedger.Overdue(db).Select(c => c.ResourceId).Distinct().ToListAsync(ct);
        var raised = open.Where(e => e.Category == HealthCategory.RemovalFailing).Select(e => e.Resource).ToHashSet();
        raised.SymmetricExceptWith(overdue);
        var healed = 0;
        foreach (var resource in raised)
        {
            await using var work = await db.BeginWriteAsync(WritePriority.Other, ct);
            if (await HealthLedger.FollowAsync(db, resource, clock.Now, ct))
                healed++;
            await work.CommitAsync(ct);
            db.ChangeTracker.Clear();
        }

        return healed;
    }
}
