using EntryGuard.Contracts;
using EntryGuard.Server.Data;
using EntryGuard.Server.Hosting;

namespace EntryGuard.Server.Features.ApiKeys;

/// <summary>How an API key looks from outside: neither the key nor its hash is read.</summary>
public static class ApiKeyView
{
    /// <summary>Those the caller may see: the own ones; an admin sees the organization's.</summary>
    public static IQueryable<ApiKey> Of(EntryGuardDb db, Caller caller)
    {
        ArgumentNullException.ThrowIfNull(db);
        ArgumentNullException.ThrowIfNull(caller);
        return caller.SeesAll ? db.ApiKeys : db.ApiKeys.Where(k => k.UserId == caller.UserId);
    }

    /// <summary>As shown, with whose they are.</summary>
    public static IQueryable<ApiKeyResponse> Show(EntryGuardDb db, IQueryable<ApiKey> keys)
    {
        ArgumentNullException.ThrowIfNull(db);
        return
            from key in keys
            join user in db.Users on key.UserId equals user.Id
            orderby key.CreatedAt, key.Id
            select new ApiKeyResponse
            {
                Id = key.Id.Value,
                UserId = user.Id.Value,
                UserEmail = user.Email,
                Name = key.Name,
                Description = key.Description,
                KeyPrefix = key.KeyPrefix,
                Scopes = key.Scopes,
                IsRevoked = key.RevokedAt != null,
                RevokedAt = key.RevokedAt,
                ExpiresAt = key.ExpiresAt,
                LastUsedAt = key.LastUsedAt,
                LastUsedIp = key.LastUsedIp,
                CreatedByEmail = key.CreatedByEmail,
                CreatedAt = key.CreatedAt,
            };
    }
}
