using EntryGuard.Domain;
using EntryGuard.Domain.Sessions;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Data;

/// <summary>
/// How health events come and go: at most one that is open per Resource and category, whoever raises it, and an audit row with each
/// transition. Call inside a write transaction, after whatever else it locks; several Resources in the order of their ids.
/// </summary>
public static class HealthLedger
{
    /// <summary>While nothing about it changes it is said again at most so often.</summary>
    public static readonly TimeSpan Repeat = TimeSpan.FromHours(1);

    // A provider's whole page of HTML helps nobody.
    private const int LongestMessage = 1000;

    /// <summary>It is so now.</summary>
    /// <param name="db">In a write transaction.</param>
    /// <param name="resource">What is wrong.</param>
    /// <param name="category">In which way.</param>
    /// <param name="message">In words, with what to do. Without a date: another message is written down each time.</param>
    /// <param name="now">Database time.</param>
    /// <param name="ct">Cancels it.</param>
    /// <returns>True if it was not so before.</returns>
    public static async Task<bool> RaiseAsync(
        EntryGuardDb db, Resource resource, HealthCategory category, string message, DateTimeOffset now, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(db);
        ArgumentNullException.ThrowIfNull(resource);

        message = message.Length > LongestMessage ? $"{message[..LongestMessage]}…" : message;

        // Two may see the same at once: the index decides, and the second waits for the first without holding anything the first still needs.
        var (id, organization, about, kind) = (Guid.CreateVersion7(now), resource.OrganizationId.Value, resource.Id.Value, Names.Wire(category));
        object at = db.IsShared ? now.ToUniversalTime() : now.UtcTicks;   // SQLite keeps ticks
        var made = await db.Database.ExecuteSqlAsync($"""
            INSERT INTO health_events (id, organization_id, resource_id, category, message, first_seen_at, last_seen_at)
            VALUES ({id}, {organization}, {about}, {kind}, {message}, {at}, {at})
            ON CONFLICT (resource_id, category) WHERE resolved_at IS NULL DO NOTHING
            """, ct);
        if (made == 1)
        {
            db.Audit.Add(Row(resource, "HEALTH_RAISED", category, message, now));
            return true;
        }

        var stale = now - Repeat;
        await Open(db, resource.Id, category).Where(e => e.Message != message || e.LastSeenAt <= stale)
            .ExecuteUpdateAsync(set => set.SetProperty(e => e.Message, message).SetProperty(e => e.LastSeenAt, now), ct);
        return false;
    }

    /// <summary>It is not so any more.</summary>
    /// <returns>True if it was so before.</returns>
    /// <inheritdoc cref="RaiseAsync" path="/param"/>
    public static async Task<bool> ResolveAsync(EntryGuardDb db, ResourceId resource, HealthCategory category, DateTimeOffset now, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(db);
        if (await Open(db, resource, category).ExecuteUpdateAsync(set => set.SetProperty(e => e.ResolvedAt, now), ct) == 0)
            return false;
        var found = await db.Resources.SingleAsync(r => r.Id == resource, ct);
        db.Audit.Add(Row(found, "HEALTH_RESOLVED", category, null, now));
        return true;
    }

    /// <summary>The Resource is deleted: what nobody looks at any more is not wrong any more. A closing that is overdue still is.</summary>
    /// <inheritdoc cref="RaiseAsync" path="/param"/>
    public static async Task ResolveUnwatchedAsync(EntryGuardDb db, ResourceId resource, DateTimeOffset now, CancellationToken ct)
    {
        foreach (var category in Enum.GetValues<HealthCategory>().Where(c => c != HealthCategory.RemovalFailing))
            await ResolveAsync(db, resource, category, now, ct);
    }

    /// <summary>Claims whose closing is overdue, in SQL.</summary>
    public static IQueryable<ResourceIp> Overdue(EntryGuardDb db)
    {
        ArgumentNullException.ThrowIfNull(db);
        return db.ResourceIps.Where(c => c.DueAt != null && c.Status == ResourceIpStatus.Failed && c.MayStand);
    }

    /// <summary>
    /// Claims whose closing fails, whoever's they are, in SQL: it is overdue, or its last try went wrong. An opening that failed and was not
    /// tried to be undone yet is none.
    /// </summary>
    public static IQueryable<ResourceIp> Failing(EntryGuardDb db)
    {
        ArgumentNullException.ThrowIfNull(db);
        return db.ResourceIps.Where(c => c.DueAt != null && c.MayStand && (c.Status == ResourceIpStatus.Failed
            || (c.Status == ResourceIpStatus.Removing && (c.OverdueSince != null || (c.Attempts > 0 && c.ErrorCode != null)))));
    }

    /// <summary>REMOVAL_FAILING says what is so now: raised while a closing of the Resource is overdue, else resolved.</summary>
    /// <returns>True if that was a transition.</returns>
    /// <inheritdoc cref="RaiseAsync" path="/param"/>
    public static async Task<bool> FollowAsync(EntryGuardDb db, ResourceId resource, DateTimeOffset now, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(db);
        var oldest = await Overdue(db).AsNoTracking().Where(c => c.ResourceId == resource).OrderBy(c => c.OverdueSince).ThenBy(c => c.Id).FirstOrDefaultAsync(ct);
        if (oldest is null)
            return await ResolveAsync(db, resource, HealthCategory.RemovalFailing, now, ct);
        var why = oldest.ErrorMessage is { } error ? $" {error}" : "";
        return await RaiseAsync(db, await db.Resources.SingleAsync(r => r.Id == resource, ct), HealthCategory.RemovalFailing,
            $"An address that should be off may still be on: its closing is overdue, and tried every 5 minutes.{why} Repair the cause, then verify the Resource: that tries at once.",
            now, ct);
    }

    /// <summary>Resources of which a claim that is about to be saved became overdue, or is not any more; in the order of their ids.</summary>
    internal static IReadOnlyList<ResourceId> Turned(EntryGuardDb db) =>
    [
        .. db.ChangeTracker.Entries<ResourceIp>()
            .Where(e => e.State is EntityState.Added or EntityState.Modified)
            .Where(e => (e.State == EntityState.Modified && IsOverdue(e.Property(c => c.Status).OriginalValue, e.Property(c => c.MayStand).OriginalValue))
                != e.Entity.State.IsOverdue)
            .Select(e => e.Entity.ResourceId).Distinct().Order(),
    ];

    private static bool IsOverdue(ResourceIpStatus status, bool mayStand) => new ClaimState(default, status, mayStand).IsOverdue;

    private static IQueryable<HealthEvent> Open(EntryGuardDb db, ResourceId resource, HealthCategory category) =>
        db.HealthEvents.Where(e => e.ResourceId == resource && e.Category == category && e.ResolvedAt == null);

    private static AuditEntry Row(Resource resource, string eventType, HealthCategory category, string? message, DateTimeOffset now) =>
        AuditRow.About(resource, Actor.System, eventType, now, new { category = Names.Wire(category), message });
}
