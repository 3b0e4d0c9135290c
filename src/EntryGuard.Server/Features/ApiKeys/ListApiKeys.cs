using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.ApiKeys;

/// <summary><c>GET /api-keys</c>: oldest first, a page at a time, revoked ones too unless they are left out.</summary>
public static class ListApiKeys
{
    public static async Task<Results<Page<ApiKeyResponse>, RefusalResult>> Handle(
        [AsParameters] ListApiKeysQuery query, EntryGuardDb db, Caller caller, DatabaseClock clock, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentNullException.ThrowIfNull(clock);
        var errors = new Dictionary<string, string>();
        var (most, after) = Cursor.Read(query.Limit, query.Cursor, errors);
        if (errors.Count > 0)
            return new RefusalResult(Refusal.Validation(errors));
        var keys = ApiKeyView.Of(db, caller);
        if (query.UserId is { } user)
            keys = keys.Where(k => k.UserId == new UserId(user));
        if (query.IsActive is { } active)
        {
            var now = clock.Now;
            keys = keys.Where(k => (k.RevokedAt == null && (k.ExpiresAt == null || k.ExpiresAt > now)) == active);
        }

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

/// <summary>What to list.</summary>
/// <param name="UserId">Only those of this user or service account.</param>
/// <param name="IsActive">True: only those that work; false: only those that are revoked or have expired.</param>
/// <param name="Limit">Most rows; 50 unless given, 200 at most.</param>
/// <param name="Cursor">From <c>X-Next-Cursor</c> of the page before.</param>
public sealed record ListApiKeysQuery(
    [FromQuery(Name = "userId")] Guid? UserId, [FromQuery(Name = "isActive")] bool? IsActive, [FromQuery(Name = "limit")] int? Limit,
    [FromQuery(Name = "cursor")] string? Cursor);
