using EntryGuard.Domain;
using EntryGuard.Domain.Providers;
using EntryGuard.Domain.Rules;

namespace EntryGuard.Server.Engine;

/// <summary>What one call meant for one claim: the outcomes of its rules in it, taken together.</summary>
internal sealed record ClaimOutcome
{
    public required ResourceIpId Claim { get; init; }

    /// <summary>The call was to close it; else to open it, or to move its end.</summary>
    public required bool Closing { get; init; }

    /// <summary>All its rules in the call stand now, or are gone now, as the provider says.</summary>
    public bool IsDone { get; init; }

    /// <summary>Some rule was made by this call, or stood with our mark.</summary>
    public bool MadeAny { get; init; }

    /// <summary>The provider says that some rule stands, whoever made it.</summary>
    public bool Stands { get; init; }

    /// <summary>Some rule went without an answer.</summary>
    public bool IsUnknown { get; init; }

    /// <summary>The worst thing that was said; null if nothing was.</summary>
    public RuleFault? Fault { get; init; }

    /// <summary>Entries to record.</summary>
    public IReadOnlyList<RuleEntry> Entries { get; init; } = [];

    /// <summary>The end the provider holds for all of its rules in the call; null when closing.</summary>
    public DateTimeOffset? Until { get; init; }

    public static IReadOnlyList<ClaimOutcome> From(RuleBatch batch, ApplyResult result)
    {
        if (result.RefusedWhole is { } refused)
            result = ApplyResult.All(batch.Changes, refused.IsPermanent ? new RuleOutcome.Rejected(refused) : new RuleOutcome.Failed(refused));
        var removals = batch.Removals.SelectMany((planned, i) => planned.Claims.Select(claim => (claim, Outcome: result.Removals[i])))
            .GroupBy(x => x.claim, x => x.Outcome).Select(g => From(g.Key, true, [.. g], null));
        var additions = batch.Additions.SelectMany((planned, i) => planned.Claims.Select(claim => (claim, planned.Change.Until, Outcome: result.Additions[i])))
            .GroupBy(x => x.claim).Select(g => From(g.Key, false, [.. g.Select(x => x.Outcome)], g.Min(x => x.Until)));
        return [.. removals, .. additions];
    }

    private static ClaimOutcome From(ResourceIpId claim, bool closing, IReadOnlyList<RuleOutcome> outcomes, DateTimeOffset? until)
    {
        var faults = outcomes.Select(FaultOf).OfType<RuleFault>().ToList();
        return new ClaimOutcome
        {
            Claim = claim,
            Closing = closing,
            IsDone = faults.Count == 0,
            IsUnknown = outcomes.Any(o => o is RuleOutcome.Unknown),
            MadeAny = outcomes.Any(o => o is RuleOutcome.Applied or RuleOutcome.AlreadyThere),
            Stands = outcomes.Any(o => o is RuleOutcome.Applied or RuleOutcome.AlreadyThere or RuleOutcome.SatisfiedByForeign),
            Fault = faults.OrderByDescending(f => f.IsPermanent).ThenBy(f => f.IsUnsent).ThenByDescending(f => f.RetryAfter).FirstOrDefault(),
            Entries = [.. outcomes.Select(EntryOf).OfType<RuleEntry>()],
            Until = until,
        };
    }

    private static RuleFault? FaultOf(RuleOutcome outcome) => outcome switch
    {
        RuleOutcome.Rejected rejected => rejected.Fault with { IsPermanent = true },
        RuleOutcome.Failed failed => failed.Fault with { IsPermanent = false },
        RuleOutcome.Unknown unknown => new RuleFault("NO_ANSWER", unknown.Message, false),
        _ => null,
    };

    private static RuleEntry? EntryOf(RuleOutcome outcome) => outcome switch
    {
        RuleOutcome.Applied applied => applied.Entry,
        RuleOutcome.AlreadyThere there => there.Entry,
        _ => null,
    };
}
