using System.Threading.Channels;
using EntryGuard.Domain;
using EntryGuard.Domain.Net;
using EntryGuard.Server.Data;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Hosting.ApiKeys;

/// <summary>Remembers when and from where keys were last used: at most once a minute each, and never while a request waits for it.</summary>
internal sealed class ApiKeyUse(Databases databases, TimeProvider time, ILogger<ApiKeyUse> log) : BackgroundService
{
    private static readonly TimeSpan Grain = TimeSpan.FromMinutes(1);

    // A full channel loses notes, never requests: the next use of the key brings another.
    private readonly Channel<Use> uses = Channel.CreateBounded<Use>(new BoundedChannelOptions(1000) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>The key was used now.</summary>
    public void Note(ApiKey key, Cidr address)
    {
        ArgumentNullException.ThrowIfNull(key);
        var now = time.GetUtcNow();
        if (key.LastUsedAt is not { } last || now - last >= Grain)
            uses.Writer.TryWrite(new Use(key.OrganizationId, key.Id, now, address.ToString()));
    }

    /// <summary>Writes what was noted so far.</summary>
    public async Task FlushAsync(CancellationToken ct)
    {
        var noted = new Dictionary<ApiKeyId, Use>();
        while (uses.Reader.TryRead(out var use))
            noted.TryAdd(use.Key, use);
        foreach (var use in noted.Values)
        {
            var before = use.At - Grain;
            await using var db = databases.OpenTenant(use.Organization);
            await using var work = await db.BeginWriteAsync(WritePriority.Other, ct);
            await db.ApiKeys.Where(k => k.Id == use.Key && (k.LastUsedAt == null || k.LastUsedAt <= before))
                .ExecuteUpdateAsync(set => set.SetProperty(k => k.LastUsedAt, use.At).SetProperty(k => k.LastUsedIp, use.Address), ct);
            await work.CommitAsync(ct);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (await uses.Reader.WaitToReadAsync(stoppingToken))
        {
            try
            {
                await FlushAsync(stoppingToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                log.NotRemembered(e);
            }
        }
    }

    private sealed record Use(OrganizationId Organization, ApiKeyId Key, DateTimeOffset At, string Address);
}

internal static partial class ApiKeyLog
{
    [LoggerMessage(2101, LogLevel.Warning, "The last use of an API key could not be written")]
    public static partial void NotRemembered(this ILogger log, Exception e);
}
