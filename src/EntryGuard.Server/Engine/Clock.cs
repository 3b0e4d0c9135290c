using EntryGuard.Server.Data;

namespace EntryGuard.Server.Engine;

/// <summary>
/// Sleeps until the earliest thing that is due in the database, then acts. Reads the database when told that something changed, when its
/// time comes, and in a cluster at least every 5 s; otherwise it only compares clocks in memory, every second (E22, E24).
/// </summary>
internal sealed class Clock(Databases databases, DueClaims due, DatabaseClock clock, IEngine engine, TimeProvider time, ILogger<Clock> log, WriteRight right)
    : BackgroundService
{
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ReadAtLeast = TimeSpan.FromSeconds(5);

    // What is still due has just been acted on, or is held by somebody else: they need a moment.
    private static readonly TimeSpan Held = TimeSpan.FromMilliseconds(50);
    private readonly ClockBell bell = new(time);

    /// <summary>The earliest date may have moved.</summary>
    public void Changed() => bell.Ring();

    public override void Dispose()
    {
        bell.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var ct = stoppingToken;
        await right.WaitAsync(ct);
        while (!ct.IsCancellationRequested)
        {
            try
            {
                var wake = await due.ActAsync(ct);
                if (wake.Count > 0)
                    engine.Wake(wake);
                var next = await due.NextAsync(ct);
                await SleepAsync(next, ct);
            }
            catch (Exception e) when (e is not OperationCanceledException || !ct.IsCancellationRequested)
            {
                log.ClockFailed(e);
                await Task.Delay(Tick, time, ct);
            }
        }
    }

    private async Task SleepAsync(DateTimeOffset? next, CancellationToken ct)
    {
        var latest = databases.IsShared ? clock.Now + ReadAtLeast : DateTimeOffset.MaxValue;
        var until = next < latest ? next.Value : latest;
        if (until <= clock.Now)
            until = clock.Now + Held;
        while (clock.Now < until)
        {
            var left = until - clock.Now;
            if (await bell.WaitAsync(left < Tick ? left : Tick, ct))
                return;
            if (clock.MustMeasure)
                await clock.MeasureAsync(ct);
        }
    }
}

/// <summary>Wakes one sleeper; rings while it is awake are remembered as one.</summary>
internal sealed class ClockBell(TimeProvider time) : IDisposable
{
    private readonly SemaphoreSlim rung = new(0, 1);

    public void Dispose() => rung.Dispose();

    public void Ring()
    {
        try
        {
            rung.Release();
        }
        catch (SemaphoreFullException)
        {
            // It has not heard the last ring yet: one is enough.
        }
    }

    /// <summary>True if it rang before the time was up.</summary>
    public async Task<bool> WaitAsync(TimeSpan limit, CancellationToken ct)
    {
        using var alarm = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(alarm.Token, ct);
        try
        {
            await rung.WaitAsync(either.Token);
            return true;
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return false;
        }
    }
}

internal static partial class ClockLog
{
    [LoggerMessage(1101, LogLevel.Error, "The clock could not act; it tries again in a second")]
    public static partial void ClockFailed(this ILogger log, Exception e);
}
