using EntryGuard.Domain;
using EntryGuard.Domain.Sessions;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.ApiKeys;

/// <summary>
/// <c>DELETE /api-keys/{id}</c>: the next request with it is refused, and what was started with it ends in the same transaction. Revoking
/// twice is no fault; the first time stays.
/// </summary>
public static class RevokeApiKey
{
    public static async Task<Results<NoContent, RefusalResult>> Handle(
        Guid id, EntryGuardDb db, Caller caller, IEngine engine, DatabaseClock clock, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(db);
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentNullException.ThrowIfNull(clock);
        var keyId = new ApiKeyId(id);
        SessionWrite write;
        await using (var work = await db.BeginWriteAsync(WritePriority.Closing, ct))
        {
            if (await ApiKeyView.Of(db, caller).AsNoTracking().SingleOrDefaultAsync(k => k.Id == keyId, ct) is not { } key)
                return new RefusalResult(GetApiKey.NotFound);
            await db.LockAsync(key.UserId, ct);   // a start with it shares the row: it is either seen below, or refused
            var now = clock.Now;
            if (await db.ApiKeys.Where(k => k.Id == keyId && k.RevokedAt == null).ExecuteUpdateAsync(set => set.SetProperty(k => k.RevokedAt, now), ct) == 0)
                return TypedResults.NoContent();
            write = await SessionWrite.LockOwnersAsync(db, AccessChange.Running(db).Where(c => c.Session!.ApiKeyId == keyId), now, caller.Actor, ct);
            AccessChange.EndAll(write, EndReason.AccessRevoked);
            db.Audit.Add(AuditRow.About(key, caller.Actor, "API_KEY_REVOKE", now, new { userId = key.UserId.Value, keyPrefix = key.KeyPrefix, sessions = write.Sessions.Count }));
            write.Complete();
            await work.CommitAsync(ct);
        }

        engine.Wake(write.Wake);
        return TypedResults.NoContent();
    }
}
