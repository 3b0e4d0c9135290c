namespace EntryGuard.Server.Engine;

/// <summary>Sweeps at start-up, when told to, and every 60 s with jitter (E23); housekeeping and the verifications that are due follow each sweep.</summary>
internal sealed class SweepLoop(
    Sweep sweep, Housekeeping housekeeping, VerificationRounds verifications, IEngine engine, WriteRight right, TimeProvider time, ILogger<SweepLoop> log)
    : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(60);
    private readonly ClockBell bell = new(time);

    /// <summary>The first sweep is beginning: from now on somebody answers when the engine is rung for.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>Sweep now: a node came or left.</summary>
    public void Now() => bell.Ring();

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await verifications.QuietAsync();
        await housekeeping.RememberAsync(cancellationToken);
    }

    public override void Dispose()
    {
        bell.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var ct = stoppingToken;
        await right.WaitAsync(ct);
        HasBegun = true;
        while (!ct.IsCancellationRequested)
        {
            try
            {
                if (await sweep.RebuildableAsync(ct) is { Count: > 0 } rebuildable)
                    engine.Wake(rebuildable);
                await sweep.RunOnce(ct);
            }
            catch (Exception e) when (e is not OperationCanceledException || !ct.IsCancellationRequested)
            {
                log.SweepFailed(e);
            }

            await housekeeping.RunAsync(ct);
            await verifications.RunAsync(ct);
            await bell.WaitAsync(Every * (0.9 + (0.2 * Random.Shared.NextDouble())), ct);
        }
    }
}

internal static partial class SweepLoopLog
{
    [LoggerMessage(1201, LogLevel.Error, "The sweep failed; it tries again in a minute")]
    public static partial void SweepFailed(this ILogger log, Exception e);
}
