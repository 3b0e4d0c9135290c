using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.ApiKeys;

/// <summary><c>DELETE /api-keys/{id}</c>: the next request with it is refused. Revoking twice is no fault; the first time stays.</summary>
public static class RevokeApiKey
{
    public static async Task<Results<NoContent, RefusalResult>> Handle(Guid id, EntryGuardDb db, Caller caller, DatabaseClock clock, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(db);
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(clock);
        var keyId = new ApiKeyId(id);
        await using var work = await db.BeginWriteAsync(WritePriority.Closing, ct);
        if (await ApiKeyView.Of(db, caller).AsNoTracking().SingleOrDefaultAsync(k => k.Id == keyId, ct) is not { } key)
            return new RefusalResult(GetApiKey.NotFound);
        var now = clock.Now;
        if (await db.ApiKeys.Where(k => k.Id == keyId && k.RevokedAt == null).ExecuteUpdateAsync(set => set.SetProperty(k => k.RevokedAt, now), ct) == 0)
            return TypedResults.NoContent();
        db.Audit.Add(AuditRow.About(key, caller.Actor, "API_KEY_REVOKE", now, new { userId = key.UserId.Value, keyPrefix = key.KeyPrefix }));
        await work.CommitAsync(ct);
        return TypedResults.NoContent();
    }
}
