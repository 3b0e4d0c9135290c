using EntryGuard.Domain.Net;
using EntryGuard.Domain.Providers;
using EntryGuard.Domain.Rules;
using static EntryGuard.Domain.Tests.Rules.Some;

namespace EntryGuard.Domain.Tests.Rules;

/// <summary>What a comparison finds, and what a removal takes.</summary>
public sealed class DriftTests
{
    private static readonly string AnnsMark = new RuleKey(Web, Ann).OwnerMark(Installation, Key);

    [Fact]
    public void What_is_as_it_should_be_is_no_drift()
    {
        var drift = Drift.From([Applied(1, Ann, Web), Pending(2, Bob, Web), Ended(3, Bob, Sql)], List(Ours("a", Ann, Web), Ours("b", Bob, Sql)), Terms());
        (drift.IsNone, drift.Ours, drift.Foreign.Count).ShouldBe((true, 2, 0));
    }

    [Fact]
    public void E26_a_rule_is_missing_only_of_a_claim_that_stood_and_only_if_the_list_proves_it()
    {
        Drift.From([Applied(1, Ann, Web, Sql), Pending(2, Bob, Web)], List(Ours("a", Ann, Web)), Terms()).Missing.ShouldBe([new RuleKey(Sql, Ann)]);
        Drift.From([Applied(1, Ann, Web)], List() with { IsComplete = false }, Terms()).Missing.ShouldBeEmpty();
        Drift.From([Applied(1, Ann, Web)], List(), Terms(provableFrom: Now.AddTicks(1))).Missing.ShouldBeEmpty();
    }

    [Fact]
    public void A_wanted_mark_on_another_rule_is_altered_and_any_other_mark_of_ours_is_unwanted()
    {
        var wider = Foreign("a", Cidr.Parse("203.0.113.0/24"), Web, AnnsMark);
        var ports = Foreign("b", Ann, Sql, AnnsMark);
        var stray = Ours("c", Bob, Web);
        var theirs = Foreign("d", Bob, Web, "eg:22222222:aaaaaaaaaa");
        var drift = Drift.From([Applied(1, Ann, Web)], List(wider, ports, stray, theirs), Terms());
        drift.Altered.ShouldBe([wider, ports]);
        drift.Unwanted.ShouldBe([stray]);
        drift.Foreign.ShouldBe([theirs]);
        drift.Missing.ShouldBe([new RuleKey(Web, Ann)]);
    }

    [Fact]
    public void What_a_claim_is_taking_off_is_not_found_again() =>
        Drift.From([Ended(1, Ann, Web) with { Mark = AnnsMark, Entries = [new RuleEntry("a", Web)] }], List(Foreign("a", Bob, Web, AnnsMark)), Terms()).IsNone.ShouldBeTrue();

    [Fact]
    public void A_removal_takes_by_mark_and_address_or_by_what_is_named_with_its_mark()
    {
        var removal = new RuleRemoval(new RuleKey(Web, Ann), AnnsMark, [new RuleEntry("moved", Web), new RuleEntry("theirs", Web)]);
        removal.Takes(Ours("unknown", Ann, Web)).ShouldBeTrue();
        removal.Takes(Foreign("moved", Bob, Sql, AnnsMark)).ShouldBeTrue();
        removal.Takes(Foreign("theirs", Ann, Web)).ShouldBeFalse();
        removal.Takes(Foreign("elsewhere", Bob, Web, AnnsMark)).ShouldBeFalse();
        (removal with { OnlyNamed = true }).Takes(Ours("unknown", Ann, Web)).ShouldBeFalse();
        var anybodys = removal with { Mark = RuleKey.AnyMark, OnlyNamed = true };
        (anybodys.Takes(Foreign("theirs", Ann, Web)), anybodys.Takes(Foreign("other", Ann, Web))).ShouldBe((true, false));
    }

    [Fact]
    public void A_claim_about_one_altered_entry_takes_it_and_leaves_the_rule_beside_it()
    {
        var drift = Ended(1, Ann, Sql) with { Mark = AnnsMark, Entries = [new RuleEntry("copy", Sql)] };
        var plan = RulePlan.From([Applied(2, Ann, Web), drift], List(Ours("own", Ann, Web), Foreign("copy", Ann, Sql, AnnsMark)), Terms(), Now);
        var removal = plan.Removals.ShouldHaveSingleItem().Change;
        (removal.OnlyNamed, removal.Takes(Ours("own", Ann, Web)), removal.Takes(Foreign("copy", Ann, Sql, AnnsMark))).ShouldBe((true, false, true));
        RulePlan.From([Applied(2, Ann, Web), drift], List(Ours("own", Ann, Web)), Terms(), Now.AddSeconds(1)).Settlements.ShouldHaveSingleItem().Claim.ShouldBe(Id(1));
    }

    [Theory]
    [InlineData(0, 0, false)]
    [InlineData(2, 2, false)]     // a list of two can be repaired
    [InlineData(3, 15, false)]    // 20 %
    [InlineData(3, 14, true)]
    [InlineData(10, 1000, false)]
    [InlineData(11, 1000, true)]
    public void The_brake_holds_beyond_ten_rules_or_a_fifth_of_what_is_ours(int removals, int ours, bool holds) =>
        DriftBrake.Default.Holds(removals, ours).ShouldBe(holds);
}
