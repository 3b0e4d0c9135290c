using CsCheck;
using EntryGuard.Domain.Retry;

namespace EntryGuard.Domain.Tests.Retry;

public sealed class BackoffTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void E03_openings_are_called_at_0_30_90_and_210_seconds_and_then_given_up()
    {
        var calls = new List<double>();
        DateTimeOffset? at = Start;
        while (at is { } call)
        {
            calls.Add((call - Start).TotalSeconds);
            at = Backoff.NextOpening(calls.Count, call, null, call);
        }

        calls.ShouldBe([0, 30, 90, 210]);
        calls.Count.ShouldBe(Backoff.OpeningTries);
    }

    [Theory]
    [InlineData(1, 10, 30)]     // shorter than the step
    [InlineData(1, 45, 45)]     // longer wins
    [InlineData(2, 59, 60)]
    [InlineData(3, 200, 200)]
    [InlineData(1, 300, 300)]
    [InlineData(1, 3600, 300)]  // capped at 5 min
    [InlineData(1, -5, 30)]
    public void E03_a_longer_retry_after_wins_up_to_5_minutes(int attempts, int retryAfter, int expected) =>
        Backoff.NextOpening(attempts, Start, TimeSpan.FromSeconds(retryAfter), Start).ShouldBe(Start.AddSeconds(expected));

    [Fact]
    public void E03_a_retry_after_gives_no_try_beyond_the_last() =>
        Backoff.NextOpening(Backoff.OpeningTries, Start, TimeSpan.FromSeconds(30), Start).ShouldBeNull();

    [Fact]
    public void E03_a_retry_after_counts_from_the_answer_not_from_the_call() =>
        Backoff.NextOpening(1, Start, TimeSpan.FromSeconds(25), Start.AddSeconds(14)).ShouldBe(Start.AddSeconds(39));

    [Fact]
    public void E13_a_read_back_follows_the_opening_steps_and_then_comes_every_5_minutes_for_ever()
    {
        var at = Start;
        var steps = new List<double>();
        for (var attempts = 1; attempts < 8; attempts++)
        {
            var next = Backoff.NextReadBack(attempts, at, null, at);
            steps.Add((next - at).TotalSeconds);
            at = next;
        }

        steps.ShouldBe([30, 60, 120, 300, 300, 300, 300]);
        Backoff.NextReadBack(9, Start, TimeSpan.FromHours(1), Start.AddSeconds(15)).ShouldBe(Start.AddSeconds(315));
    }

    [Fact]
    public void E04_closings_are_called_at_0_30_90_and_210_seconds_and_then_overdue_every_5_minutes() =>
        Closings(connectionFaults: 0, calls: 7).ShouldBe([0, 30, 90, 210, 510, 810, 1110]);

    [Fact]
    public void E04_a_connection_fault_is_tried_once_more_after_a_second() =>
        Closings(connectionFaults: 1, calls: 7).ShouldBe([0, 1, 30, 90, 210, 510, 810]);

    [Fact]
    public void E04_only_the_first_connection_fault_is_tried_after_a_second() =>
        Closings(connectionFaults: 9, calls: 6).ShouldBe([0, 1, 30, 90, 210, 510]);

    [Theory]
    [InlineData(0, 30, false)]
    [InlineData(30, 90, false)]
    [InlineData(90, 210, false)]
    [InlineData(209, 210, false)]
    [InlineData(210, 510, true)]
    [InlineData(4000, 4300, true)]
    public void E04_a_closing_is_overdue_when_its_schedule_is_used_up(int elapsed, int next, bool overdue) =>
        Backoff.NextClosing(Start, 3, Start.AddSeconds(elapsed), false, null, Start.AddSeconds(elapsed), 0.5).ShouldBe((Start.AddSeconds(next), overdue));

    [Theory]
    [InlineData(0, 45, 45)]     // longer wins
    [InlineData(0, 10, 30)]     // shorter does not
    [InlineData(0, 3600, 60)]   // capped at 1 min
    [InlineData(30, 3600, 90)]
    public void E04_a_longer_retry_after_wins_up_to_1_minute(int elapsed, int retryAfter, int expected) =>
        Backoff.NextClosing(Start, 1, Start.AddSeconds(elapsed), false, TimeSpan.FromSeconds(retryAfter), Start.AddSeconds(elapsed), 0.5).At
            .ShouldBe(Start.AddSeconds(expected));

    [Fact]
    public void E04_a_closing_has_always_a_next_call_never_more_than_five_and_a_half_minutes_away() =>
        Gen.Select(Gen.Int[1, 10_000], Gen.Int[0, 1_000_000], Gen.Bool, Gen.Int[-10, 100_000], Gen.Double[0, 0.999]).Sample((attempts, elapsed, fault, retryAfter, jitter) =>
        {
            var started = Start.AddSeconds(elapsed);
            var (at, overdue) = Backoff.NextClosing(Start, attempts, started, fault, TimeSpan.FromSeconds(retryAfter), started, jitter);
            return at > started && at <= started.AddSeconds(330) && (!overdue || (at >= started.AddSeconds(270) && (at - started).Ticks % TimeSpan.TicksPerMillisecond == 0));
        });

    [Fact]
    public void E04_jitter_spreads_the_slow_tries_over_10_percent_both_ways()
    {
        var late = Start.AddHours(1);
        Backoff.NextClosing(Start, 9, late, false, null, late, 0).At.ShouldBe(late.AddSeconds(270));
        Backoff.NextClosing(Start, 9, late, false, null, late, 1).At.ShouldBe(late.AddSeconds(330), TimeSpan.FromMilliseconds(1));
    }

    private static List<double> Closings(int connectionFaults, int calls)
    {
        var made = new List<double>();
        for (var at = Start; made.Count < calls;)
        {
            made.Add((at - Start).TotalSeconds);
            at = Backoff.NextClosing(Start, made.Count, at, made.Count <= connectionFaults, null, at, 0.5).At;
        }

        return made;
    }
}
