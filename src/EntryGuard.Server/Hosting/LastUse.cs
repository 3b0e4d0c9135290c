using System.Threading.Channels;
using EntryGuard.Domain;
using EntryGuard.Server.Data;

namespace EntryGuard.Server.Hosting;

/// <summary>Remembers when something was last used: at most once a minute each, and never while a request waits for it.</summary>
internal abstract class LastUse<TId>(Databases databases, ILogger log) : BackgroundService
    where TId : notnull
{
    private static readonly TimeSpan Grain = TimeSpan.FromMinutes(1);

    // A full channel loses notes, never requests: the next use brings another.
    private readonly Channel<Use> uses = Channel.CreateBounded<Use>(new BoundedChannelOptions(1000) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Writes what was noted so far.</summary>
    public async Task FlushAsync(CancellationToken ct)
    {
        var noted = new Dictionary<TId, Use>();
        while (uses.Reader.TryRead(out var use))
            noted.TryAdd(use.Id, use);
        foreach (var use in noted.Values)
        {
            await using var db = databases.OpenTenant(use.Organization);
            await using var work = await db.BeginWriteAsync(WritePriority.Other, ct);
            await WriteAsync(db, use, use.At - Grain, ct);
            await work.CommitAsync(ct);
        }
    }

    /// <summary>It was used now.</summary>
    /// <param name="last">When it was before, as far as is written down; null: never.</param>
    protected void Note(Use use, DateTimeOffset? last)
    {
        if (last is not { } at || use.At - at >= Grain)
            uses.Writer.TryWrite(use);
    }

    /// <summary>Unless another node has written a use after <paramref name="before"/>.</summary>
    protected abstract Task WriteAsync(EntryGuardDb db, Use use, DateTimeOffset before, CancellationToken ct);

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
                log.NotRemembered(e, GetType().Name);
            }
        }
    }

    /// <summary>One use.</summary>
    protected sealed record Use(OrganizationId Organization, TId Id, DateTimeOffset At, string Address);
}

internal static partial class LastUseLog
{
    [LoggerMessage(2101, LogLevel.Warning, "{What}: a last use could not be written")]
    public static partial void NotRemembered(this ILogger log, Exception e, string what);
}
