using CsCheck;
using EntryGuard.Domain.Net;
using EntryGuard.Domain.Providers;
using EntryGuard.Domain.Rules;
using EntryGuard.Domain.Sessions;

namespace EntryGuard.Domain.Tests.Rules;

/// <summary>What holds for every plan, on allow-lists in any state, with rules of others on them.</summary>
public sealed class RulePlanPropertyTests
{
    // Some two seconds in all.
    private const long Samples = 600;

    private static readonly Cidr[] Addresses = [Some.Ann, Some.Bob];
    private static readonly Scope[] Scopes = [Some.Web, Some.Sql, new("udp", 6000, 6010)];

    private static readonly ClaimState[] States =
    [
        ClaimState.New,
        new(Wanted.Present, ResourceIpStatus.Pending, true),
        new(Wanted.Present, ResourceIpStatus.Applying, true),
        new(Wanted.Present, ResourceIpStatus.Applied, true),
        new(Wanted.Present, ResourceIpStatus.Removing, true),
        new(Wanted.Present, ResourceIpStatus.Failed, true),
        new(Wanted.Present, ResourceIpStatus.Failed, false),
        new(Wanted.Absent, ResourceIpStatus.Removing, true),
        new(Wanted.Absent, ResourceIpStatus.Failed, true),
        new(Wanted.Absent, ResourceIpStatus.Removed, false),
    ];

    private static readonly Gen<ProviderCapabilities> GenProvider = Gen.OneOf(
        new ProviderCapabilities(), new ProviderCapabilities { HoldsEndTime = true }, new ProviderCapabilities { HoldsEndTime = true, DiesWithProcess = true });

    // An allow-list with one to six claims of which anything may stand that may stand, and with rules of others.
    private static readonly Gen<AllowListModel> GenModel = Gen.Select(
        GenProvider,
        Gen.Select(Gen.OneOf(States), Gen.OneOf(Addresses), Gen.Int[1, 7], Gen.Int[0, 7], Gen.Int[1, 3], Gen.Int[0, 3]).Array[1, 6],
        Gen.Select(Gen.OneOf(Addresses), Gen.OneOf(Scopes), Gen.Bool).Array[0, 3],
        (provider, claims, foreign) =>
        {
            var terms = Some.Terms(provider);
            var rules = new Dictionary<RuleKey, ObservedRule>();
            foreach (var (address, scope, marked) in foreign)
                rules[new(scope, address)] = Some.Foreign($"foreign-{scope}-{address}", address, scope, marked ? "eg:aaaaaaaa:aaaaaaaaaa" : null);
            var all = claims.Select((c, i) => Make(i + 1, c.Item1, c.Item2, c.Item3, c.Item5, c.Item6)).ToList();
            foreach (var (claim, stand) in all.Zip(claims, (claim, c) => (claim, c.Item4)))
            {
                foreach (var rule in claim.Rules.Where(r => claim.State.MayStand && !rules.ContainsKey(r)))
                {
                    if (claim.State.Status == ResourceIpStatus.Applied || (stand & (1 << Array.IndexOf(Scopes, rule.Scope))) != 0)
                        rules[rule] = Some.Ours($"sgr-{rule}", rule.Address, rule.Scope, provider.HoldsEndTime ? Some.Now.AddHours(1 + (stand % 3)) : null);
                }
            }

            return new AllowListModel([.. all.Select(c => Held(Record(c, rules), rules))], [.. rules.Values], terms, Some.Now);
        });

    [Fact]
    public void A_plan_carried_out_and_planned_again_is_empty_in_the_end() => Sample(model =>
    {
        var quiet = model.Settle();
        quiet.Plan().IsEmpty.ShouldBeTrue();
        quiet.Claims.ShouldAllBe(c => c.State.IsSettled);
    });

    [Fact]
    public void A_plan_made_with_a_list_and_carried_out_leaves_nothing_to_call() => Sample(model =>
    {
        // An opening that was never made goes out when that is known, which is one plan later.
        if (model.Claims.Any(c => c.AwaitsList))
            return;
        // A claim knows one end for all its rules: that one of them is held too long may show only when another claim is read back.
        if (model.Terms.Capabilities.HoldsEndTime && model.Claims.Any(c => c.Scopes.Length > 1))
            return;
        var again = model.After(model.Plan()).Plan();
        again.Removals.ShouldBeEmpty();
        again.Additions.ShouldBeEmpty();
    });

    [Fact]
    public void E01_what_stands_with_our_mark_is_what_live_claims_want_and_nobody_else_gives() => Sample(model =>
    {
        var quiet = model.Settle();
        var given = quiet.Rules.Where(r => !quiet.IsOurs(r)).Select(r => r.Rule).ToHashSet();
        quiet.Ours.ShouldBeSubsetOf(quiet.Wanted);
        quiet.Wanted.Except(given).ShouldBeSubsetOf(quiet.Ours);
    });

    [Fact]
    public void E01_the_end_of_the_last_claim_takes_the_rule_off_and_the_end_of_the_last_but_one_does_not() =>
        Gen.Select(GenModel, Gen.Int[0, int.MaxValue]).Sample((start, order) =>
        {
            var model = start.Settle();
            var random = new Random(order);
            while (model.Claims.Where(c => c.State.IsLive).ToArray() is { Length: > 0 } live)
            {
                var leaving = live[random.Next(live.Length)];
                var before = model;
                model = model.Without(leaving.Id).Settle();
                foreach (var rule in before.Wanted)
                    model.Ours.Contains(rule).ShouldBe(before.Ours.Contains(rule) && model.Wanted.Contains(rule), $"{rule}: {before.Describe()}");
            }

            model.Ours.ShouldBeEmpty();
        }, iter: Samples / 4, print: p => p.Item1.Describe());

    [Fact]
    public void Law_4_a_plan_never_touches_a_rule_that_is_not_ours() => Sample(model =>
    {
        foreach (var plan in new[] { model.Plan(), model.Plan(withList: false) })
        {
            var foreign = model.Rules.Where(r => !model.IsOurs(r)).Select(r => r.Id).ToHashSet();
            plan.Removals.SelectMany(r => r.Change.Entries).ShouldAllBe(e => !foreign.Contains(e.Id));
            plan.Removals.ShouldAllBe(r => r.Change.Mark == model.Mark(r.Change.Rule));
            plan.Additions.ShouldAllBe(a => a.Change.Mark == model.Mark(a.Change.Rule));
        }

        model.Settle().Rules.Where(r => !model.IsOurs(r)).ShouldBe(model.Rules.Where(r => !model.IsOurs(r)), ignoreOrder: true);
    });

    [Fact]
    public void Law_2_a_due_removal_is_in_the_plan_whatever_else_is_there() => Sample(model =>
    {
        var plan = model.Plan(withList: false);
        var due = model.Claims.Where(c => c.State.IsLeaving).SelectMany(c => c.Rules.Where(r => !model.Wanted.Contains(r)).Select(rule => (rule, c.Id))).ToList();
        plan.Removals.SelectMany(r => r.Claims.Select(id => (r.Change.Rule, id))).ShouldBe(due, ignoreOrder: true);
        plan.Removals.Select(r => r.Change.Rule).ShouldBeUnique();
        plan.Removals.Select(r => r.Change.Rule).ShouldAllBe(rule => !model.Wanted.Contains(rule));
    });

    [Fact]
    public void E01_a_plan_opens_only_what_is_wanted_each_rule_once_and_until_the_latest_end() => Sample(model =>
    {
        foreach (var plan in new[] { model.Plan(), model.Plan(withList: false) })
        {
            plan.Additions.Select(a => a.Change.Rule).ShouldBeUnique();
            foreach (var addition in plan.Additions.Select(a => a.Change))
                addition.Until.ShouldBe(model.Claims.Where(c => c.State.IsLive && c.Rules.Contains(addition.Rule)).Max(c => c.EndsAt));
        }
    });

    [Fact]
    public void Law_3_a_claim_is_settled_once_and_only_by_what_can_happen_to_it() => Sample(model =>
    {
        foreach (var plan in new[] { model.Plan(), model.Plan(withList: false) })
        {
            plan.Settlements.Select(s => s.Claim).ShouldBeUnique();
            foreach (var settlement in plan.Settlements)
                model.Claims.Single(c => c.Id == settlement.Claim).State.On(settlement.Event).ShouldNotBeNull($"{settlement.Event}");
            plan.Settlements.Select(s => s.Claim).Intersect(plan.Unclear).ShouldBeEmpty();
            plan.Settlements.Select(s => s.Claim).Intersect(plan.Removals.SelectMany(r => r.Claims).Concat(plan.Additions.SelectMany(a => a.Claims))).ShouldBeEmpty();
        }
    });

    [Fact]
    public void E14_nothing_is_gone_or_lost_by_a_list_that_is_incomplete_or_too_early() => Sample(model =>
    {
        var claims = model.Claims.Where(c => !c.State.IsSettled || c.State.IsLive).ToList();
        foreach (var plan in new[]
        {
            RulePlan.From(claims, model.List() with { IsComplete = false, Rules = [] }, model.Terms, model.Now),
            RulePlan.From(claims, model.List() with { Rules = [] }, model.Terms with { ProvableFrom = model.Now.AddTicks(1) }, model.Now),
        })
            plan.Settlements.ShouldAllBe(s => s.Event == RuleEvent.Kept);
    });

    [Fact]
    public void E06_where_ends_are_held_every_rule_is_held_as_long_as_it_is_wanted() => Sample(model =>
    {
        if (!model.Terms.Capabilities.HoldsEndTime)
            return;
        var quiet = model.Settle();
        foreach (var rule in quiet.Rules.Where(quiet.IsOurs))
            rule.Until!.Value.ShouldBeGreaterThanOrEqualTo(quiet.Claims.Where(c => c.State.IsLive && c.Rules.Contains(rule.Rule)).Max(c => c.EndsAt));
    });

    private static void Sample(Action<AllowListModel> holds) => GenModel.Sample(holds, iter: Samples, print: m => m.Describe());

    private static Claim Make(int number, ClaimState state, Cidr address, int scopes, int hours, int sightings) =>
        Some.Claim(number, state, address, [.. Scopes.Where((_, i) => (scopes & (1 << i)) != 0)]) with
        {
            EndsAt = Some.Now.AddHours(hours),
            AwaitsList = state.Status == ResourceIpStatus.Applying || ((state.IsLeaving || state.Status == ResourceIpStatus.Applied) && hours == 3),
            SeenAt = state.Status == ResourceIpStatus.Applied ? Some.Now.AddSeconds(-40 * sightings) : null,
        };

    // An open claim knows the earliest end that is held for its rules; it need not be the right one.
    private static Claim Held(Claim claim, Dictionary<RuleKey, ObservedRule> rules) => claim.State.Status == ResourceIpStatus.Applied
        ? claim with { HeldUntil = claim.Rules.Select(r => rules[r].Until).Min() }
        : claim;

    // What stands was recorded, by those who may have made it; not by all of them.
    private static Claim Record(Claim claim, Dictionary<RuleKey, ObservedRule> rules) => !claim.State.MayStand || claim.EndsAt == Some.Now.AddHours(2)
        ? claim
        : claim with
        {
            Entries = [.. claim.Rules.Where(rules.ContainsKey).Select(r => rules[r]).Where(r => r.Mark == r.Rule.OwnerMark(Some.Installation, Some.Key))
                .Select(r => new RuleEntry(r.Id, r.Rule.Scope))],
        };
}
