using Microsoft.Extensions.Time.Testing;

namespace EntryGuard.Server.Tests.Engine;

/// <summary>A clock that tells when the clock (timers of up to a second) and the sweep (of over half a minute) have gone back to sleep, and whose wall time can be set apart.</summary>
internal sealed class SteppedTime(DateTimeOffset start) : FakeTimeProvider(start)
{
    private readonly SemaphoreSlim clockSleeps = new(0);
    private readonly SemaphoreSlim sweepSleeps = new(0);
    private DateTimeOffset sweepAt;
    private TimeSpan apart;

    /// <summary>Wall time jumps; monotonic time does not.</summary>
    public void StepWall(TimeSpan by) => apart += by;

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + apart;

    public override long GetTimestamp() => (base.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        if (dueTime <= TimeSpan.FromSeconds(1))
        {
            clockSleeps.Release();
        }
        else if (dueTime > TimeSpan.FromSeconds(30))
        {
            sweepAt = base.GetUtcNow() + dueTime;
            sweepSleeps.Release();
        }

        return timer;
    }

    /// <summary>Both have started and sleep.</summary>
    public async Task BothSleep()
    {
        await clockSleeps.WaitAsync();
        await sweepSleeps.WaitAsync();
    }

    /// <summary>A second passes, and whoever it woke sleeps again.</summary>
    public async Task Second()
    {
        var sweeps = base.GetUtcNow() + TimeSpan.FromSeconds(1) >= sweepAt;
        Advance(TimeSpan.FromSeconds(1));
        await clockSleeps.WaitAsync();
        if (sweeps)
            await sweepSleeps.WaitAsync();
    }
}
