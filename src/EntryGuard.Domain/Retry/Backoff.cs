namespace EntryGuard.Domain.Retry;

/// <summary>When the next call about a claim is due. Pure: built from stored attempts, so a restart does not reset it.</summary>
public static class Backoff
{
    /// <summary>Opening calls before it is given up: at 0, 30, 90 and 210 s.</summary>
    public const int OpeningTries = 4;

    /// <summary>After a first closing call that reached nobody, or got no answer; and after one that was not sent at all.</summary>
    public static readonly TimeSpan QuickRetry = TimeSpan.FromSeconds(1);

    /// <summary>So long an opening that is not sent costs it no try; then each counts, so that it is given up in the end.</summary>
    public static readonly TimeSpan FreeOpening = TimeSpan.FromSeconds(210);

    private static readonly TimeSpan[] Steps = [TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(2)];
    private static readonly TimeSpan[] ClosingOffsets = [TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(90), TimeSpan.FromSeconds(210)];
    private static readonly TimeSpan Slow = TimeSpan.FromMinutes(5);

    /// <summary>The next opening call (E03).</summary>
    /// <param name="attempts">Calls made so far, at least 1.</param>
    /// <param name="startedAt">When the last of them started.</param>
    /// <param name="retryAfter">What the provider asked for, from now; null if nothing. Longer than the step wins, up to 5 min.</param>
    /// <param name="now">Start of <paramref name="retryAfter"/>.</param>
    /// <returns>Null when no try is left.</returns>
    public static DateTimeOffset? NextOpening(int attempts, DateTimeOffset startedAt, TimeSpan? retryAfter, DateTimeOffset now) =>
        attempts >= OpeningTries ? null : Later(startedAt + Steps[Math.Max(attempts, 1) - 1], retryAfter, TimeSpan.FromMinutes(5), now);

    /// <summary>The next look at an opening that went without an answer, or the next try to move an end time (E13): the opening steps, then every 5 min.</summary>
    public static DateTimeOffset NextReadBack(int attempts, DateTimeOffset startedAt, TimeSpan? retryAfter, DateTimeOffset now) =>
        NextOpening(attempts, startedAt, retryAfter, now) ?? Later(startedAt + Slow, retryAfter, TimeSpan.FromMinutes(5), now);

    /// <summary>The next closing call (E04). There is always one.</summary>
    /// <param name="firstAt">When the first closing call of this round started.</param>
    /// <param name="attempts">Calls made in this round, at least 1.</param>
    /// <param name="startedAt">When the last of them started.</param>
    /// <param name="connectionFault">The call never reached the provider; the first such is tried again after 1 s.</param>
    /// <param name="retryAfter">What the provider asked for, from now; null if nothing. Capped at 1 min.</param>
    /// <param name="now">Start of <paramref name="retryAfter"/>.</param>
    /// <param name="jitter">0 up to 1: spreads the slow tries over 5 min ± 10 %.</param>
    /// <returns>When, and whether the schedule is used up, so that the closing is overdue from now on.</returns>
    public static (DateTimeOffset At, bool Overdue) NextClosing(
        DateTimeOffset firstAt, int attempts, DateTimeOffset startedAt, bool connectionFault, TimeSpan? retryAfter, DateTimeOffset now, double jitter)
    {
        if (connectionFault && attempts == 1)
            return (Later(startedAt + QuickRetry, retryAfter, TimeSpan.FromMinutes(1), now), false);
        var elapsed = startedAt - firstAt;
        foreach (var offset in ClosingOffsets)
        {
            if (offset > elapsed)
                return (Later(firstAt + offset, retryAfter, TimeSpan.FromMinutes(1), now), false);
        }

        // In whole milliseconds, counted as such: databases keep microseconds, and a fraction of one would be due after the instant it names.
        return (startedAt + TimeSpan.FromMilliseconds((long)(Slow.TotalMilliseconds * (0.9 + (0.2 * jitter)))), true);
    }

    private static DateTimeOffset Later(DateTimeOffset step, TimeSpan? retryAfter, TimeSpan cap, DateTimeOffset now)
    {
        if (retryAfter is not { } asked)
            return step;
        var wanted = now + (asked < cap ? asked : cap);
        return wanted > step ? wanted : step;
    }
}
