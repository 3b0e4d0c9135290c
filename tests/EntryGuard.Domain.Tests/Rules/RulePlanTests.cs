using EntryGuard.Domain.Providers;
using EntryGuard.Domain.Rules;
using EntryGuard.Domain.Sessions;
using static EntryGuard.Domain.Tests.Rules.Some;

namespace EntryGuard.Domain.Tests.Rules;

/// <summary>The plan as a table: claims and list on the left, and everything the plan says on the right.</summary>
public sealed class RulePlanTests
{
    private static readonly ProviderCapabilities HoldsEnd = new() { HoldsEndTime = true };
    private static readonly ProviderCapabilities Gate = new() { HoldsEndTime = true, DiesWithProcess = true, SuccessIsProof = true };

    [Fact]
    public void E01_nobody_wants_anything() => Check([], null, "nothing");

    [Fact]
    public void E01_a_wanted_rule_is_opened() => Check([Pending(1, Ann, Web, Sql)], null, "open 203.0.113.7 tcp/443 for 1", "open 203.0.113.7 tcp/5432 for 1");

    [Fact]
    public void E01_two_claims_on_one_rule_are_one_addition() => Check([Pending(1, Ann, Web), Pending(2, Ann, Web)], null, "open 203.0.113.7 tcp/443 for 1, 2");

    [Fact]
    public void E01_a_rule_no_live_claim_wants_is_closed_once_for_all_who_left() =>
        Check([Ended(1, Ann, Web), Ended(2, Ann, Web)], null, "close 203.0.113.7 tcp/443 for 1, 2");

    [Fact]
    public void E01_a_rule_of_another_address_or_scope_keeps_nothing() =>
        Check([Ended(1, Ann, Web), Applied(2, Bob, Web), Applied(3, Ann, Sql)], null, "close 203.0.113.7 tcp/443 for 1");

    [Fact]
    public void E01_an_undoing_and_an_overdue_closing_are_closed_like_any_other() => Check(
        [
            Ended(1, Ann, Web) with { State = new(Wanted.Present, ResourceIpStatus.Removing, true) },
            Ended(2, Bob, Web) with { State = new(Wanted.Absent, ResourceIpStatus.Failed, true) },
        ],
        null,
        "close 203.0.113.7 tcp/443 for 1", "close 203.0.113.8 tcp/443 for 2");

    [Fact]
    public void E01_every_claim_is_asked_for_with_its_own_credential()
    {
        var (first, second) = (new CredentialId(Guid.AllBitsSet), new CredentialId(new Guid(1, 0, 0, new byte[8])));
        Check(
            [
                Ended(1, Ann, Web) with { Credential = first }, Ended(2, Ann, Web) with { Credential = second }, Ended(3, Ann, Web) with { Credential = first },
                Pending(4, Bob, Web) with { Credential = first }, Pending(5, Bob, Web) with { Credential = second },
            ],
            null,
            "close 203.0.113.7 tcp/443 for 1, 3", "close 203.0.113.7 tcp/443 for 2",
            "open 203.0.113.8 tcp/443 for 4", "open 203.0.113.8 tcp/443 for 5");
    }

    [Fact]
    public void E01_the_first_claim_due_asks() => Plan([Ended(1, Ann, Web) with { NextAttemptAt = Now.AddSeconds(9) }, Ended(2, Ann, Web)], null)
        .Removals.Single().Asking.Id.ShouldBe(Id(2));

    [Fact]
    public void E03_a_claim_that_waits_for_its_next_try_is_left_alone() =>
        Check([Pending(1, Ann, Web) with { NextAttemptAt = Now.AddTicks(1) }, Ended(2, Bob, Web) with { NextAttemptAt = Now.AddTicks(1) }], null, "nothing");

    [Fact]
    public void E03_a_claim_is_due_at_the_very_time() => Check([Pending(1, Ann, Web) with { NextAttemptAt = Now }], null, "open 203.0.113.7 tcp/443 for 1");

    [Fact]
    public void E19_a_claim_past_its_end_is_not_opened_nor_shared() => Check(
        [Pending(1, Ann, Web) with { EndsAt = Now }, Pending(2, Bob, Web) with { EndsAt = Now }, Applied(3, Bob, Web)], null, "nothing");

    [Fact]
    public void E06_a_rule_seen_within_a_minute_is_shared_without_a_call()
    {
        var holder = Applied(1, Ann, Web) with { SeenAt = Now.AddSeconds(-60) };
        var plan = Check([holder, Pending(2, Ann, Web)], null, "2 SeenPresent resting on 1");
        plan.Settlements.Single().Entries.ShouldBe(holder.Entries);
        plan.Settlements.Single().SeenAt.ShouldBe(holder.SeenAt);
    }

    [Fact]
    public void E06_a_rule_seen_longer_ago_is_shared_after_a_list()
    {
        Claim[] claims = [Applied(1, Ann, Web) with { SeenAt = Now.AddSeconds(-61) }, Pending(2, Ann, Web)];
        Check(claims, null, "list");
        Check(claims, List(Ours("sgr-1", Ann, Web)), "1 seen", "2 SeenPresent resting on 1");
        Check(claims, List(), "1 Lost", "open 203.0.113.7 tcp/443 for 2");
    }

    [Fact]
    public void E06_a_list_that_took_long_is_still_a_list() => Check(
        [Applied(1, Ann, Web) with { SeenAt = Now.AddHours(-1) }, Pending(2, Ann, Web)],
        List(Ours("sgr-1", Ann, Web)) with { AskedAt = Now.AddSeconds(-90) },
        "1 seen", "2 SeenPresent resting on 1");

    [Fact]
    public void E06_under_another_identity_nothing_is_shared() =>
        Check([Applied(1, Ann, Web), Pending(2, Ann, Web) with { Identity = "account 2" }], null, "open 203.0.113.7 tcp/443 for 2");

    [Fact]
    public void E06_of_several_rules_only_the_missing_one_is_opened() =>
        Check([Applied(1, Ann, Web), Pending(2, Ann, Web, Sql)], null, "open 203.0.113.7 tcp/5432 for 2");

    [Fact]
    public void E06_an_ended_claim_hands_its_entries_to_the_heirs_that_are_applied()
    {
        var ended = Ended(1, Ann, Web);
        var plan = Check([ended, Applied(2, Ann, Web), Applied(3, Ann, Web)], null, "1 Kept resting on 2, 3");
        plan.Settlements.Single().Entries.ShouldBe(ended.Entries);
    }

    [Fact]
    public void E06_while_the_heir_is_not_open_yet_the_ended_claim_waits()
    {
        Check([Ended(1, Ann, Web), Pending(2, Ann, Web)], null, "open 203.0.113.7 tcp/443 for 2");
        Check([Ended(1, Ann, Web), Pending(2, Ann, Web) with { NextAttemptAt = Now.AddSeconds(30) }], null, "nothing");
        Check([Ended(1, Ann, Web), Unanswered(2, Ann, Web) with { NextAttemptAt = Now.AddSeconds(30) }], null, "nothing");
        Check([Ended(1, Ann, Web), Pending(2, Ann, Web) with { NextAttemptAt = Now.AddSeconds(30) }], List(), "nothing");
    }

    [Fact]
    public void E06_when_the_heir_leaves_the_rule_goes() => Check(
        [Ended(1, Ann, Web), Claim(2, new(Wanted.Present, ResourceIpStatus.Failed, false), Ann, Web)], null, "close 203.0.113.7 tcp/443 for 1");

    [Fact]
    public void E06_what_nobody_inherits_goes_and_what_is_inherited_stays()
    {
        Check([Ended(1, Ann, Web, Sql), Applied(2, Ann, Web)], null, "close 203.0.113.7 tcp/5432 for 1");
        Check([Ended(1, Ann, Web, Sql), Applied(2, Ann, Web)], List(Ours("sgr-1", Ann, Web)), "1 Kept resting on 2", "2 seen");
        Check(
            [Ended(1, Ann, Web, Sql), Pending(2, Ann, Web)], List(Ours("sgr-1", Ann, Web)),
            "open 203.0.113.7 tcp/443 for 2");   // 1 is not done: if 2 leaves, its rule must go
    }

    [Fact]
    public void E07_a_removal_names_every_recorded_entry_and_every_listed_one_with_mark_and_address()
    {
        var other = Ended(2, Ann, Web) with { NextAttemptAt = Now.AddHours(1) };
        var moved = Ours("listed-port-edited", Ann, Web) with { Rule = new RuleKey(Sql, Ann) };
        var list = List(
            Ours("listed", Ann, Web), moved,
            Ours("other-address", Ann, Web) with { Rule = new RuleKey(Web, Bob) },
            Ours("other-rule", Ann, Sql), Foreign("foreign", Ann, Web), Foreign("other-installation", Ann, Web, "eg:aaaaaaaa:aaaaaaaaaa"));
        var removal = Plan([Ended(1, Ann, Web), other], list).Removals.Single().Change;
        removal.Mark.ShouldBe(Ours("", Ann, Web).Mark);
        removal.Entries.Select(e => e.Id).ShouldBe(["sgr-1-tcp/443", "sgr-2-tcp/443", "listed", "listed-port-edited"], ignoreOrder: true);
    }

    [Fact]
    public void E07_a_removal_goes_out_even_if_nothing_was_recorded() =>
        Plan([Ended(1, Ann, Web) with { Entries = [] }], null).Removals.Single().Change.Entries.ShouldBeEmpty();

    [Fact]
    public void E09_a_claim_over_several_rules_is_undone_but_for_what_others_hold() => Check(
        [Claim(1, new(Wanted.Present, ResourceIpStatus.Removing, true), Ann, Web, Sql), Applied(2, Ann, Sql)], null, "close 203.0.113.7 tcp/443 for 1");

    [Fact]
    public void E12_before_the_quiet_time_a_list_proves_no_absence()
    {
        var terms = Terms(provableFrom: Now.AddTicks(1));
        var removing = Ended(1, Ann, Web) with { AwaitsList = true };
        Check([removing], List(), terms, "close 203.0.113.7 tcp/443 for 1");
        Check([Unanswered(1, Ann, Web)], List(), terms, "1 unclear");
        Check([Applied(1, Ann, Web)], List(), terms, "nothing");
        Check([removing], List(), Terms(provableFrom: Now), "1 SeenGone");
        Check([Unanswered(1, Ann, Web)], List(), Terms(provableFrom: Now), "1 NotMade");
        Check([Applied(1, Ann, Web)], List(), Terms(provableFrom: Now), "1 Lost");
    }

    [Fact]
    public void E12_a_removal_without_an_answer_may_still_take_off_what_the_list_shows()
    {
        Claim[] claims = [Ended(1, Ann, Web) with { AwaitsList = true, NextAttemptAt = Now.AddSeconds(9) }, Unanswered(2, Ann, Web)];
        Check(claims, List(Ours("sgr-1", Ann, Web)), Terms(provableFrom: Now.AddSeconds(9)), "2 unclear");
        Check(claims, List(Ours("sgr-1", Ann, Web)), Terms(provableFrom: Now), "2 SeenPresent");
    }

    [Fact]
    public void E13_an_unanswered_opening_is_read_back_before_anything_is_sent()
    {
        Check([Unanswered(1, Ann, Web)], null, "list");
        var plan = Check([Unanswered(1, Ann, Web)], List(Ours("sgr-9", Ann, Web)), "1 SeenPresent");
        plan.Settlements.Single().Entries.ShouldBe([new RuleEntry("sgr-9", Web)]);
        plan.Settlements.Single().SeenAt.ShouldBe(Now);
        Check([Unanswered(1, Ann, Web)], List(), "1 NotMade");
        Check([Unanswered(1, Ann, Web) with { NextAttemptAt = Now.AddSeconds(30) }], List(), "nothing");
    }

    [Fact]
    public void E13_half_made_is_neither_made_nor_not_made()
    {
        var plan = Check([Unanswered(1, Ann, Web, Sql)], List(Ours("sgr-9", Ann, Sql)), "1 HalfMade");
        plan.Settlements.Single().Entries.ShouldBe([new RuleEntry("sgr-9", Sql)]);
        var half = Claim(1, new(Wanted.Present, ResourceIpStatus.Pending, true), Ann, Web, Sql);
        Check([half], null, "open 203.0.113.7 tcp/443 for 1", "open 203.0.113.7 tcp/5432 for 1");
    }

    [Fact]
    public void E13_a_removal_without_an_answer_needs_a_list_and_goes_out_again_if_there_is_none()
    {
        var removing = Ended(1, Ann, Web) with { AwaitsList = true };
        Check([removing], null, "list", "close 203.0.113.7 tcp/443 for 1");
        Check([removing], List(Ours("sgr-1", Ann, Web)), "close 203.0.113.7 tcp/443 for 1");
        Check([removing], List(), "1 SeenGone");
    }

    [Fact]
    public void E14_an_incomplete_list_proves_presence_never_absence()
    {
        var incomplete = List(Ours("sgr-1", Ann, Web)) with { IsComplete = false };
        Check([Unanswered(1, Ann, Web), Unanswered(2, Bob, Web)], incomplete, "1 SeenPresent", "2 unclear");
        Check([Applied(1, Ann, Web), Applied(2, Bob, Web)], incomplete, "1 seen");
        Check([Ended(1, Bob, Web) with { AwaitsList = true }], incomplete, "close 203.0.113.8 tcp/443 for 1");
    }

    [Fact]
    public void E14_a_list_within_the_read_delay_of_a_sighting_proves_no_absence()
    {
        var terms = Terms(new ProviderCapabilities { ReadDelay = TimeSpan.FromSeconds(5) });
        Check([Applied(1, Ann, Web) with { SeenAt = Now.AddSeconds(-4) }], List(), terms, "nothing");
        Check([Applied(1, Ann, Web) with { SeenAt = Now.AddSeconds(-5) }], List(), terms, "1 Lost");
        Check([Ended(1, Ann, Web) with { SeenAt = Now.AddSeconds(-4) }], List(), terms, "close 203.0.113.7 tcp/443 for 1");
        Check([Ended(1, Ann, Web) with { SeenAt = Now.AddSeconds(-5) }], List(), terms, "1 SeenGone");
    }

    [Fact]
    public void E14_a_closing_whose_look_is_not_due_is_not_decided_by_another_claims_list() =>
        Check([Ended(1, Ann, Web) with { NextAttemptAt = Now.AddSeconds(3) }], List(), "nothing");

    [Fact]
    public void Law_4_somebody_elses_equal_rule_satisfies_a_claim_and_survives_it()
    {
        var foreign = Foreign("sgr-foreign", Ann, Web);
        var plan = Check([Unanswered(1, Ann, Web)], List(foreign), "1 SeenPresent");
        plan.Settlements.Single().Entries.ShouldBeEmpty();
        Check([Ended(1, Ann, Web) with { Entries = [] }], List(foreign), "1 SeenGone");
        Check([Applied(1, Ann, Web)], List(foreign), "1 seen");
    }

    [Fact]
    public void E06_an_extension_is_a_change_and_nobody_is_applied_before_the_provider_holds_it()
    {
        Claim[] claims = [Applied(1, Ann, Web) with { HeldUntil = Now.AddHours(1) }, Pending(2, Ann, Web) with { EndsAt = Now.AddHours(2) }];
        var plan = Check(claims, null, Terms(HoldsEnd), "open 203.0.113.7 tcp/443 for 1, 2");
        plan.Additions.Single().Change.Until.ShouldBe(Now.AddHours(2));
    }

    [Fact]
    public void E06_a_claim_that_ends_no_later_shares_the_end_that_is_held()
    {
        Claim[] claims = [Applied(1, Ann, Web) with { HeldUntil = Now.AddHours(1) }, Pending(2, Ann, Web) with { EndsAt = Now.AddMinutes(30) }];
        Check(claims, null, Terms(HoldsEnd), "2 SeenPresent resting on 1").Settlements.Single().HeldUntil.ShouldBe(Now.AddHours(1));
    }

    [Fact]
    public void E06_an_end_that_comes_earlier_is_shortened()
    {
        var plan = Check([Applied(1, Ann, Web) with { HeldUntil = Now.AddHours(3) }], null, Terms(HoldsEnd), "open 203.0.113.7 tcp/443 for 1");
        plan.Additions.Single().Change.Until.ShouldBe(Now.AddHours(1));
        Check([Applied(1, Ann, Web) with { HeldUntil = Now.AddHours(1) }], null, Terms(HoldsEnd), "nothing");
        Check([Applied(1, Ann, Web) with { HeldUntil = Now.AddHours(3), EndsAt = Now }], null, Terms(HoldsEnd), "nothing");
        Check([Applied(1, Ann, Web) with { HeldUntil = Now.AddHours(3), NextAttemptAt = Now.AddSeconds(1) }], null, Terms(HoldsEnd), "nothing");
    }

    [Fact]
    public void E06_an_end_that_is_not_known_to_be_held_is_looked_at_and_moved_again_if_need_be()
    {
        var claim = Applied(1, Ann, Web, Sql) with { AwaitsList = true };
        Check([claim], null, Terms(HoldsEnd), "list");
        Check([claim with { NextAttemptAt = Now.AddSeconds(1) }], null, Terms(HoldsEnd), "nothing");
        Check([claim], List(Ours("a", Ann, Web, claim.EndsAt), Ours("b", Ann, Sql, claim.EndsAt)), Terms(HoldsEnd), "1 SeenPresent", "1 seen")
            .Settlements.Single().HeldUntil.ShouldBe(claim.EndsAt);
        Check([claim], List(Ours("a", Ann, Web, claim.EndsAt), Ours("b", Ann, Sql, Now.AddMinutes(1))), Terms(HoldsEnd),
            "open 203.0.113.7 tcp/443 for 1", "open 203.0.113.7 tcp/5432 for 1", "1 seen");
        Check([claim], List(Ours("a", Ann, Web, claim.EndsAt), Ours("b", Ann, Sql, claim.EndsAt)), Terms(HoldsEnd, provableFrom: Now.AddSeconds(1)),
            "1 seen", "1 unclear");
        Check([claim with { AwaitsList = false }], null, Terms(HoldsEnd), "open 203.0.113.7 tcp/443 for 1", "open 203.0.113.7 tcp/5432 for 1");
    }

    [Fact]
    public void E06_rules_of_one_claim_that_end_at_different_times_come_to_rest()
    {
        // 1 wants web and sql for an hour; 2 wants web for two. Web is held for two hours, sql for one; 1 knows the earlier.
        Claim[] claims =
        [
            Applied(1, Ann, Web, Sql) with { HeldUntil = Now.AddHours(1) },
            Applied(2, Ann, Web) with { EndsAt = Now.AddHours(2), HeldUntil = Now.AddHours(2) },
        ];
        Check(claims, null, Terms(HoldsEnd), "nothing");
    }

    [Fact]
    public void E13_a_rule_read_back_with_the_wrong_end_is_moved_and_one_with_the_right_end_is_present()
    {
        var claim = Unanswered(1, Ann, Web, Sql);
        Check([claim], List(Ours("a", Ann, Web, Now), Ours("b", Ann, Sql, Now)), Terms(HoldsEnd),
            "open 203.0.113.7 tcp/443 for 1", "open 203.0.113.7 tcp/5432 for 1");
        Check([claim], List(Ours("a", Ann, Web, claim.EndsAt), Ours("b", Ann, Sql, claim.EndsAt)), Terms(HoldsEnd), "1 SeenPresent");
        Check([claim], List(Ours("a", Ann, Web, claim.EndsAt), Foreign("f", Ann, Sql)), Terms(HoldsEnd), "1 SeenPresent");
    }

    [Fact]
    public void E12_after_a_restart_an_allow_list_that_died_is_rebuilt_at_once()
    {
        var stands = Applied(1, Ann, Web) with { HeldUntil = Now.AddHours(1) };
        var gone = Applied(2, Bob, Web) with { HeldUntil = Now.AddHours(1) };
        var over = Applied(3, Bob, Sql) with { HeldUntil = Now, EndsAt = Now };
        Check([stands, gone, over], null, Terms(Gate, rebuild: true), "list");
        Check([stands, gone, over], List(Ours("a", Ann, Web)), Terms(Gate, rebuild: true), "1 seen", "open 203.0.113.8 tcp/443 for 2");
        Check([stands, gone, over], null, Terms(Gate), "nothing");
    }

    [Fact]
    public void E26_a_rule_that_is_gone_is_lost_by_every_claim_on_it() =>
        Check([Applied(1, Ann, Web), Applied(2, Ann, Web), Applied(3, Bob, Web)], List(Ours("b", Bob, Web)), "1 Lost", "2 Lost", "3 seen");

    [Fact]
    public void E26_a_claim_of_which_one_rule_is_lost_answers_for_the_other()
    {
        var plan = Check([Applied(1, Ann, Web, Sql)], List(Ours("sgr-9", Ann, Sql)), "1 HalfMade");
        plan.Settlements.Single().Entries.ShouldBe([new RuleEntry("sgr-9", Sql)]);
    }

    [Fact]
    public void E16_a_closing_is_planned_whatever_else_waits_for_a_list() => Check(
        [Ended(1, Ann, Web), Unanswered(2, Bob, Web), Pending(3, Bob, Sql)], null,
        "close 203.0.113.7 tcp/443 for 1", "list", "open 203.0.113.8 tcp/5432 for 3");

    private static RulePlan Plan(IReadOnlyCollection<Claim> claims, RuleSnapshot? list, PlanTerms? terms = null) =>
        RulePlan.From(claims, list, terms ?? Terms(), Now);

    private static RulePlan Check(IReadOnlyCollection<Claim> claims, RuleSnapshot? list, params string[] expected) => Check(claims, list, Terms(), expected);

    private static RulePlan Check(IReadOnlyCollection<Claim> claims, RuleSnapshot? list, PlanTerms terms, params string[] expected)
    {
        var plan = Plan(claims, list, terms);
        Words(plan).DefaultIfEmpty("nothing").ShouldBe(expected, ignoreOrder: true);
        return plan;
    }

    private static IEnumerable<string> Words(RulePlan plan) =>
    [
        .. plan.NeedsList ? ["list"] : Array.Empty<string>(),
        .. plan.Removals.Select(r => $"close {r.Change.Rule.Address} {r.Change.Rule.Scope} for {Numbers(r.Claims)}"),
        .. plan.Additions.Select(a => $"open {a.Change.Rule.Address} {a.Change.Rule.Scope} for {Numbers(a.Claims)}"),
        .. plan.Settlements.Select(s => $"{Number(s.Claim)} {s.Event}" + (s.Standing.Count > 0 ? $" resting on {Numbers(s.Standing)}" : "")),
        .. plan.Seen.Select(id => $"{Number(id)} seen"),
        .. plan.Unclear.Select(id => $"{Number(id)} unclear"),
    ];

    private static string Numbers(IEnumerable<ResourceIpId> ids) => string.Join(", ", ids.Select(Number));

    private static string Number(ResourceIpId id) => BitConverter.ToInt32(id.Value.ToByteArray()).ToString(System.Globalization.CultureInfo.InvariantCulture);
}
