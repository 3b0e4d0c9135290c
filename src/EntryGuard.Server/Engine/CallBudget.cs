using System.Collections.Concurrent;

namespace EntryGuard.Server.Engine;

/// <summary>
/// Calls per throttle key (credential and region), on this node: a token bucket of two seconds' worth, a quarter of it kept for closing.
/// It delays openings only; a closing takes its token even if there is none (E05, E16).
/// </summary>
public sealed class CallBudget(TimeProvider time)
{
    private static readonly TimeSpan Depth = TimeSpan.FromSeconds(2);
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
            var paused = bucket.PausedUntil - time.GetUtcNow();
            if (paused > TimeSpan.Zero)
                return closing && paused > TimeSpan.FromMinutes(1) ? TimeSpan.FromMinutes(1) : paused;
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

    /// <summary>The provider asked us to wait: everything under the key does.</summary>
    public void Pause(string? throttleKey, TimeSpan retryAfter)
    {
        if (throttleKey is null)
            return;
        var bucket = buckets.GetOrAdd(throttleKey, _ => new Bucket { Since = time.GetTimestamp(), Tokens = double.NaN });
        lock (bucket)
        {
            var until = time.GetUtcNow() + (retryAfter < TimeSpan.FromMinutes(5) ? retryAfter : TimeSpan.FromMinutes(5));
            if (until > bucket.PausedUntil)
                bucket.PausedUntil = until;
        }
    }

    private sealed class Bucket
    {
        public double Tokens { get; set; }
        public long Since { get; set; }
        public DateTimeOffset PausedUntil { get; set; } = DateTimeOffset.MinValue;
    }
}
