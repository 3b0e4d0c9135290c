using Microsoft.Extensions.Time.Testing;

namespace EntryGuard.Gate.Tests;

/// <summary>A clock whose wall time can be set without monotonic time moving, as an operator or NTP does it.</summary>
internal sealed class SteppingClock(DateTimeOffset start) : FakeTimeProvider(start)
{
    private long _stepped;

    public void Step(TimeSpan by)
    {
        _stepped += by.Ticks;
        AdjustTime(GetUtcNow() + by);
    }

    public override long GetTimestamp() => base.GetTimestamp() - _stepped;
}
