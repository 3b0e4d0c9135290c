using EntryGuard.Domain.Providers;
using EntryGuard.Domain.Sessions;

namespace EntryGuard.Domain.Rules;

/// <summary>How an allow-list differs from what live claims want (E20, E26): what a reconciliation finds.</summary>
/// <param name="Missing">Rules of APPLIED claims that the list does not show.</param>
/// <param name="Altered">Entries with the mark of a rule that is wanted, which open something else: widened, moved to another address or port.</param>
/// <param name="Unwanted">Entries with a mark of ours that no claim wants, and none is taking off.</param>
/// <param name="Foreign">Entries without a mark of ours.</param>
public sealed record Drift(
    IReadOnlyList<RuleKey> Missing, IReadOnlyList<ObservedRule> Altered, IReadOnlyList<ObservedRule> Unwanted, IReadOnlyList<ObservedRule> Foreign)
{
    /// <summary>Entries of ours that are as they should be, or are being taken off.</summary>
    public int Ours { get; private init; }

    /// <summary>Nothing of ours is there that should not be, and nothing is missing; others may have rules there.</summary>
    public bool IsNone => Missing.Count == 0 && Altered.Count == 0 && Unwanted.Count == 0;

    /// <summary>Compares a list with every claim of the allow-list that is live or not settled. Pure.</summary>
    /// <param name="claims">All of them: one left out would be taken for nobody's.</param>
    /// <param name="observed">What the provider showed; an incomplete list has nothing missing.</param>
    /// <param name="terms">Whose marks, which provider, from when on absence can be proven.</param>
    public static Drift From(IReadOnlyCollection<Claim> claims, RuleSnapshot observed, PlanTerms terms)
    {
        ArgumentNullException.ThrowIfNull(claims);
        ArgumentNullException.ThrowIfNull(observed);
        ArgumentNullException.ThrowIfNull(terms);
        var wanted = claims.Where(c => c.State.IsLive).SelectMany(c => c.Rules).ToHashSet();
        var leaving = claims.Where(c => c.State.IsLeaving)
            .SelectMany(c => c.Rules.Select(rule => new RuleRemoval(rule, c.Mark ?? Mark(rule), c.Entries) { OnlyNamed = c.Mark is not null })).ToList();
        var marks = wanted.Select(Mark).ToHashSet();
        var goingMarks = leaving.Select(r => r.Mark).ToHashSet();
        var standing = observed.Rules.Select(r => r.Rule).ToHashSet();
        var ours = 0;
        var (altered, unwanted, foreign) = (new List<ObservedRule>(), new List<ObservedRule>(), new List<ObservedRule>());
        foreach (var entry in observed.Rules)
        {
            if (!entry.IsMarkedBy(terms.Installation))
                foreign.Add(entry);
            else if (wanted.Contains(entry.Rule) || (goingMarks.Contains(entry.Mark!) && leaving.Exists(r => r.Takes(entry))))
                ours++;
            else
                (marks.Contains(entry.Mark!) ? altered : unwanted).Add(entry);
        }

        var provable = observed.IsComplete && !(terms.ProvableFrom > observed.AskedAt);
        var missing = claims.Where(c => provable && c.State is { IsLive: true, Status: ResourceIpStatus.Applied })
            .SelectMany(c => c.Rules).Distinct().Where(rule => !standing.Contains(rule));
        return new Drift([.. missing], altered, unwanted, foreign) { Ours = ours };

        string Mark(RuleKey rule) => rule.OwnerMark(terms.Installation, terms.Key);
    }
}

/// <summary>When a reconciliation stops and asks before it removes what no ended claim asks for. Closings that are due never wait for it (E05).</summary>
/// <param name="MostRules">More than so many at once are not removed without an admin's word.</param>
/// <param name="MostPercent">Nor more than this part of what is ours, once it is more than two rules: a list of five would never be repaired.</param>
public sealed record DriftBrake(int MostRules, int MostPercent)
{
    private const int AlwaysFew = 2;

    /// <summary>10 rules, 20 %.</summary>
    public static DriftBrake Default { get; } = new(10, 20);

    /// <summary>Whether to stop.</summary>
    /// <param name="removals">What would be removed.</param>
    /// <param name="ours">Entries with a mark of ours on the list.</param>
    public bool Holds(int removals, int ours) => removals > MostRules || (removals > AlwaysFew && removals * 100 > ours * MostPercent);
}
