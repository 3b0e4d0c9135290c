using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.Resources;

/// <summary><c>GET /resources</c>: oldest first, a page at a time.</summary>
public static class ListResources
{
    public static async Task<Results<Page<ResourceResponse>, RefusalResult>> Handle(int? limit, string? cursor, EntryGuardDb db, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(db);
        var errors = new Dictionary<string, string>();
        var (most, after) = Cursor.Read(limit, cursor, errors);
        if (errors.Count > 0)
            return new RefusalResult(Refusal.Validation(errors));
        var resources = db.Resources.AsNoTracking().Where(r => r.DeletedAt == null);
        if (after is { } last)
        {
            var (at, id) = (last.At, new ResourceId(last.Id));
            resources = resources.Where(r => r.CreatedAt > at || (r.CreatedAt == at && r.Id.CompareTo(id) > 0));
        }

        await using var read = await db.BeginReadAsync(ct);
        var rows = await resources.OrderBy(r => r.CreatedAt).ThenBy(r => r.Id).Take(most + 1).Select(ResourceView.Projection).ToListAsync(ct);
        return Page<ResourceResponse>.Of(rows, most, r => new Cursor(r.Resource.CreatedAt, r.Resource.Id.Value), r => r.ToResponse());
    }
}
