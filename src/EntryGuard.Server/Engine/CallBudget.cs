using System.Collections.Concurrent;

namespace EntryGuard.Server.Engine;

/// <summary>
/// Calls per throttle key (credential and region), on this node: a token bucket of two seconds' worth, a quarter of it kept for closing.
/// It delays openings only; a closing takes its token even if there is none (E05, E16).
/// </summary>
public sealed class CallBudget(TimeProvider time)
{
    private static readonly TimeSpan Depth = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestForOpenings = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan LongestForClosings = TimeSpan.FromMinutes(1);
    private readonly ConcurrentDictionary<string, Bucket> buckets = new();

    /// <summary>Takes a token for one call.</summary>
    /// <param name="throttleKey">Null: no budget.</param>
    /// <param name="perSecond">Rate of the provider; null: no budget.</param>
    /// <param name="closing">The call removes something.</param>
    /// <returns>How long an opening must wait; zero if the call may go out now.</returns>
    public TimeSpan Take(string? throttleKey, double? perSecond, bool closing)
    {
        if (throttleKey is null)
            return TimeSpan.Zero;
        var bucket = buckets.GetOrAdd(throttleKey, _ => new Bucket { Since = time.GetTimestamp(), Tokens = double.NaN });
        lock (bucket)
        {
            var paused = (closing ? bucket.ClosingsPausedUntil : bucket.PausedUntil) - time.GetUtcNow();
            if (paused > TimeSpan.Zero)
                return paused;
            if (perSecond is not { } rate)
                return TimeSpan.Zero;
            var capacity = Math.Max(1, rate * Depth.TotalSeconds);
            bucket.Tokens = double.IsNaN(bucket.Tokens)
                ? capacity
                : Math.Min(capacity, bucket.Tokens + (time.GetElapsedTime(bucket.Since).TotalSeconds * rate));
            bucket.Since = time.GetTimestamp();
            var reserve = closing ? double.NegativeInfinity : capacity / 4;
            if (bucket.Tokens - 1 < reserve && bucket.Tokens < capacity)
                return TimeSpan.FromSeconds((reserve + 1 - bucket.Tokens) / rate);
            bucket.Tokens--;
            return TimeSpan.Zero;
        }
    }

    /// <summary>The provider asked us to wait: everything under the key does, openings up to 5 min, closings up to 1 min from now on (E03, E04).</summary>
    public void Pause(string? throttleKey, TimeSpan retryAfter)
    {
        if (throttleKey is null)
            return;
        var bucket = buckets.GetOrAdd(throttleKey, _ => new Bucket { Since = time.GetTimestamp(), Tokens = double.NaN });
        lock (bucket)
        {
            bucket.PausedUntil = Later(bucket.PausedUntil, retryAfter, LongestForOpenings);
            bucket.ClosingsPausedUntil = Later(bucket.ClosingsPausedUntil, retryAfter, LongestForClosings);
        }

        DateTimeOffset Later(DateTimeOffset until, TimeSpan asked, TimeSpan longest)
        {
            var at = time.GetUtcNow() + (asked < longest ? asked : longest);
            return at > until ? at : until;
        }
    }

    private sealed class Bucket
    {
        public double Tokens { get; set; }
        public long Since { get; set; }
        public DateTimeOffset PausedUntil { get; set; } = DateTimeOffset.MinValue;
        public DateTimeOffset ClosingsPausedUntil { get; set; } = DateTimeOffset.MinValue;
    }
}
