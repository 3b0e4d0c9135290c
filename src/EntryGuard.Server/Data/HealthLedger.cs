using EntryGuard.Domain;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Data;

/// <summary>How health events are written. Inside a write transaction.</summary>
public static class HealthLedger
{
    public static async Task RaiseAsync(EntryGuardDb db, Resource resource, HealthCategory category, string message, DateTimeOffset now, CancellationToken ct)
    {
        var open = await db.HealthEvents.SingleOrDefaultAsync(e => e.ResourceId == resource.Id && e.Category == category && e.ResolvedAt == null, ct);
        if (open is null)
            db.HealthEvents.Add(open = new HealthEvent { Id = new(Guid.CreateVersion7(now)), OrganizationId = resource.OrganizationId, ResourceId = resource.Id, Category = category, Message = message, FirstSeenAt = now });
        (open.Message, open.LastSeenAt) = (message, now);
    }

    public static async Task ResolveAsync(EntryGuardDb db, ResourceId resource, HealthCategory category, DateTimeOffset now, CancellationToken ct)
    {
        if (await db.HealthEvents.SingleOrDefaultAsync(e => e.ResourceId == resource && e.Category == category && e.ResolvedAt == null, ct) is { } open)
            open.ResolvedAt = now;
    }
}
