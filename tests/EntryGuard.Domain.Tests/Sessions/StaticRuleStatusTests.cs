using EntryGuard.Domain.Sessions;
using static EntryGuard.Domain.Tests.Sessions.SessionStatusTests;

namespace EntryGuard.Domain.Tests.Sessions;

/// <summary>The same claims as of sessions, owned by a static rule.</summary>
public sealed class StaticRuleStatusTests
{
    // Columns as for sessions. "expired": a claim ended because its time was up. "over": all settled, none live; "settled": all settled.
    private const string Table = """
        previous                      | some   | no    | expired | claims    | becomes
        PENDING FAILED                | T      |       | no      |           | PENDING
        PENDING FAILED                | WU     | A T   | no      |           | PENDING
        PENDING FAILED                | A      | TWUF  | no      |           | ACTIVE
        PENDING FAILED                | A WUF  | T     | no      |           | PARTIAL
        PENDING                       | F      | ATWU  | no      | unsettled | PENDING
        PENDING                       | F      | ATWU  | no      | settled   | FAILED
        ACTIVE PARTIAL FAILED         | F      | ATWU  | no      |           | FAILED
        PENDING ACTIVE PARTIAL FAILED |        | ATWUF | no      |           | FAILED
        ACTIVE PARTIAL                | A      | TWUF  | no      |           | ACTIVE
        ACTIVE PARTIAL                | A TWUF |       | no      |           | PARTIAL
        ACTIVE PARTIAL                | TWU    | A     | no      |           | PARTIAL
        PENDING ACTIVE PARTIAL FAILED |        |       | yes     |           | EXPIRING
        EXPIRING                      |        |       |         | standing  | EXPIRING
        EXPIRING                      |        |       |         | over      | EXPIRED or CANCELLED
        EXPIRED                       |        |       |         |           | EXPIRED
        CANCELLED                     |        |       |         |           | CANCELLED
        """;

    private static readonly List<Row> Rows =
        [.. Table.Split('\n').Skip(1).Select(line => line.Split('|', StringSplitOptions.TrimEntries)).Select(c => new Row(c[0], c[1], c[2], c[3], c[4], c[5]))];

    [Fact]
    public void E17_every_multiset_of_up_to_four_claims_moves_a_static_rule_as_the_table_says() => Check((previous, kinds) =>
    {
        var rows = Rows.FindAll(r => r.Fits(previous.Status, kinds));
        if (rows.Count != 1)
            return $"{rows.Count} rows of the table fit";
        var expected = rows[0].Becomes(previous);
        var actual = SessionStatus.FromStatic(previous, Claims(kinds));
        return actual == expected ? null : $"{actual}, expected {expected}";
    });

    [Fact]
    public void E17_a_static_rule_reaches_its_fixed_point_in_three_steps_and_stays() => Check((previous, kinds) =>
    {
        var (state, claims) = (previous, Claims(kinds));
        for (var step = 0; step < 3; step++)
        {
            var next = SessionStatus.FromStatic(state, claims);
            if (next != state && next.Status == SessionStatus.Expiring)
                claims = [.. claims.Select(c => End(c, next.Reason!.Value))];
            state = next;
        }

        return SessionStatus.FromStatic(state, claims) == state ? null : $"still moving at {state}";
    });

    [Fact]
    public void Law_3_no_static_rule_reads_ended_while_a_rule_may_stand_on_its_account() => Check((previous, kinds) =>
    {
        if (previous.IsTerminal)
            return null;
        var next = SessionStatus.FromStatic(previous, Claims(kinds));
        return next.Status is SessionStatus.Expired or SessionStatus.Cancelled && kinds.Any(k => k.Claim.State.MayStand) ? $"{next} while a rule may stand" : null;
    });

    [Fact]
    public void E17_only_its_own_expiry_ends_a_static_rule_by_itself() => Check((previous, kinds) =>
        previous.Status is SessionStatus.Expiring or SessionStatus.Expired or SessionStatus.Cancelled
            || SessionStatus.FromStatic(previous, Claims(kinds)).Status != SessionStatus.Expiring
            || kinds.Any(k => k.Claim.Reason == EndReason.Expired) ? null : "it ended");

    private static void Check(Func<SessionState, Kind[], string?> fault)
    {
        var faults = (from previous in Previous
                      from kinds in Multisets
                      let what = fault(previous, kinds)
                      where what is not null
                      select $"{previous.Status} {previous.Reason} [{string.Join(", ", kinds.Select(k => k.Name))}]: {what}").Take(20).ToList();
        faults.ShouldBeEmpty();
    }

    private sealed record Row(string Previous, string Some, string No, string Expired, string Of, string To)
    {
        public bool Fits(SessionStatus previous, Kind[] kinds)
        {
            var settled = kinds.All(k => k.IsSettled);
            var over = settled && !kinds.Any(k => k.Letter == 'A');
            var expired = kinds.Any(k => k.Claim.Reason == EndReason.Expired);
            return Previous.Split(' ').Contains(Name(previous))
                && Some.Split(' ', StringSplitOptions.RemoveEmptyEntries).All(word => kinds.Any(k => word.Contains(k.Letter, StringComparison.Ordinal)))
                && !kinds.Any(k => No.Contains(k.Letter, StringComparison.Ordinal))
                && Expired switch { "yes" => expired, "no" => !expired, _ => true }
                && Of switch { "settled" => settled, "unsettled" => !settled, "over" => over, "standing" => !over, _ => true };
        }

        public SessionState Becomes(SessionState previous) => To switch
        {
            "EXPIRED or CANCELLED" => new(previous.Reason == EndReason.Expired ? SessionStatus.Expired : SessionStatus.Cancelled, previous.Reason),
            "EXPIRING" when previous.Status != SessionStatus.Expiring => new(SessionStatus.Expiring, EndReason.Expired),
            _ => new(Enum.GetValues<SessionStatus>().Single(s => Name(s) == To), previous.Reason),
        };

        private static string Name(SessionStatus status) => status.ToString().ToUpperInvariant();
    }
}
