using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.People;

/// <summary><c>GET /users</c>: oldest first, a page at a time.</summary>
public static class ListUsers
{
    public static async Task<Results<Page<UserResponse>, RefusalResult>> Handle([AsParameters] ListUsersQuery query, EntryGuardDb db, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentNullException.ThrowIfNull(db);
        var errors = new Dictionary<string, string>();
        var (most, after) = Cursor.Read(query.Limit, query.Cursor, errors);
        var words = RequestFields.Search(query.Search, errors);
        var authority = UserFields.Authority(query.Authority, null, errors);
        if (errors.Count > 0)
            return new RefusalResult(Refusal.Validation(errors));
        var users = UserView.Of(db);
        if (words is not null)
            users = users.Where(u => EF.Functions.Like(u.Email, words, @"\") || EF.Functions.Like(u.Name!.ToLower(), words, @"\"));
        if (authority is { } wanted)
            users = users.Where(u => u.Authority == wanted);
        if (query.IsActive is { } active)
            users = users.Where(u => u.IsActive == active);
        if (query.IsFrozen is { } frozen)
            users = users.Where(u => (u.FrozenAt != null) == frozen);
        if (query.RoleId is { } role)
            users = users.Where(u => db.RoleUsers.Any(g => g.UserId == u.Id && g.RoleId == new RoleId(role)));
        if (after is { } last)
        {
            var (at, id) = (last.At, new UserId(last.Id));
            users = users.Where(u => u.CreatedAt > at || (u.CreatedAt == at && u.Id.CompareTo(id) > 0));
        }

        await using var read = await db.BeginReadAsync(ct);
        var rows = await UserView.Show(db, users.OrderBy(u => u.CreatedAt).ThenBy(u => u.Id).Take(most + 1)).ToListAsync(ct);
        return Page<UserResponse>.Of(rows, most, r => new Cursor(r.CreatedAt, r.Id), r => r);
    }
}

/// <summary>What to list.</summary>
/// <param name="Search">Only those whose e-mail address or name holds this, whatever the case.</param>
/// <param name="Authority">MEMBER, AUDITOR or ADMIN.</param>
/// <param name="IsActive">True: only those that are active; false: only the others.</param>
/// <param name="IsFrozen">True: only those who may start no session; false: only the others.</param>
/// <param name="RoleId">Only those that have this role.</param>
/// <param name="Limit">Most rows; 50 unless given, 200 at most.</param>
/// <param name="Cursor">From <c>X-Next-Cursor</c> of the page before.</param>
public sealed record ListUsersQuery(
    [FromQuery(Name = "search")] string? Search, [FromQuery(Name = "authority")] string? Authority, [FromQuery(Name = "isActive")] bool? IsActive,
    [FromQuery(Name = "isFrozen")] bool? IsFrozen, [FromQuery(Name = "roleId")] Guid? RoleId, [FromQuery(Name = "limit")] int? Limit, [FromQuery(Name = "cursor")] string? Cursor);
