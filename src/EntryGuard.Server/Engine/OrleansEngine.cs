using EntryGuard.Domain;

namespace EntryGuard.Server.Engine;

/// <summary>Rings at the allow-lists' grains, and at this node's clock.</summary>
internal sealed class OrleansEngine(Lazy<IGrainFactory> grains, Lazy<Clock> clock, Lazy<SweepLoop> sweep, ILogger<OrleansEngine> log) : IEngine
{
    public void Wake(IEnumerable<AllowListKey> keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        if (!sweep.Value.HasBegun)
            return;   // there is no grain to ring at yet; the first sweep finds whatever is due
        foreach (var key in keys)
            Ring(key);

        // Whoever rings has written: what is due first may now be another. Clock and sweep do not ring when they found nothing.
        clock.Value.Changed();
    }

    private void Ring(AllowListKey key)
    {
        try
        {
            // The caller's flow stays here: it may still be inside the write gate, and the grain is not part of its work.
            using (ExecutionContext.SuppressFlow())
                _ = ObserveAsync(grains.Value.GetGrain<IAllowListGrain>(key.Value).Wake(), key);
        }
        catch (Exception e)
        {
            log.WakeLost(e, key);
        }
    }

    private async Task ObserveAsync(Task wake, AllowListKey key)
    {
        try
        {
            await wake;
        }
        catch (Exception e)
        {
            log.WakeLost(e, key);
        }
    }
}

internal static partial class EngineLog
{
    [LoggerMessage(1311, LogLevel.Warning, "A wake of allow-list {Key} was lost; the clock rings again within 5 s")]
    public static partial void WakeLost(this ILogger log, Exception e, AllowListKey key);
}
