using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.Resources;

/// <summary><c>GET /resources/{id}</c>.</summary>
public static class GetResource
{
    public static Refusal NotFound { get; } = new(ErrorCodes.ResourceNotFound, RefusalKind.NotFound, "There is no such Resource.");

    public static async Task<Results<Ok<ResourceResponse>, RefusalResult>> Handle(Guid id, EntryGuardDb db, HttpResponse response, CancellationToken ct) =>
        await FindAsync(db, new ResourceId(id), response, ct) is { } found ? TypedResults.Ok(found) : new RefusalResult(NotFound);

    /// <summary>Null: not there. Sets the ETag.</summary>
    internal static async Task<ResourceResponse?> FindAsync(EntryGuardDb db, ResourceId id, HttpResponse response, CancellationToken ct)
    {
        await using var read = await db.BeginReadAsync(ct);
        var row = await db.Resources.AsNoTracking().Where(r => r.Id == id && r.DeletedAt == null).Select(ResourceView.Projection).SingleOrDefaultAsync(ct);
        if (row is not null)
            ETags.Show(response, row.Resource.UpdatedAt);
        return row?.ToResponse();
    }
}
