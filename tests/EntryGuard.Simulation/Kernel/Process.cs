using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace EntryGuard.Simulation.Kernel;

/// <summary>
/// One life of the server's process. Every await of it is a place where it may die; then everything it still waits for throws, and
/// nothing it does afterwards has an effect.
/// </summary>
internal sealed class Process(Loop loop, string name) : SynchronizationContext
{
    private static readonly ConcurrentDictionary<Type, bool> Libraries = new();
    private readonly List<(Task Kept, Action Break)> hopes = [];

    public bool IsDead { get; private set; }

    /// <summary>Flows that have not come to their end.</summary>
    public List<string> Flows { get; } = [];

    /// <summary>A flow ended with something nobody expected.</summary>
    public Action<string, Exception> OnDefect { get; init; } = (_, _) => { };

    public TimeProvider Time => field ??= new ProcessTime(loop, this);

    /// <summary>Runs a flow; it starts when the seed says so.</summary>
    public void Start(string what, Func<Task> flow)
    {
        Flows.Add(what);
        loop.Post(this, () => _ = RunAsync(what, flow), this);
    }

    /// <summary>Waits a moment of virtual time, zero included.</summary>
    public Pause Yield(TimeSpan time) => new(loop, this, time, this);

    /// <summary>The same for code of a library, which must not go on under a context.</summary>
    public Pause YieldLibrary(TimeSpan time) => new(loop, this, time, null);

    /// <summary>A promise that is broken when the process dies.</summary>
    public TaskCompletionSource<T> Promise<T>()
    {
        var promise = new TaskCompletionSource<T>();
        void Break() => promise.TrySetException(new ProcessDied());
        if (IsDead)
            loop.Post(this, Break);   // a flow that was about to go on when its process died
        if (hopes.Count > 256)
            hopes.RemoveAll(h => h.Kept.IsCompleted);
        hopes.Add((promise.Task, Break));
        return promise;
    }

    /// <summary>Keeps a promise, some time later at this instant.</summary>
    public void Keep<T>(TaskCompletionSource<T> promise, T value) => loop.Post(this, () => promise.TrySetResult(value));

    public void Die()
    {
        IsDead = true;
        foreach (var (_, hope) in hopes)
            loop.Post(this, hope);
        loop.Drain(this);
    }

    public override void Post(SendOrPostCallback d, object? state) => loop.Post(this, () => d(state), IsLibrary(state) ? null : this);

    public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException();

    public override SynchronizationContext CreateCopy() => this;

    public override string ToString() => name;

    // EF forgets to leave the context in one place (StateManager.SaveChangesAsync). Code of a library that went on under this context would
    // hand what follows to the thread pool.
    private static bool IsLibrary(object? state) =>
        state is Action { Target: { } target } && Libraries.GetOrAdd(target.GetType(), static type =>
            type.GetGenericArguments().LastOrDefault()?.FullName?.StartsWith("Microsoft.", StringComparison.Ordinal) == true);

    private async Task RunAsync(string what, Func<Task> flow)
    {
        try
        {
            await flow();
        }
        catch (Exception e)
        {
            if (!IsDead)
                OnDefect(what, e);
        }
        finally
        {
            Flows.Remove(what);
        }
    }
}

/// <summary>The process is gone; only dying code ever sees it.</summary>
internal sealed class ProcessDied() : Exception("The process died.");

/// <summary>An await that the loop ends.</summary>
internal readonly struct Pause(Loop loop, Process process, TimeSpan time, SynchronizationContext? context) : INotifyCompletion
{
    public bool IsCompleted => false;

    public Pause GetAwaiter() => this;

    public void OnCompleted(Action continuation)
    {
        if (time <= TimeSpan.Zero || process.IsDead)
            loop.Post(process, continuation, context);
        else
            loop.Wait(time, process, continuation, context);
    }

    public void GetResult()
    {
        if (process.IsDead)
            throw new ProcessDied();
    }
}

/// <summary>The clock a process sees.</summary>
internal sealed class ProcessTime(Loop loop, Process process) : TimeProvider
{
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => loop.Now;

    public override long GetTimestamp() => loop.Now.Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new Timer(loop, process, () => callback(state), dueTime);

    private sealed class Timer : ITimer
    {
        private readonly Loop loop;
        private readonly Process process;
        private readonly Action fire;
        private Alarm? alarm;

        public Timer(Loop loop, Process process, Action fire, TimeSpan due)
        {
            (this.loop, this.process, this.fire) = (loop, process, fire);
            Change(due, Timeout.InfiniteTimeSpan);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            alarm?.IsOff = true;
            alarm = dueTime < TimeSpan.Zero ? null : loop.In(dueTime, process, fire);
            return true;
        }

        public void Dispose() => alarm?.IsOff = true;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
