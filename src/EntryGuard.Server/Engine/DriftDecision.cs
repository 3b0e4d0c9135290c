using System.Collections.Immutable;
using EntryGuard.Domain;
using EntryGuard.Domain.Net;
using EntryGuard.Domain.Providers;
using EntryGuard.Domain.Rules;
using EntryGuard.Server.Data;

namespace EntryGuard.Server.Engine;

/// <summary>Why an entry is to go.</summary>
internal enum DriftKind
{
    /// <summary>It was seen gone when its claim ended, and stands again.</summary>
    FoundAgain,

    /// <summary>It carries a mark of ours, and no claim ever accounted for it, as far as the history goes.</summary>
    Stray,

    /// <summary>It carries the mark of a rule that is wanted, and opens something else.</summary>
    Altered,

    /// <summary>Somebody else's, on a list that was declared wholly ours.</summary>
    Foreign,
}

/// <summary>An entry that is to go.</summary>
/// <param name="Owner">Of the claim it was, or should be, the rule of; null: none is known.</param>
/// <param name="Resource">Of that claim.</param>
/// <param name="Of">That claim.</param>
internal sealed record DriftFind(ObservedRule Entry, DriftKind Kind, SessionId? Owner, ResourceId? Resource, ResourceIpId? Of)
{
    /// <summary>False: it could be told apart from what is wanted by its id alone, and has none. A claim about it would read REMOVED while it stands.</summary>
    public bool CanBeTaken(LoadedAllowList load) => Entry.Id is not null || MarkToTake(load) is null;

    /// <summary>The mark by which it is taken, where that is not the mark of its own rule; null: it is.</summary>
    public string? MarkToTake(LoadedAllowList load) => Kind switch
    {
        DriftKind.Foreign => RuleKey.AnyMark,
        DriftKind.Altered => Entry.Mark,
        _ => Entry.Mark == Entry.Rule.OwnerMark(load.Installation, load.Key) ? null : Entry.Mark,
    };
}

/// <summary>A claim whose rules were seen gone.</summary>
internal sealed record EndedClaim(ResourceIpId Id, OrganizationId Organization, SessionId Session, ResourceId Resource, Cidr Address, ImmutableArray<Scope> Scopes, DateTimeOffset RemovedAt);

/// <summary>An entry that stands though its claim's rules were seen gone.</summary>
public sealed record FoundAgain
{
    internal FoundAgain(ObservedRule entry, EndedClaim claim) => (Entry, Claim) = (entry, claim);

    /// <summary>As listed.</summary>
    public ObservedRule Entry { get; }

    /// <summary>Whose claim it was.</summary>
    public OrganizationId Organization => Claim.Organization;

    internal EndedClaim Claim { get; }
}

/// <summary>What a reconciliation does about what it found (E05, E20).</summary>
/// <param name="FoundAgain">Closed whatever policy and brake say: an ended claim asks for it.</param>
/// <param name="Strays">Ours, and no ended claim asks for them.</param>
/// <param name="Altered">Ours, and opening something else than they were made for.</param>
/// <param name="Foreign">Others', on a list that was declared wholly ours; empty on any other.</param>
/// <param name="Acts">What no ended claim asks for is removed: the policy is not to observe only, and the brake does not hold.</param>
/// <param name="IsBraked">It is not removed, because it is too much at once.</param>
/// <param name="Words">What an admin should know; null: nothing is left to say.</param>
public sealed record DriftDecision(
    IReadOnlyList<FoundAgain> FoundAgain, IReadOnlyList<ObservedRule> Strays, IReadOnlyList<ObservedRule> Altered,
    IReadOnlyList<ObservedRule> Foreign, bool Acts, bool IsBraked, string? Words)
{
    /// <param name="drift">What was found.</param>
    /// <param name="ended">Ended claims of the addresses of unwanted entries.</param>
    /// <param name="goneBefore">A rule seen gone later than this may still be in the list: it is left to the next comparison.</param>
    /// <param name="served">The Resources in use that lead there.</param>
    /// <param name="unbraked">An admin said to go on.</param>
    /// <param name="brake">When to stop and ask.</param>
    internal static DriftDecision Of(
        Drift drift, IReadOnlyList<EndedClaim> ended, DateTimeOffset goneBefore, IReadOnlyList<Resource> served, bool unbraked, DriftBrake brake)
    {
        var byAddress = ended.ToLookup(c => c.Address);
        var (again, strays) = (new List<FoundAgain>(), new List<ObservedRule>());
        foreach (var entry in drift.Unwanted)
        {
            var old = byAddress[entry.Rule.Address].Where(c => c.Scopes.Contains(entry.Rule.Scope)).MaxBy(c => c.RemovedAt);
            if (old is null)
                strays.Add(entry);
            else if (old.RemovedAt < goneBefore)
                again.Add(new FoundAgain(entry, old));
        }

        var repairs = served.Any(r => r.Policy != DriftPolicy.Observe);
        var foreign = served.Count > 0 && served.All(r => r.Policy == DriftPolicy.Exclusive) ? drift.Foreign : [];
        var removals = strays.Count + drift.Altered.Count + foreign.Count;
        var ours = drift.Ours + drift.Unwanted.Count + drift.Altered.Count;
        var isBraked = repairs && !unbraked && brake.Holds(removals, ours);
        var words = removals == 0 ? null
            : isBraked
                ? $"{removals} rules would be removed that no ended session asks for, while {ours} are ours: more than one reconciliation removes by itself. "
                    + "Look at them with a dry run, then say that it may go on, or take them off by hand."
                : repairs ? null
                : $"{removals} rules of ours stand that no session wants, or open something else than they were made for; it is only observed, so they were left.";
        return new DriftDecision(again, strays, drift.Altered, foreign, repairs && !isBraked, isBraked, words);
    }

    /// <summary>The entries that are to go now, each with the claim it belongs to.</summary>
    internal IReadOnlyList<DriftFind> Finds(LoadedAllowList load, PlanTerms terms)
    {
        List<DriftFind> finds = [.. FoundAgain.Select(f => new DriftFind(f.Entry, DriftKind.FoundAgain, f.Claim.Session, f.Claim.Resource, f.Claim.Id))];
        if (!Acts)
            return [.. finds.Where(f => f.CanBeTaken(load))];
        var wanted = load.Claims.Where(c => c.State.IsLive)
            .SelectMany(c => c.Rules.Select(rule => (Mark: rule.OwnerMark(terms.Installation, terms.Key), Claim: c))).DistinctBy(m => m.Mark).ToDictionary(m => m.Mark, m => m.Claim);
        finds.AddRange(Strays.Select(e => new DriftFind(e, DriftKind.Stray, null, null, null)));
        finds.AddRange(Altered.Select(e => (Entry: e, Claim: wanted[e.Mark!]))
            .Select(a => new DriftFind(a.Entry, DriftKind.Altered, load.Owners[a.Claim.Id], a.Claim.Resource, a.Claim.Id)));
        finds.AddRange(Foreign.Select(e => new DriftFind(e, DriftKind.Foreign, null, null, null)));
        return [.. finds.Where(f => f.CanBeTaken(load))];
    }
}
