using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.People;

/// <summary><c>GET /users</c>: oldest first, a page at a time.</summary>
public static class ListUsers
{
    public static async Task<Results<Page<UserResponse>, RefusalResult>> Handle(int? limit, string? cursor, EntryGuardDb db, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(db);
        var errors = new Dictionary<string, string>();
        var (most, after) = Cursor.Read(limit, cursor, errors);
        if (errors.Count > 0)
            return new RefusalResult(Refusal.Validation(errors));
        var users = UserView.Of(db);
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
