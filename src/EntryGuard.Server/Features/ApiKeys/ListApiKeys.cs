using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.ApiKeys;

/// <summary><c>GET /api-keys</c>: oldest first, a page at a time, revoked ones too.</summary>
public static class ListApiKeys
{
    public static async Task<Results<Page<ApiKeyResponse>, RefusalResult>> Handle(int? limit, string? cursor, EntryGuardDb db, Caller caller, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(db);
        var errors = new Dictionary<string, string>();
        var (most, after) = Cursor.Read(limit, cursor, errors);
        if (errors.Count > 0)
            return new RefusalResult(Refusal.Validation(errors));
        var keys = ApiKeyView.Of(db, caller);
        if (after is { } last)
        {
            var (at, id) = (last.At, new ApiKeyId(last.Id));
            keys = keys.Where(k => k.CreatedAt > at || (k.CreatedAt == at && k.Id.CompareTo(id) > 0));
        }

        await using var read = await db.BeginReadAsync(ct);
        var rows = await ApiKeyView.Show(db, keys).Take(most + 1).ToListAsync(ct);
        return Page<ApiKeyResponse>.Of(rows, most, r => new Cursor(r.Key.CreatedAt, r.Key.Id.Value), r => r.ToResponse());
    }
}
