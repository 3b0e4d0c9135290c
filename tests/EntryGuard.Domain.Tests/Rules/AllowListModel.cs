using System.Collections.Immutable;
using EntryGuard.Domain.Net;
using EntryGuard.Domain.Providers;
using EntryGuard.Domain.Rules;
using EntryGuard.Domain.Sessions;

namespace EntryGuard.Domain.Tests.Rules;

/// <summary>
/// An allow-list and its claims, as values. It carries out plans as a provider would and trusts no answer: what a call did is seen in the
/// next list. The shortest engine there can be.
/// </summary>
internal sealed record AllowListModel(ImmutableArray<Claim> Claims, ImmutableArray<ObservedRule> Rules, PlanTerms Terms, DateTimeOffset Now)
{
    private int NextId { get; init; } = 1;

    public RuleSnapshot List() => new(Rules, IsComplete: true, Now);

    public RulePlan Plan(bool withList = true) => RulePlan.From([.. Claims.Where(c => !c.State.IsSettled || c.State.IsLive)], withList ? List() : null, Terms, Now);

    public string Mark(RuleKey rule) => rule.OwnerMark(Terms.Installation, Terms.Key);

    public bool IsOurs(ObservedRule rule) => rule.Mark?.StartsWith($"eg:{Terms.Installation}:", StringComparison.Ordinal) ?? false;

    /// <summary>What live claims want.</summary>
    public HashSet<RuleKey> Wanted => [.. Claims.Where(c => c.State.IsLive).SelectMany(c => c.Rules)];

    /// <summary>What stands with our mark.</summary>
    public HashSet<RuleKey> Ours => [.. Rules.Where(IsOurs).Select(r => r.Rule)];

    public AllowListModel Without(ResourceIpId claim) => With(claim, c => c with { State = c.State.On(RuleEvent.Ended)!.Value });

    /// <summary>Plans with a list and carries it out until there is nothing left to do.</summary>
    public AllowListModel Settle()
    {
        var model = this;
        for (var round = 0; round < 10; round++)
        {
            var plan = model.Plan();
            if (plan.IsEmpty)
                return model;
            model = model.After(plan);
        }

        throw new InvalidOperationException($"never quiet: {model.Describe()}");
    }

    public AllowListModel After(RulePlan plan)
    {
        var model = this;
        foreach (var removal in plan.Removals)
            model = model.CarryOut(removal.Change);
        foreach (var addition in plan.Additions)
            model = model.CarryOut(addition.Change);
        foreach (var id in plan.Seen)
            model = model.With(id, c => c with { SeenAt = Now });
        foreach (var settlement in plan.Settlements)
            model = model.Write(settlement);
        foreach (var id in plan.Removals.SelectMany(r => r.Claims).Distinct())
            model = model.With(id, c => c with { State = c.State.On(RuleEvent.RemoveStarted)!.Value, AwaitsList = true });
        foreach (var (id, until) in plan.Additions.SelectMany(a => a.Claims.Select(id => (id, a.Change.Until))).GroupBy(x => x.id, (id, all) => (id, all.Min(x => x.Until))))
        {
            model = model.With(id, c => c.State.Status == ResourceIpStatus.Applied
                ? c with { HeldUntil = Terms.Capabilities.HoldsEndTime ? until : null, AwaitsList = false }
                : c with { State = c.State.On(RuleEvent.ApplyStarted) ?? c.State, AwaitsList = true });
        }

        return model;
    }

    public string Describe() => string.Join("; ", Claims.Select(c => $"{c.Id.Value.ToString()[^1..]} {c.State} [{string.Join(", ", c.Rules)}] ends {c.EndsAt:t} held {c.HeldUntil:t}"))
        + " | " + string.Join("; ", Rules.Select(r => $"{r.Id} {r.Rule} {r.Mark} {r.Until:t}"));

    private AllowListModel With(ResourceIpId id, Func<Claim, Claim> change) => this with { Claims = [.. Claims.Select(c => c.Id == id ? change(c) : c)] };

    // Every entry named that still carries a mark of ours, and every entry with the mark and the address (E07).
    private AllowListModel CarryOut(RuleRemoval removal) => this with
    {
        Rules = Rules.RemoveAll(r => (r.Mark == removal.Mark && r.Rule.Address == removal.Rule.Address)
            || (IsOurs(r) && removal.Entries.Any(e => e.Id is not null && e.Id == r.Id))),
    };

    private AllowListModel CarryOut(RuleAddition addition)
    {
        var until = Terms.Capabilities.HoldsEndTime ? addition.Until : (DateTimeOffset?)null;
        if (Rules.Any(r => r.Mark == addition.Mark && r.Rule == addition.Rule))
            return this with { Rules = [.. Rules.Select(r => r.Mark == addition.Mark ? r with { Until = until } : r)] };
        if (Rules.Any(r => r.Rule == addition.Rule))
            return this;   // somebody else's equal rule
        return this with { Rules = Rules.Add(new ObservedRule(addition.Rule, $"new-{NextId}", addition.Mark, until)), NextId = NextId + 1 };
    }

    private AllowListModel Write(Settlement settlement)
    {
        var model = With(settlement.Claim, c => c with
        {
            State = c.State.On(settlement.Event)!.Value,
            AwaitsList = false,
            Entries = settlement.Event == RuleEvent.Lost ? [] : [.. c.Entries.Union(settlement.Entries)],
            SeenAt = settlement.SeenAt ?? c.SeenAt,
            HeldUntil = settlement.HeldUntil,
        });
        foreach (var heir in settlement.Event == RuleEvent.Kept ? settlement.Standing : [])
            model = model.With(heir, c => c with { Entries = [.. c.Entries.Union(settlement.Entries.Where(e => c.Scopes.Contains(e.Scope)))] });
        return model;
    }
}

/// <summary>Short words for claims, rules and terms.</summary>
internal static class Some
{
    public const string Installation = "k7m2p4qx";
    public static readonly AllowListKey Key = new("aws:123456789012:eu-central-1:sg-0123");
    public static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    public static readonly Cidr Ann = Cidr.Parse("203.0.113.7");
    public static readonly Cidr Bob = Cidr.Parse("203.0.113.8");
    public static readonly Scope Web = Scope.Tcp(443);
    public static readonly Scope Sql = Scope.Tcp(5432);

    public static PlanTerms Terms(ProviderCapabilities? capabilities = null, DateTimeOffset? provableFrom = null, bool rebuild = false) =>
        new(Key, Installation, capabilities ?? new ProviderCapabilities(), provableFrom, rebuild);

    public static ResourceIpId Id(int number) => new(new Guid(number, 0, 0, new byte[8]));

    public static Claim Claim(int number, ClaimState state, Cidr address, params ImmutableArray<Scope> scopes) => new()
    {
        Id = Id(number),
        Resource = new ResourceId(new Guid(number, 0, 0, new byte[8])),
        Address = address,
        Scopes = scopes,
        State = state,
        EndsAt = Now.AddHours(1),
        Identity = "account 1",
    };

    public static Claim Pending(int number, Cidr address, params ImmutableArray<Scope> scopes) => Claim(number, ClaimState.New, address, scopes);

    public static Claim Unanswered(int number, Cidr address, params ImmutableArray<Scope> scopes) =>
        Claim(number, new(Wanted.Present, ResourceIpStatus.Applying, true), address, scopes) with { AwaitsList = true };

    public static Claim Applied(int number, Cidr address, params ImmutableArray<Scope> scopes) =>
        Claim(number, new(Wanted.Present, ResourceIpStatus.Applied, true), address, scopes) with
        {
            SeenAt = Now,
            Entries = [.. scopes.Select(s => new RuleEntry($"sgr-{number}-{s}", s))],
        };

    public static Claim Ended(int number, Cidr address, params ImmutableArray<Scope> scopes) =>
        Applied(number, address, scopes) with { State = new(Wanted.Absent, ResourceIpStatus.Removing, true) };

    public static ObservedRule Ours(string id, Cidr address, Scope scope, DateTimeOffset? until = null)
    {
        var rule = new RuleKey(scope, address);
        return new ObservedRule(rule, id, rule.OwnerMark(Installation, Key), until);
    }

    public static ObservedRule Foreign(string id, Cidr address, Scope scope, string? mark = null) => new(new RuleKey(scope, address), id, mark, null);

    public static RuleSnapshot List(params IReadOnlyList<ObservedRule> rules) => new(rules, IsComplete: true, Now);
}
