using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;

namespace EntryGuard.Testing;

/// <summary>A clock that moves only when told, and tells when somebody waits on it.</summary>
public sealed class TestTime(DateTimeOffset start) : FakeTimeProvider(start)
{
    private readonly ConcurrentDictionary<TimeSpan, TaskCompletionSource> armed = new();

    /// <summary>Completes when somebody has begun to wait for so long. Ask before they do.</summary>
    public Task Armed(TimeSpan wait) => armed.GetOrAdd(wait, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        if (armed.TryRemove(dueTime, out var told))
            told.TrySetResult();
        return timer;
    }
}
