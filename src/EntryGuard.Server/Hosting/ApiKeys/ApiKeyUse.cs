using EntryGuard.Domain;
using EntryGuard.Domain.Net;
using EntryGuard.Server.Data;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Hosting.ApiKeys;

/// <summary>When and from where keys were last used.</summary>
internal sealed class ApiKeyUse(Databases databases, TimeProvider time, ILogger<ApiKeyUse> log) : LastUse<ApiKeyId>(databases, log)
{
    public void Note(ApiKey key, Cidr address)
    {
        ArgumentNullException.ThrowIfNull(key);
        Note(new Use(key.OrganizationId, key.Id, time.GetUtcNow(), address.ToString()), key.LastUsedAt);
    }

    protected override Task WriteAsync(EntryGuardDb db, Use use, DateTimeOffset before, CancellationToken ct) =>
        db.ApiKeys.Where(k => k.Id == use.Id && (k.LastUsedAt == null || k.LastUsedAt <= before))
            .ExecuteUpdateAsync(set => set.SetProperty(k => k.LastUsedAt, use.At).SetProperty(k => k.LastUsedIp, use.Address), ct);
}
