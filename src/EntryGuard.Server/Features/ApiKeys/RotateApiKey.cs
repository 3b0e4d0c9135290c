using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting;
using EntryGuard.Server.Hosting.ApiKeys;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.ApiKeys;

/// <summary>
/// <c>POST /api-keys/{id}/rotate</c>: a new key that may do the same, and an end for the old one, so that whoever uses it can change over in
/// between. Sessions of the old one go on: it ran out, nobody distrusts it; revoking it ends them.
/// </summary>
public static class RotateApiKey
{
    private const int DefaultOverlapMinutes = 60;
    private const int LongestOverlapMinutes = 7 * 24 * 60;

    private static Refusal Dead { get; } = new(ErrorCodes.Validation, RefusalKind.Invalid, "It is revoked, expired or rotated already; make a new key.");

    private static Refusal Wider { get; } = new(ErrorCodes.Forbidden, RefusalKind.Forbidden,
        "It may do more than the key of this request, which so cannot ask for its successor; sign in, or use a key that may as much.");

    public static async Task<Results<Created<ApiKeyResponse>, RefusalResult>> Handle(
        Guid id, RotateApiKeyRequest? request, EntryGuardDb db, Caller caller, DatabaseClock clock, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(db);
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(clock);
        var overlap = request?.OverlapMinutes ?? DefaultOverlapMinutes;
        if (overlap is < 0 or > LongestOverlapMinutes)
            return new RefusalResult(Refusal.Field("overlapMinutes", $"must be a whole number from 0 to {LongestOverlapMinutes}"));
        var (keyId, now, text) = (new ApiKeyId(id), clock.Now, ApiKeyText.New(caller.Organization));
        await using var work = await db.BeginWriteAsync(WritePriority.Other, ct);
        if (await ApiKeyView.Of(db, caller).Where(k => k.Id == keyId).Select(k => (Guid?)k.UserId.Value).SingleOrDefaultAsync(ct) is not { } owner)
            return new RefusalResult(GetApiKey.NotFound);
        await db.LockAsync(new UserId(owner), ct);   // of two rotations at once the second sees the first
        var old = await db.ApiKeys.SingleAsync(k => k.Id == keyId, ct);
        if (old.RevokedAt is not null || old.ExpiresAt <= now || old.RotatedTo is not null)
            return new RefusalResult(Dead);
        if (!caller.Covers(old))
            return new RefusalResult(Wider);

        var key = new ApiKey
        {
            Id = new ApiKeyId(Guid.CreateVersion7(now)),
            OrganizationId = old.OrganizationId,
            UserId = old.UserId,
            Name = old.Name,
            Description = old.Description,
            KeyPrefix = text.Prefix,
            Hash = text.Hash,
            Scopes = old.Scopes,
            Networks = old.Networks,
            ResourceIds = old.ResourceIds,
            ExpiresAt = old.ExpiresAt,
            CreatedByEmail = caller.Email,
            CreatedAt = now,
        };
        var end = now.AddMinutes(overlap);
        (old.RotatedTo, old.ExpiresAt) = (key.Id, old.ExpiresAt < end ? old.ExpiresAt : end);
        db.ApiKeys.Add(key);
        db.Audit.Add(AuditRow.About(old, caller.Actor, "API_KEY_ROTATE", now, new { userId = owner, keyPrefix = old.KeyPrefix, newKeyPrefix = key.KeyPrefix, newKeyId = key.Id.Value, worksUntil = old.ExpiresAt }));
        var made = await CreateApiKey.SaveAndShowAsync(db, key, ct);
        await work.CommitAsync(ct);
        return TypedResults.Created($"/api/v1/api-keys/{key.Id.Value}", made with { PlainTextKey = text.Text });
    }
}
