using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.Roles;

/// <summary><c>GET /roles</c>: oldest first, a page at a time.</summary>
public static class ListRoles
{
    public static async Task<Results<Page<RoleResponse>, RefusalResult>> Handle([AsParameters] ListRolesQuery query, EntryGuardDb db, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentNullException.ThrowIfNull(db);
        var errors = new Dictionary<string, string>();
        var (most, after) = Cursor.Read(query.Limit, query.Cursor, errors);
        var words = RequestFields.Search(query.Search, errors);
        if (errors.Count > 0)
            return new RefusalResult(Refusal.Validation(errors));

        var roles = db.Roles.AsNoTracking();
        if (words is not null)
            roles = roles.Where(r => EF.Functions.Like(r.Name.ToLower(), words, @"\") || EF.Functions.Like(r.Description!.ToLower(), words, @"\"));
        if (query.UserId is { } user)
            roles = roles.Where(r => db.RoleUsers.Any(g => g.RoleId == r.Id && g.UserId == new UserId(user)));
        if (query.ResourceId is { } resource)
            roles = roles.Where(r => db.RoleResources.Any(g => g.RoleId == r.Id && g.ResourceId == new ResourceId(resource)));
        if (after is { } last)
        {
            var (at, id) = (last.At, new RoleId(last.Id));
            roles = roles.Where(r => r.CreatedAt > at || (r.CreatedAt == at && r.Id.CompareTo(id) > 0));
        }

        await using var read = await db.BeginReadAsync(ct);
        var rows = await RoleView.Show(db, roles.OrderBy(r => r.CreatedAt).ThenBy(r => r.Id).Take(most + 1)).AsSplitQuery().ToListAsync(ct);
        return Page<RoleResponse>.Of(rows, most, r => new Cursor(r.Role.CreatedAt, r.Role.Id.Value), r => r.ToResponse());
    }
}

/// <summary>What to list.</summary>
/// <param name="Search">Only those whose name or description holds this, whatever the case.</param>
/// <param name="UserId">Only those this user has.</param>
/// <param name="ResourceId">Only those that open this Resource.</param>
/// <param name="Limit">Most rows; 50 unless given, 200 at most.</param>
/// <param name="Cursor">From <c>X-Next-Cursor</c> of the page before.</param>
public sealed record ListRolesQuery(
    [FromQuery(Name = "search")] string? Search, [FromQuery(Name = "userId")] Guid? UserId, [FromQuery(Name = "resourceId")] Guid? ResourceId,
    [FromQuery(Name = "limit")] int? Limit, [FromQuery(Name = "cursor")] string? Cursor);
