using System.Security.Cryptography;
using EntryGuard.Domain.Net;
using EntryGuard.Server.Data;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Hosting.ApiKeys;

/// <summary>Whose key a text is, now.</summary>
public sealed class ApiKeyCheck(Databases databases, TimeProvider time)
{
    /// <summary>Null: it is no key, or revoked, expired, or its user or organization is deactivated. Which, is nobody's business.</summary>
    public async Task<(ApiKey Key, User User)?> FindAsync(string text, CancellationToken ct)
    {
        if (!ApiKeyText.TryRead(text, out var organization))
            return null;
        var hash = ApiKeyText.HashOf(text);
        var now = time.GetUtcNow();
        await using var db = databases.OpenTenant(organization);
        await using var read = await db.BeginReadAsync(ct);
        var found = await (
            from key in db.ApiKeys.AsNoTracking()
            join user in db.Users.AsNoTracking() on key.UserId equals user.Id
            where key.Hash == hash && user.IsActive && user.DeletedAt == null && db.Organizations.Any(o => o.Id == key.OrganizationId && o.IsActive)
            select new { key, user }).SingleOrDefaultAsync(ct);
        return found is { key: { RevokedAt: null } valid } && !(valid.ExpiresAt <= now) && CryptographicOperations.FixedTimeEquals(valid.Hash, hash)
            ? (found.key, found.user)
            : null;
    }

    /// <summary>False: the key is restricted to other addresses.</summary>
    public static bool IsHeardFrom(ApiKey key, Cidr address)
    {
        ArgumentNullException.ThrowIfNull(key);
        return key.Networks.Length == 0 || key.Networks.Any(n => n.Contains(address));
    }

    /// <summary>For what lasts longer than a request: its key is still valid, and its caller may what they might at its beginning.</summary>
    public async Task<bool> StillAsync(HttpRequest request, Caller caller, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(caller);
        return ApiKeyText.Of(request) is { } text && await FindAsync(text, ct) is var (key, user)
            && user.Id == caller.UserId && user.Authority == caller.Authority && IsHeardFrom(key, caller.Address) && key.Scopes.SequenceEqual(caller.Scopes);
    }
}
