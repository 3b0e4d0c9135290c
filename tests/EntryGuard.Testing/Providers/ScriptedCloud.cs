using System.Collections.Immutable;
using EntryGuard.Domain.Net;
using EntryGuard.Domain.Providers;
using EntryGuard.Domain.Rules;

namespace EntryGuard.Testing.Providers;

/// <summary>What really stands on one scripted allow-list: the truth that tests compare statuses with.</summary>
public sealed class ScriptedCloud
{
    private readonly Lock guard = new();
    private readonly List<StandingRule> rules = [];
    private int lastId;

    /// <summary>Most entries it holds; above it an addition is refused with QUOTA.</summary>
    public int Capacity { get; set; } = 1000;

    /// <summary>What stands now.</summary>
    public IReadOnlyList<StandingRule> Standing
    {
        get
        {
            lock (guard)
                return [.. rules];
        }
    }

    /// <summary>The addresses let in, in canonical order, with prefix length.</summary>
    public IReadOnlyList<string> Rules
    {
        get
        {
            lock (guard)
                return [.. rules.Select(r => r.Rule.Address).Distinct().Order().Select(a => a.ToCidrString())];
        }
    }

    /// <summary>Somebody else adds a rule, by hand.</summary>
    public void AddForeign(string address, Scope scope)
    {
        lock (guard)
            rules.Add(new StandingRule($"r-{++lastId}", new RuleKey(scope, Cidr.Parse(address)), "made by hand", null));
    }

    /// <summary>Somebody else adds a rule, and the provider gives it an id that was ours once.</summary>
    public void Reuse(string id, string address, Scope scope)
    {
        lock (guard)
            rules.Add(new StandingRule(id, new RuleKey(scope, Cidr.Parse(address)), "made by hand", null));
    }

    /// <summary>Somebody else adds a rule with a mark that is not theirs: copies one of ours, or puts an old one back.</summary>
    public void AddMarked(string address, Scope scope, string mark)
    {
        lock (guard)
            rules.Add(new StandingRule($"r-{++lastId}", new RuleKey(scope, Cidr.Parse(address)), mark, null));
    }

    /// <summary>Somebody else makes what lets the address in open something else; id and mark stay.</summary>
    public void Alter(string address, RuleKey to)
    {
        lock (guard)
        {
            var index = rules.FindIndex(r => r.Rule.Address == Cidr.Parse(address));
            rules[index] = rules[index] with { Rule = to };
        }
    }

    /// <summary>Somebody else takes everything off that lets the address in.</summary>
    public int TakeAway(string address)
    {
        lock (guard)
            return rules.RemoveAll(r => r.Rule.Address == Cidr.Parse(address));
    }

    /// <summary>Somebody else takes everything off that lets anybody in to the scope.</summary>
    public int TakeAway(Scope scope)
    {
        lock (guard)
            return rules.RemoveAll(r => r.Rule.Scope == scope);
    }

    /// <summary>The end of everything that stands becomes another, whoever moved it.</summary>
    public void MoveEnds(DateTimeOffset? until)
    {
        lock (guard)
        {
            for (var i = 0; i < rules.Count; i++)
                rules[i] = rules[i] with { Until = until };
        }
    }

    internal RuleOutcome Add(RuleAddition addition)
    {
        lock (guard)
        {
            var same = rules.FindAll(r => r.Rule == addition.Rule);
            if (same.Find(r => r.Mark == addition.Mark) is { } ours)
            {
                rules[rules.IndexOf(ours)] = ours with { Until = addition.Until };
                return new RuleOutcome.AlreadyThere(new RuleEntry(ours.Id, addition.Rule.Scope));
            }

            if (same.Count > 0)
                return new RuleOutcome.SatisfiedByForeign();
            if (rules.Count >= Capacity)
                return new RuleOutcome.Rejected(new RuleFault("QUOTA", $"The list is full: {Capacity} of {Capacity} entries are used.", true));
            var made = new StandingRule($"r-{++lastId}", addition.Rule, addition.Mark, addition.Until);
            rules.Add(made);
            return new RuleOutcome.Applied(new RuleEntry(made.Id, addition.Rule.Scope));
        }
    }

    internal RuleOutcome Remove(RuleRemoval removal)
    {
        lock (guard)
        {
            var gone = rules.RemoveAll(r => removal.Takes(new ObservedRule(r.Rule, r.Id, r.Mark, r.Until)));
            return gone > 0 ? new RuleOutcome.Removed() : new RuleOutcome.AlreadyGone();
        }
    }

    internal IReadOnlyList<ObservedRule> Observe() => [.. Standing.Select(r => new ObservedRule(r.Rule, r.Id, r.Mark, r.Until))];
}

/// <summary>One entry of a scripted allow-list.</summary>
public sealed record StandingRule(string Id, RuleKey Rule, string? Mark, DateTimeOffset? Until);

/// <summary>One call a scripted provider received.</summary>
public sealed record ScriptedCall(DateTimeOffset At, string Verb, ImmutableArray<RuleKey> Removals, ImmutableArray<RuleKey> Additions);
