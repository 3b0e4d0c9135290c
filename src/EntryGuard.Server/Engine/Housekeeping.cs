using EntryGuard.Server.Data;

namespace EntryGuard.Server.Engine;

/// <summary>What goes along with a sweep but is not part of it: figures, health events that lag behind, mail about what happened, the database's mark, and, once an hour, pruning.</summary>
internal sealed class Housekeeping(
    Databases databases, NodeMetrics node, HealthReview health, Retention retention, WriteRight right, TimeProvider time, ILogger<Housekeeping> log,
    MailOccasions? mail = null)
{
    private static readonly TimeSpan PruneEvery = TimeSpan.FromHours(1);
    private long prunedAt = time.GetTimestamp();
    private bool hasMore;

    /// <summary>After a sweep, whether or not it succeeded. Its own faults are logged, and tried again with the next.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        try
        {
            await node.RefreshAsync(ct);
            await health.HealAsync(ct);
            if (mail is not null)
                await mail.StoreAsync(ct);
            await RememberAsync(ct);
            if (!hasMore && time.GetElapsedTime(prunedAt) < PruneEvery)
                return;
            prunedAt = time.GetTimestamp();
            hasMore = await retention.PruneAsync(ct);
        }
        catch (Exception e) when (e is not OperationCanceledException || !ct.IsCancellationRequested)
        {
            log.HousekeepingFailed(e);
        }
    }

    /// <summary>A clean stop: a backup made before now is noticed from here on.</summary>
    public Task RememberAsync(CancellationToken ct) => right.IsGranted ? DatabaseIdentity.RememberAsync(databases, ct) : Task.CompletedTask;
}

internal static partial class HousekeepingLog
{
    [LoggerMessage(1531, LogLevel.Error, "Housekeeping after the sweep failed; it tries again in a minute")]
    public static partial void HousekeepingFailed(this ILogger log, Exception e);
}
