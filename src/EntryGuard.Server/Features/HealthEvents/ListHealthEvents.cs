using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.HealthEvents;

/// <summary><c>GET /health-events</c>: newest first, a page at a time.</summary>
public static class ListHealthEvents
{
    public static async Task<Results<Page<HealthEventResponse>, RefusalResult>> Handle(
        string? resourceId, string? category, string? open, int? limit, string? cursor, EntryGuardDb db, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(db);
        var errors = new Dictionary<string, string>();
        var (most, after) = Cursor.Read(limit, cursor, errors);
        var resource = RequestFields.Id("resourceId", resourceId, errors);
        var kind = category is null ? null : Names.FromWire<HealthCategory>(category);
        if (category is not null && kind is null)
            errors["category"] = $"is unknown; write one of {string.Join(", ", Enum.GetValues<HealthCategory>().Select(Names.Wire))}";
        if (open is not (null or "true" or "false"))
            errors["open"] = "must be true or false; leave it out for both";
        if (errors.Count > 0)
            return new RefusalResult(Refusal.Validation(errors));

        var events = db.HealthEvents.AsNoTracking();
        if (resource is { } id)
        {
            var one = new ResourceId(id);
            events = events.Where(e => e.ResourceId == one);
        }

        if (kind is { } only)
            events = events.Where(e => e.Category == only);
        if (open is not null)
            events = open == "true" ? events.Where(e => e.ResolvedAt == null) : events.Where(e => e.ResolvedAt != null);
        if (after is { } last)
        {
            var before = new HealthEventId(last.Id);
            events = events.Where(e => e.Id.CompareTo(before) < 0);
        }

        await using var read = await db.BeginReadAsync(ct);
        var rows = await events.OrderByDescending(e => e.Id).Take(most + 1).Select(HealthEventView.Projection).ToListAsync(ct);
        return Page<HealthEventResponse>.Of(rows, most, r => new Cursor(r.Event.FirstSeenAt, r.Event.Id.Value), r => r.ToResponse());
    }
}
