using EntryGuard.Domain.Sessions;

namespace EntryGuard.Domain.Tests.Sessions;

public sealed class SessionStatusTests
{
    // Of the claims still wanted: A applied, T first answer outstanding, W waiting or trying again, U unknown and no tries left, F failed or undoing.
    // "some": of each word at least one letter is there; "no": none of these is there. "claims": settled or not, ended ones too; over: settled, none live.
    private const string Table = """
        previous       | some  | no    | claims    | becomes
        PENDING        | T     |       |           | PENDING
        PENDING        | WU    | A T   |           | PENDING
        PENDING        | A     | TWUF  |           | ACTIVE
        PENDING        | A WUF | T     |           | PARTIAL
        PENDING        | F     | ATWU  | settled   | FAILED
        PENDING        | F     | ATWU  | unsettled | PENDING
        PENDING        |       | ATWUF |           | EXPIRING
        ACTIVE PARTIAL | A     | TWUF  |           | ACTIVE
        ACTIVE PARTIAL | A TWUF|       |           | PARTIAL
        ACTIVE PARTIAL | TWU   | A     |           | PARTIAL
        ACTIVE PARTIAL | F     | ATWU  |           | EXPIRING
        ACTIVE PARTIAL |       | ATWUF |           | EXPIRING
        EXPIRING       |       |       | standing  | EXPIRING
        EXPIRING       |       |       | over      | EXPIRED or CANCELLED
        FAILED         |       |       |           | FAILED
        EXPIRED        |       |       |           | EXPIRED
        CANCELLED      |       |       |           | CANCELLED
        """;

    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly List<Row> Rows =
        [.. Table.Split('\n').Skip(1).Select(line => line.Split('|', StringSplitOptions.TrimEntries)).Select(c => new Row(c[0], c[1], c[2], c[3], c[4]))];

    internal static readonly Kind[] Kinds =
    [
        Present('A', ResourceIpStatus.Applied, true, answered: true, triesLeft: true),
        Present('T', ResourceIpStatus.Pending, false, answered: false, triesLeft: true),
        Present('T', ResourceIpStatus.Applying, true, answered: false, triesLeft: true),
        Present('W', ResourceIpStatus.Pending, false, answered: true, triesLeft: true),
        Present('W', ResourceIpStatus.Applying, true, answered: true, triesLeft: true),
        Present('U', ResourceIpStatus.Applying, true, answered: true, triesLeft: false),
        Present('F', ResourceIpStatus.Failed, false, answered: true, triesLeft: false),
        Present('F', ResourceIpStatus.Removing, true, answered: true, triesLeft: true),
        Present('F', ResourceIpStatus.Failed, true, answered: true, triesLeft: false),
        Absent(ResourceIpStatus.Removed, false, EndReason.Expired, 1),
        Absent(ResourceIpStatus.Removed, false, EndReason.Expired, 2),
        Absent(ResourceIpStatus.Removed, false, EndReason.AccessRevoked, 1),
        Absent(ResourceIpStatus.Failed, false, EndReason.AccessRevoked, 2),
        Absent(ResourceIpStatus.Removed, false, EndReason.Manual, 2),
        Absent(ResourceIpStatus.Removed, false, EndReason.Superseded, 3),
        Absent(ResourceIpStatus.Removing, true, EndReason.Expired, 1),
        Absent(ResourceIpStatus.Removing, true, EndReason.AccessRevoked, 2),
        Absent(ResourceIpStatus.Failed, true, EndReason.Expired, 2),
        Absent(ResourceIpStatus.Failed, true, EndReason.Superseded, 3),
    ];

    internal static readonly SessionState[] Previous =
    [
        new(SessionStatus.Pending, null), new(SessionStatus.Active, null), new(SessionStatus.Partial, null), new(SessionStatus.Failed, null),
        .. Enum.GetValues<EndReason>().Where(r => r != EndReason.Superseded).Select(r => new SessionState(SessionStatus.Expiring, r)),
        new(SessionStatus.Expired, EndReason.Expired), new(SessionStatus.Cancelled, EndReason.Manual),
    ];

    internal static readonly List<Kind[]> Multisets = [.. Enumerable.Range(0, 5).SelectMany(size => Pick(size, 0))];

    [Fact]
    public void E17_every_multiset_of_up_to_four_claims_moves_as_the_table_says() => Check((previous, kinds) =>
    {
        var rows = Rows.FindAll(r => r.Fits(previous.Status, kinds));
        if (rows.Count != 1)
            return $"{rows.Count} rows of the table fit";
        var expected = rows[0].Becomes(previous, kinds);
        var actual = SessionStatus.From(previous, Claims(kinds));
        return actual == expected ? null : $"{actual}, expected {expected}";
    });

    [Fact]
    public void E17_the_order_of_the_claims_does_not_matter() => Check((previous, kinds) =>
    {
        var claims = Claims(kinds);
        return SessionStatus.From(previous, claims) == SessionStatus.From(previous, [.. claims.Reverse()]) ? null : "another result in reverse order";
    });

    [Fact]
    public void E17_a_fixed_point_is_reached_in_three_steps_and_stays() => Check((previous, kinds) =>
    {
        var (state, claims) = (previous, Claims(kinds));
        for (var step = 0; step < 3; step++)
        {
            var next = SessionStatus.From(state, claims);
            if (next != state && next.Status == SessionStatus.Expiring)
                claims = [.. claims.Select(c => End(c, next.Reason!.Value))];   // what EXPIRING obliges the caller to
            state = next;
        }

        return SessionStatus.From(state, claims) == state ? null : $"still moving at {state}";
    });

    [Fact]
    public void E17_a_terminal_session_never_moves() => Check((previous, kinds) =>
        !previous.IsTerminal || SessionStatus.From(previous, Claims(kinds)) == previous ? null : "it moved");

    [Fact]
    public void E17_an_expiring_session_never_goes_back_and_keeps_its_reason() => Check((previous, kinds) =>
    {
        if (previous.Status != SessionStatus.Expiring)
            return null;
        var next = SessionStatus.From(previous, Claims(kinds));
        return next.Reason == previous.Reason && next.Status is SessionStatus.Expiring or SessionStatus.Expired or SessionStatus.Cancelled ? null : $"{next}";
    });

    [Fact]
    public void Law_3_no_session_reads_ended_while_a_rule_may_stand_on_its_account() => Check((previous, kinds) =>
    {
        if (previous.IsTerminal)
            return null;
        var next = SessionStatus.From(previous, Claims(kinds));
        return next.IsTerminal && kinds.Any(k => k.Claim.State.MayStand) ? $"{next} while a rule may stand" : null;
    });

    [Fact]
    public void E17_a_session_that_loses_all_its_rules_at_once_ends_for_that_reason() =>
        SessionStatus.From(new(SessionStatus.Active, null), Claims([Kinds[6]])).ShouldBe(new SessionState(SessionStatus.Expiring, EndReason.RulesLost));

    [Fact]
    public void E17_of_two_claims_that_leave_at_the_same_instant_the_one_that_expired_gives_the_reason()
    {
        var both = Claims([Absent(ResourceIpStatus.Removed, false, EndReason.AccessRevoked, 1), Absent(ResourceIpStatus.Removed, false, EndReason.Expired, 1)]);
        SessionStatus.From(new(SessionStatus.Active, null), both).Reason.ShouldBe(EndReason.Expired);
    }

    private static void Check(Func<SessionState, Kind[], string?> fault)
    {
        var faults = (from previous in Previous
                      from kinds in Multisets
                      let what = fault(previous, kinds)
                      where what is not null
                      select $"{previous.Status} {previous.Reason} [{string.Join(", ", kinds.Select(k => k.Name))}]: {what}").Take(20).ToList();
        faults.ShouldBeEmpty();
    }

    internal static SessionClaim[] Claims(Kind[] kinds) => [.. kinds.Select(k => k.Claim)];

    internal static SessionClaim End(SessionClaim claim, EndReason reason) =>
        claim.State.On(RuleEvent.Ended) is { } ended ? claim with { State = ended, Reason = reason, EndedAt = Noon.AddHours(9) } : claim;

    private static IEnumerable<Kind[]> Pick(int size, int from) => size == 0
        ? [[]]
        : Enumerable.Range(from, Kinds.Length - from).SelectMany(first => Pick(size - 1, first).Select(rest => rest.Prepend(Kinds[first]).ToArray()));

    private static Kind Present(char letter, ResourceIpStatus status, bool mayStand, bool answered, bool triesLeft) => new(
        $"{letter} {status}", letter, new SessionClaim(new ClaimState(Wanted.Present, status, mayStand), answered, triesLeft, null, null),
        IsSettled: letter == 'A' || (letter == 'F' && !mayStand));

    private static Kind Absent(ResourceIpStatus status, bool mayStand, EndReason reason, int hour) => new(
        $"ABSENT {status} {reason} {hour} h", '-',
        new SessionClaim(new ClaimState(Wanted.Absent, status, mayStand), true, false, reason, Noon.AddHours(hour)), IsSettled: !mayStand);

    internal sealed record Kind(string Name, char Letter, SessionClaim Claim, bool IsSettled);

    private sealed record Row(string Previous, string Some, string No, string Of, string To)
    {
        public bool Fits(SessionStatus previous, Kind[] kinds)
        {
            var settled = kinds.All(k => k.IsSettled);
            var over = settled && !kinds.Any(k => k.Letter == 'A');
            return Previous.Split(' ').Contains(Name(previous))
                && Some.Split(' ', StringSplitOptions.RemoveEmptyEntries).All(word => kinds.Any(k => word.Contains(k.Letter, StringComparison.Ordinal)))
                && !kinds.Any(k => No.Contains(k.Letter, StringComparison.Ordinal))
                && Of switch { "settled" => settled, "unsettled" => !settled, "over" => over, "standing" => !over, _ => true };
        }

        public SessionState Becomes(SessionState previous, Kind[] kinds) => To switch
        {
            "EXPIRED or CANCELLED" => new(previous.Reason == EndReason.Expired ? SessionStatus.Expired : SessionStatus.Cancelled, previous.Reason),
            "EXPIRING" when previous.IsRunning => new(SessionStatus.Expiring, LastToLeave(kinds)),
            _ => new(Enum.GetValues<SessionStatus>().Single(s => Name(s) == To), previous.Reason),
        };

        // RULES_LOST unless somebody left by a decision. A successor is no decision to leave; of two at once, time is named before policy.
        private static EndReason LastToLeave(Kind[] kinds)
        {
            (DateTimeOffset At, EndReason Reason)? last = null;
            foreach (var claim in kinds.Select(k => k.Claim).Where(c => c.Reason is not null && c.Reason != EndReason.Superseded))
            {
                if (last is not { } l || claim.EndedAt > l.At || (claim.EndedAt == l.At && claim.Reason < l.Reason))
                    last = (claim.EndedAt!.Value, claim.Reason!.Value);
            }

            return last?.Reason ?? EndReason.RulesLost;
        }

        private static string Name(SessionStatus status) => status.ToString().ToUpperInvariant();
    }
}
