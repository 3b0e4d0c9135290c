using EntryGuard.Domain;
using EntryGuard.Server.Data;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Engine;

/// <summary>What is asked of the overdue closings of several allow-lists.</summary>
internal static class OverdueSinces
{
    /// <summary>Null if none is overdue on the Resource's allow-list.</summary>
    public static DateTimeOffset? OverdueSince(this Resource resource, IReadOnlyDictionary<AllowListKey, DateTimeOffset> overdue) =>
        resource.AllowListKey is { } key && overdue.TryGetValue(key, out var since) ? since : null;
}

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

    /// <summary>Why nothing new is opened there.</summary>
    public static string WhyNothingNew(DateTimeOffset since) => $"a closing on it is overdue since {since:u}; nothing new is opened until it is done";

    /// <summary>
    /// Allow-lists of these Resources on which a closing is overdue, whoever's it is, and since when. What cannot be closed is not opened: ask
    /// before the transaction in which claims are made.
    /// </summary>
    /// <param name="organization">Whose Resources.</param>
    /// <param name="user">Whose assignments, where none are named.</param>
    /// <param name="named">The Resources; null: what is assigned to the user.</param>
    /// <param name="ct">Cancels it.</param>
    public async Task<IReadOnlyDictionary<AllowListKey, DateTimeOffset>> SinceAsync(
        OrganizationId organization, UserId user, IReadOnlyList<ResourceId>? named, CancellationToken ct)
    {
        await using var db = databases.OpenEngine();
        await using var read = await db.BeginReadAsync(ct);
        var resources = db.Resources.Where(r => r.OrganizationId == organization && r.DeletedAt == null);
        resources = named is null
            ? resources.Where(r => db.UserResources.Any(g => g.UserId == user && g.ResourceId == r.Id)
                || db.RoleUsers.Any(h => h.UserId == user && db.RoleResources.Any(g => g.RoleId == h.RoleId && g.ResourceId == r.Id)))
            : resources.Where(r => named.Contains(r.Id));
        var found = await resources.Join(HealthLedger.Overdue(db), r => r.AllowListKey, c => c.AllowListKey, (_, c) => new { c.AllowListKey, c.OverdueSince }).ToListAsync(ct);
        return found.GroupBy(f => f.AllowListKey!.Value).ToDictionary(g => g.Key, g => g.Min(f => f.OverdueSince) ?? DateTimeOffset.MinValue);
    }
}
