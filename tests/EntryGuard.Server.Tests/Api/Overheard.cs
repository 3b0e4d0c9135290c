using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.ExceptionServices;

namespace EntryGuard.Server.Tests.Api;

/// <summary>Every span that ends, and every exception that is thrown, anywhere in the process while it listens.</summary>
internal sealed class Overheard : IDisposable
{
    private readonly ConcurrentQueue<string> said = new();
    private readonly ActivityListener listener;
    private int spans;
    private int exceptions;

    public Overheard()
    {
        listener = new ActivityListener
        {
            ShouldListenTo = _ => true,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = Hear,
        };
        ActivitySource.AddActivityListener(listener);
        AppDomain.CurrentDomain.FirstChanceException += Hear;
    }

    public int Spans => spans;
    public int Exceptions => exceptions;

    /// <summary>What held these words.</summary>
    public IEnumerable<string> With(string words) => said.Where(s => s.Contains(words, StringComparison.Ordinal));

    public void Dispose()
    {
        AppDomain.CurrentDomain.FirstChanceException -= Hear;
        listener.Dispose();
    }

    private void Hear(Activity span)
    {
        Interlocked.Increment(ref spans);
        var tags = span.TagObjects.Concat(span.Events.SelectMany(e => e.Tags)).Concat(span.Baggage.Select(b => KeyValuePair.Create(b.Key, (object?)b.Value)));
        said.Enqueue($"{span.DisplayName} {span.StatusDescription} {string.Join(' ', tags.Select(t => $"{t.Key}={t.Value}"))}");
    }

    // The message alone: the stack is not whole yet, and asking for it may throw again.
    private void Hear(object? sender, FirstChanceExceptionEventArgs thrown)
    {
        Interlocked.Increment(ref exceptions);
        for (var e = thrown.Exception; e is not null; e = e.InnerException)
            said.Enqueue($"{e.GetType()}: {e.Message}");
    }
}
