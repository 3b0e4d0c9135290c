using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Domain.Access;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Features.Sessions;

namespace EntryGuard.Server.Features.Me;

/// <summary>Judges Resources as a start by whoever asks would.</summary>
/// <param name="providers">Say which addresses they can hold.</param>
/// <param name="overdue">Allow-lists with a closing that is overdue.</param>
/// <param name="organization">Of whoever asks.</param>
/// <param name="isFrozen">Nobody, or not they, may start anything.</param>
/// <param name="requests">One for each address that a start would open for: at least one.</param>
internal sealed class AccessJudge(
    ProviderSet providers, IReadOnlyDictionary<AllowListKey, DateTimeOffset> overdue, Organization organization, bool isFrozen, IReadOnlyList<AccessRequest> requests)
{
    private readonly Dictionary<Way, Way> reasoned = [];

    /// <summary>What a start could do about it.</summary>
    /// <param name="resource">With its credential.</param>
    /// <param name="found">What leads there: at least one way.</param>
    public AccessibleResource Of(Resource resource, IReadOnlyList<Way> found)
    {
        ArgumentNullException.ThrowIfNull(resource);
        ArgumentNullException.ThrowIfNull(found);
        var ways = found.OrderBy(w => w.Grant).ThenBy(w => w.Role?.Name, StringComparer.Ordinal).ToList();
        var opinions = requests.Select(r => OpinionOf(ways, resource, r)).ToList();
        var opinion = opinions.Where(o => o.WhyNot is null).OrderByDescending(o => o.Verdict!.Until).FirstOrDefault()
            ?? opinions.Find(o => o.LacksSecondFactor) ?? opinions[0];   // what can be done about it is told first
        var notAtAll = WhyNotAtAll(resource);
        var whyNot = notAtAll ?? opinion.WhyNot;
        var can = whyNot is null && !isFrozen;
        var verdict = can ? opinion.Verdict : null;
        return new AccessibleResource
        {
            ResourceId = resource.Id.Value,
            ResourceName = resource.Name,
            Provider = resource.Provider,
            ResourceType = resource.ResourceType,
            ResourceIdentifier = resource.Identifier,
            Health = Names.Wire(resource.Health),
            CanOpen = can,
            LatestEnd = verdict?.Until,
            MaxMinutes = verdict is null ? null : (int)(verdict.Until - opinion.Request.Now).TotalMinutes,
            LimitedBy = verdict?.LimitedBy,
            NeedsReason = can && opinion.ByReason is not null,
            ReasonPattern = can ? opinion.ByReason?.Role!.ReasonPattern : null,
            WhyNot = whyNot,
            NeedsSecondFactor = opinion.LacksSecondFactor && notAtAll is null && !isFrozen,
            Ways =
            [
                .. ways.Select(w => (Way: w, Verdict: Judge(w, opinion.Request))).Select(w => new AccessWay
                {
                    Grant = Names.Wire(w.Way.Grant),
                    RoleId = w.Way.Role?.Id.Value,
                    RoleName = w.Way.Role?.Name,
                    LatestEnd = w.Verdict.IsGranted ? w.Verdict.Until : null,
                    WhyNot = w.Verdict.WhyNot,
                }),
            ],
        };
    }

    private string? WhyNotAtAll(Resource resource)
    {
        if (!Reach.IsUsable(resource))
            return "is switched off, or has no credential; ask an administrator";
        if (Freeze.WhyNot(resource.FrozenAt) is { } frozen)
            return frozen;
        if (!organization.OpensWhileOverdue && resource.OverdueSince(overdue) is { } since)
            return OverdueClosings.WhyNothingNew(since);
        return ClaimBirth.WhyNot(resource);
    }

    // A reason can still be given: so each way is judged as if one had been as well.
    private Opinion OpinionOf(IReadOnlyList<Way> ways, Resource resource, AccessRequest request)
    {
        if (request.Address is { } address && AddressLimits.WhyNot(providers, resource, address) is { } wrong)
            return new Opinion(request, null, null, wrong, false);
        var plain = Entitlements.Best(ways, request, organization.MaxSession);
        var given = Entitlements.Best(ways.Select(Reasoned), request, organization.MaxSession);
        var better = given is { } g && (plain is not { } p || p.Verdict.Until < g.Verdict.Until) ? given : null;
        if ((better ?? plain) is var (way, verdict))
            return new Opinion(request, verdict, better is null ? null : ways.Single(w => w.Role is not null && w.Role.Id == way.Role?.Id), null, false);
        var verdicts = ways.Select(w => Judge(w, request)).ToList();
        return new Opinion(request, null, null, string.Join("; ", verdicts.Select(v => v.WhyNot).OfType<string>().Distinct()), verdicts.Exists(v => v.Lack == AccessLack.Mfa));
    }

    private Verdict Judge(Way way, AccessRequest request) => Reasoned(way).Judge(request, organization.MaxSession);

    // Many Resources share a role's way.
    private Way Reasoned(Way way)
    {
        if (!reasoned.TryGetValue(way, out var given))
            reasoned[way] = given = way.Reasoned();
        return given;
    }

    /// <summary>About one Resource for one address.</summary>
    /// <param name="Request">Of the address.</param>
    /// <param name="Verdict">How long; null: not at all.</param>
    /// <param name="ByReason">The way that wants a reason and is better than any other; null: none is needed.</param>
    /// <param name="WhyNot">Null: it can be opened.</param>
    /// <param name="LacksSecondFactor">A second factor that is shown now would open it.</param>
    private sealed record Opinion(AccessRequest Request, Verdict? Verdict, Way? ByReason, string? WhyNot, bool LacksSecondFactor);
}
