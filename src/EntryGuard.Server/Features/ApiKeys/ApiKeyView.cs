using EntryGuard.Contracts;
using EntryGuard.Server.Data;
using EntryGuard.Server.Hosting;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.ApiKeys;

/// <summary>How an API key looks from outside: neither the key nor its hash is shown.</summary>
public static class ApiKeyView
{
    /// <summary>Those the caller may see: the own ones; an admin sees the organization's.</summary>
    public static IQueryable<ApiKey> Of(EntryGuardDb db, Caller caller)
    {
        ArgumentNullException.ThrowIfNull(db);
        ArgumentNullException.ThrowIfNull(caller);
        return caller.SeesAll ? db.ApiKeys : db.ApiKeys.Where(k => k.UserId == caller.UserId);
    }

    /// <summary>With whose they are.</summary>
    public static IQueryable<Row> Show(EntryGuardDb db, IQueryable<ApiKey> keys)
    {
        ArgumentNullException.ThrowIfNull(db);
        return
            from key in keys.AsNoTracking()
            join user in db.Users on key.UserId equals user.Id
            orderby key.CreatedAt, key.Id
            select new Row { Key = key, UserEmail = user.Email };
    }

    /// <summary>What the database gives.</summary>
    public sealed class Row
    {
        public required ApiKey Key { get; init; }
        public required string UserEmail { get; init; }

        public ApiKeyResponse ToResponse() => new()
        {
            Id = Key.Id.Value,
            UserId = Key.UserId.Value,
            UserEmail = UserEmail,
            Name = Key.Name,
            Description = Key.Description,
            KeyPrefix = Key.KeyPrefix,
            Scopes = Key.Scopes,
            SourceNetworks = [.. Key.Networks.Select(n => n.ToString())],
            ResourceIds = [.. Key.ResourceIds.Select(r => r.Value)],
            RotatedTo = Key.RotatedTo?.Value,
            IsRevoked = Key.RevokedAt is not null,
            RevokedAt = Key.RevokedAt,
            ExpiresAt = Key.ExpiresAt,
            LastUsedAt = Key.LastUsedAt,
            LastUsedIp = Key.LastUsedIp,
            CreatedByEmail = Key.CreatedByEmail,
            CreatedAt = Key.CreatedAt,
        };
    }
}
