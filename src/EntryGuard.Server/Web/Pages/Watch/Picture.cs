using EntryGuard.Contracts;
using EntryGuard.Server.Web.Parts;

namespace EntryGuard.Server.Web.Pages.Watch;

/// <summary>What the overview shows, small enough to be sent along with the page.</summary>
/// <param name="Now">What is open and what is wrong, as of one moment.</param>
/// <param name="Drift">What comparisons with the providers found in the last seven days, the latest first.</param>
public sealed record Picture(OverviewResponse Now, IReadOnlyList<Found> Drift)
{
    /// <summary>Sessions that are not over.</summary>
    internal int Sessions => Now.Sessions.Values.Sum();

    /// <summary>Those with something wrong first, then those with most open.</summary>
    internal IReadOnlyList<ResourceFigures> Doors =>
        [.. Now.Resources.OrderBy(d => d.Health != "INVALID").ThenByDescending(d => d.AddressesLetIn).ThenBy(d => d.Name, StringComparer.OrdinalIgnoreCase)];

    /// <summary>Closings that fail, the oldest first.</summary>
    internal IReadOnlyList<Trouble> Troubles => [.. Now.FailingClosings.Select(Trouble.Of)];

    /// <summary>The organization first.</summary>
    internal IReadOnlyList<Frozen> Frozen =>
    [
        .. Now.FrozenAt is { } since ? [new Frozen(null, null, Now.OrganizationName, since)] : Array.Empty<Frozen>(),
        .. Now.Frozen.Select(f => new Frozen(f.UserId, f.ResourceId, f.Name, f.FrozenAt)),
    ];

    /// <summary>All that is wrong of some categories.</summary>
    internal int EventCount(Func<string, bool> category) => Now.HealthEventCounts.Where(c => category(c.Key)).Sum(c => c.Value);
}

/// <summary>A closing that fails.</summary>
/// <param name="Claim">What can be done about it.</param>
/// <param name="Whose">For people.</param>
/// <param name="Href">Of the session or the static rule; of the Resource, where nobody wanted it.</param>
/// <param name="Since">When it became overdue, or, if it is not yet, when it was to end.</param>
/// <param name="NextAttemptAt">Null: a try is going on.</param>
/// <param name="Error">Null: nothing was said.</param>
public sealed record Trouble(ClaimAtHand Claim, string Whose, string Href, DateTimeOffset Since, DateTimeOffset? NextAttemptAt, string? Error)
{
    internal static Trouble Of(ResourceIpResponse claim)
    {
        var (whose, href) = claim.Owner switch
        {
            { SessionId: { } session } owner => (owner.UserName ?? owner.UserEmail ?? "a session", $"/sessions/{session}"),
            { StaticRuleId: { } rule } owner => ($"static IP {owner.StaticRuleLabel}", $"/static-ips/{rule}"),
            _ => ("found by a comparison", $"/resources/{claim.ResourceId}"),
        };
        return new Trouble(ClaimAtHand.OfFailing(claim), whose, href, claim.OverdueSince ?? claim.ClosingSince ?? claim.EndsAt, claim.NextAttemptAt, claim.ErrorMessage);
    }
}

/// <summary>What was found of one kind on one Resource.</summary>
/// <param name="Last">The latest of them.</param>
/// <param name="Times">How often; at least, where very much was found.</param>
public sealed record Found(AuditEntryResponse Last, int Times)
{
    internal static IReadOnlyList<Found> Of(IEnumerable<AuditEntryResponse> newestFirst) =>
        [.. newestFirst.GroupBy(r => (r.EventType, r.ResourceId)).Select(g => new Found(g.First() with { Details = null }, g.Count()))];
}

/// <summary>Somebody or something that no session starts for.</summary>
/// <param name="UserId">Null: not a user.</param>
/// <param name="ResourceId">Null: not a Resource. Both null: the organization.</param>
public sealed record Frozen(Guid? UserId, Guid? ResourceId, string Name, DateTimeOffset Since);
