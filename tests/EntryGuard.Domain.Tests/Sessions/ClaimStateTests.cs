using EntryGuard.Domain.Sessions;

namespace EntryGuard.Domain.Tests.Sessions;

public sealed class ClaimStateTests
{
    // PENDING P, APPLYING Y, APPLIED A, REMOVING R, FAILED F, REMOVED X. Capitals: PRESENT, small letters: ABSENT. +: mayStand. A dot: impossible, ignored.
    private const string Table = """
        on            | P   P+  Y+  A+  R+  F+  F  | r+  f+  f   x
        ApplyStarted  | Y+  Y+  .   .   .   .   .  | .   .   .   .
        SeenPresent   | A+  A+  A+  A+  .   .   .  | .   .   .   .
        NotMade       | P   P+  P   .   .   .   .  | .   .   .   .
        HalfMade      | .   .   P+  P+  .   .   .  | .   .   .   .
        NoAnswer      | .   .   Y+  .   R+  F+  .  | r+  f+  .   .
        GaveUp        | F   R+  F   .   F+  F+  .  | f+  f+  .   .
        MustUndo      | R+  R+  R+  R+  .   .   .  | .   .   .   .
        RemoveStarted | .   .   .   .   R+  F+  .  | r+  f+  .   .
        StillThere    | .   .   .   .   R+  F+  .  | r+  f+  .   .
        SeenGone      | P   P   P   .   F   F   .  | x   x   .   .
        Kept          | .   .   .   .   F   F   .  | x   x   .   .
        Ended         | x   r+  r+  r+  r+  r+  f  | .   .   .   .
        Lost          | .   .   .   P   .   .   .  | .   .   .   .
        LostForGood   | .   .   .   F   .   .   .  | .   .   .   .
        Retried       | .   .   .   .   .   .   P  | .   .   .   .
        DeclaredGone  | .   .   .   .   F   F   .  | x   x   .   .
        """;

    private static readonly RuleEvent[] Events = Enum.GetValues<RuleEvent>();

    private static readonly List<(ClaimState State, RuleEvent Event, ClaimState? Next)> Cells = Read();

    private static readonly HashSet<ClaimState> Legal = [.. Cells.Select(c => c.State)];

    public static TheoryData<string, RuleEvent, string> Rows =>
        [.. Cells.Select(c => new TheoryDataRow<string, RuleEvent, string>(Text(c.State), c.Event, Text(c.Next)))];

    [Theory, MemberData(nameof(Rows))]
    public void A_claim_moves_as_the_table_says(string state, RuleEvent what, string next) =>
        Text(State(state).On(what)).ShouldBe(next);

    [Fact]
    public void The_table_names_every_event_once_in_every_reachable_state()
    {
        Cells.Select(c => (c.State, c.Event)).ShouldBeUnique();
        Cells.Count.ShouldBe(Legal.Count * Events.Length);
        Reachable().ShouldBe(Legal, ignoreOrder: true);
    }

    [Fact]
    public void Illegal_states_never_come_out()
    {
        foreach (var next in Every().Select(e => e.Next).OfType<ClaimState>())
            Legal.ShouldContain(next);
    }

    [Fact]
    public void Wanted_never_goes_back()
    {
        foreach (var (state, what, next) in Every())
        {
            if (state.Wanted == Wanted.Absent && next is { } after)
                after.Wanted.ShouldBe(Wanted.Absent, what.ToString());
            if (state.Wanted == Wanted.Present && next is { Wanted: Wanted.Absent })
                what.ShouldBe(RuleEvent.Ended);
        }
    }

    [Fact]
    public void MayStand_is_cleared_only_by_what_is_definite()
    {
        // The opening was definitely not made; its rules were seen gone, kept for others, or declared gone.
        RuleEvent[] notMade = [RuleEvent.NotMade, RuleEvent.GaveUp];
        RuleEvent[] gone = [RuleEvent.SeenGone, RuleEvent.Lost, RuleEvent.LostForGood, RuleEvent.Kept, RuleEvent.DeclaredGone];
        foreach (var (state, what, next) in Every())
        {
            if (!state.MayStand || next is not { MayStand: false })
                continue;
            (notMade.Contains(what) || gone.Contains(what)).ShouldBeTrue($"{Text(state)} on {what}");
            if (notMade.Contains(what))
                state.Status.ShouldBe(ResourceIpStatus.Applying, $"{Text(state)} on {what}");
        }
    }

    [Fact]
    public void Without_mayStand_nothing_is_left_to_close()
    {
        foreach (var state in Legal)
        {
            state.IsLeaving.ShouldBe(state.MayStand && !state.IsLive, Text(state));
            (state.IsLive || state.IsLeaving || state.IsSettled).ShouldBeTrue($"{Text(state)}: somebody must care, or nobody needs to");
            (state.IsLeaving && state.IsSettled).ShouldBeFalse(Text(state));
        }
    }

    [Theory]
    [InlineData("P", true, false, false)]
    [InlineData("P+", true, false, false)]
    [InlineData("Y+", true, false, false)]
    [InlineData("A+", true, true, false)]
    [InlineData("R+", false, false, false)]
    [InlineData("F+", false, false, true)]
    [InlineData("F", false, true, false)]
    [InlineData("r+", false, false, false)]
    [InlineData("f+", false, false, true)]
    [InlineData("f", false, true, false)]
    [InlineData("x", false, true, false)]
    public void Live_settled_and_overdue_are_what_the_words_say(string state, bool live, bool settled, bool overdue)
    {
        State(state).IsLive.ShouldBe(live);
        State(state).IsSettled.ShouldBe(settled);
        State(state).IsOverdue.ShouldBe(overdue);
    }

    [Fact]
    public void E02_ending_a_claim_removes_what_may_stand_and_nothing_else()
    {
        foreach (var state in Legal.Where(s => s.Wanted == Wanted.Present))
        {
            var ended = state.On(RuleEvent.Ended)!.Value;
            ended.MayStand.ShouldBe(state.MayStand);
            ended.Status.ShouldBe(state switch
            {
                { MayStand: true } => ResourceIpStatus.Removing,
                { Status: ResourceIpStatus.Failed } => ResourceIpStatus.Failed,
                _ => ResourceIpStatus.Removed,
            });
        }
    }

    [Fact]
    public void E02_an_ended_claim_is_settled_only_when_gone_kept_or_declared()
    {
        foreach (var (state, what, next) in Every().Where(e => e.State is { Wanted: Wanted.Absent, MayStand: true } && e.Next is { IsSettled: true }))
            new[] { RuleEvent.SeenGone, RuleEvent.Kept, RuleEvent.DeclaredGone }.ShouldContain(what, $"{Text(state)} to {Text(next)}");
    }

    [Fact]
    public void E03_an_opening_given_up_with_nothing_made_is_failed_and_settled() =>
        After("P", RuleEvent.ApplyStarted, RuleEvent.NotMade, RuleEvent.ApplyStarted, RuleEvent.GaveUp).ShouldBe("F");

    [Fact]
    public void E04_an_overdue_closing_is_still_tried_and_still_ends() =>
        After("A+", RuleEvent.Ended, RuleEvent.RemoveStarted, RuleEvent.GaveUp, RuleEvent.RemoveStarted, RuleEvent.StillThere, RuleEvent.GaveUp,
            RuleEvent.SeenGone).ShouldBe("x");

    [Fact]
    public void E06_an_ended_claim_that_is_kept_for_others_is_removed() =>
        After("A+", RuleEvent.Ended, RuleEvent.Kept).ShouldBe("x");

    [Fact]
    public void E07_an_apply_that_answers_after_the_stop_does_not_move_the_status()
    {
        foreach (var late in new[] { RuleEvent.SeenPresent, RuleEvent.HalfMade, RuleEvent.NotMade, RuleEvent.MustUndo })
            State("r+").On(late).ShouldBeNull();
    }

    [Fact]
    public void E09_a_half_made_claim_is_undone_before_it_reads_failed()
    {
        After("P", RuleEvent.ApplyStarted, RuleEvent.HalfMade, RuleEvent.ApplyStarted, RuleEvent.MustUndo).ShouldBe("R+");
        After("R+", RuleEvent.RemoveStarted, RuleEvent.GaveUp).ShouldBe("F+");
        After("F+", RuleEvent.RemoveStarted, RuleEvent.SeenGone).ShouldBe("F");
        After("P+", RuleEvent.GaveUp).ShouldBe("R+", "what an earlier try made must go");
    }

    [Fact]
    public void E13_an_unanswered_opening_never_reads_failed()
    {
        After("Y+", RuleEvent.NoAnswer, RuleEvent.NoAnswer).ShouldBe("Y+");
        After("Y+", RuleEvent.NoAnswer, RuleEvent.Ended).ShouldBe("r+");
    }

    [Fact]
    public void E19_only_a_failed_claim_with_nothing_standing_is_retried() =>
        Every().Where(e => e.Event == RuleEvent.Retried && e.Next is not null).Select(e => Text(e.State)).ShouldBe(["F"]);

    [Fact]
    public void E26_a_lost_claim_is_pending_again_and_what_is_left_of_it_may_stand()
    {
        After("A+", RuleEvent.Lost).ShouldBe("P");
        After("A+", RuleEvent.LostForGood).ShouldBe("F");
        After("A+", RuleEvent.HalfMade, RuleEvent.Ended).ShouldBe("r+");
        After("A+", RuleEvent.MustUndo, RuleEvent.SeenGone).ShouldBe("F");
    }

    private static string After(string state, params RuleEvent[] events) =>
        Text(events.Aggregate(State(state), (s, what) => s.On(what).ShouldNotBeNull($"{Text(s)} on {what}")));

    // Not only what the table reaches: whatever is asked, nothing illegal may be answered.
    private static IEnumerable<(ClaimState State, RuleEvent Event, ClaimState? Next)> Every() =>
        from state in Legal from what in Events select (state, what, state.On(what));

    private static HashSet<ClaimState> Reachable()
    {
        var reached = new HashSet<ClaimState> { ClaimState.New };
        while (reached.SelectMany(s => Events.Select(s.On)).OfType<ClaimState>().Except(reached).ToList() is { Count: > 0 } more)
            reached.UnionWith(more);
        return reached;
    }

    private static List<(ClaimState, RuleEvent, ClaimState?)> Read()
    {
        var lines = Table.Split('\n').Select(line => line.Split([' ', '|', '\r'], StringSplitOptions.RemoveEmptyEntries)).ToList();
        return [.. from line in lines.Skip(1)
                   from column in Enumerable.Range(1, lines[0].Length - 1)
                   select (State(lines[0][column]), Enum.Parse<RuleEvent>(line[0]), line[column] == "." ? (ClaimState?)null : State(line[column]))];
    }

    private static ClaimState State(string text) => new(
        char.IsUpper(text[0]) ? Wanted.Present : Wanted.Absent,
        char.ToUpperInvariant(text[0]) switch
        {
            'P' => ResourceIpStatus.Pending,
            'Y' => ResourceIpStatus.Applying,
            'A' => ResourceIpStatus.Applied,
            'R' => ResourceIpStatus.Removing,
            'F' => ResourceIpStatus.Failed,
            'X' => ResourceIpStatus.Removed,
            _ => throw new FormatException(text),
        },
        text.EndsWith('+'));

    private static string Text(ClaimState? state)
    {
        if (state is not { } s)
            return ".";
        var letter = "PYAFRX"[(int)s.Status].ToString();
        return (s.Wanted == Wanted.Present ? letter : letter.ToLowerInvariant()) + (s.MayStand ? "+" : "");
    }
}
