using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.Roles;

/// <summary><c>GET /roles/{id}</c>.</summary>
public static class GetRole
{
    public static Refusal NotFound { get; } = new(ErrorCodes.RoleNotFound, RefusalKind.NotFound, "There is no such role.");

    public static async Task<Results<Ok<RoleResponse>, RefusalResult>> Handle(Guid id, EntryGuardDb db, HttpResponse response, CancellationToken ct) =>
        await FindAsync(db, new RoleId(id), response, ct) is { } found ? TypedResults.Ok(found) : new RefusalResult(NotFound);

    /// <summary>Null: not there. Sets the ETag.</summary>
    internal static async Task<RoleResponse?> FindAsync(EntryGuardDb db, RoleId id, HttpResponse response, CancellationToken ct)
    {
        await using var read = await db.BeginReadAsync(ct);
        var found = await RoleView.Show(db, db.Roles.AsNoTracking().Where(r => r.Id == id)).AsSplitQuery().SingleOrDefaultAsync(ct);
        if (found is not null)
            ETags.Show(response, found.Role.UpdatedAt);
        return found?.ToResponse();
    }
}
