using EntryGuard.Server.Data;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Engine;

/// <summary>How many addresses should be closed and may still be open (E20). Of all organizations, and nothing about any of them.</summary>
public sealed class OverdueClosings(Databases databases)
{
    /// <summary>As last counted: by the sweep, or by whoever asked.</summary>
    public int LastCount { get; private set; }

    /// <summary>Counts now.</summary>
    /// <returns>The number, and since when the oldest is overdue; null if there is none.</returns>
    public async Task<(int Count, DateTimeOffset? Since)> CountAsync(CancellationToken ct)
    {
        await using var db = databases.OpenEngine();
        await using var read = await db.BeginReadAsync(ct);
        var since = await db.ResourceIps.Where(c => c.DueAt != null && c.OverdueSince != null).Select(c => c.OverdueSince!.Value).ToListAsync(ct);
        LastCount = since.Count;
        return (since.Count, since.Count == 0 ? null : since.Min());
    }
}
