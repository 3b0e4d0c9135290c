using EntryGuard.Contracts;
using EntryGuard.Server.Web.Parts;

namespace EntryGuard.Server.Web.Pages.Watch;

/// <summary>What the overview shows, as of one look: small enough to be sent along with the page.</summary>
public sealed record Picture
{
    /// <summary>Most troubles that are shown one by one.</summary>
    public const int MostTroubles = 50;

    public required string OrganizationName { get; init; }

    /// <summary>What is typed to stop the organization.</summary>
    public required string OrganizationSlug { get; init; }

    /// <summary>Closings that fail, the oldest first; at most <see cref="MostTroubles"/>.</summary>
    public required IReadOnlyList<Trouble> Troubles { get; init; }

    /// <summary>All of them, as far as they were looked at.</summary>
    public required int TroubleCount { get; init; }

    /// <summary>There was more than is looked at, and a closing that fails may be in what was not.</summary>
    public required bool MayMissTroubles { get; init; }

    /// <summary>Sessions that are not over, by status.</summary>
    public required IReadOnlyDictionary<string, int> Sessions { get; init; }

    /// <summary>Static rules that let somebody in somewhere now.</summary>
    public required int StaticRules { get; init; }

    /// <summary>Those that are neither that nor over, by status.</summary>
    public required IReadOnlyDictionary<string, int> StaticRulesShut { get; init; }

    /// <summary>Addresses that are let in now, by sessions or static rules: each counts once per Resource.</summary>
    public required int Open { get; init; }

    /// <summary>There was more than is looked at; the figures are at least that.</summary>
    public required bool IsCut { get; init; }

    public required IReadOnlyList<Door> Doors { get; init; }

    /// <summary>What is wrong with Resources now.</summary>
    public required IReadOnlyList<HealthEventResponse> Events { get; init; }

    /// <summary>What comparisons with the providers found in the last seven days, the latest first.</summary>
    public required IReadOnlyList<Found> Drift { get; init; }

    public required IReadOnlyList<Frozen> Frozen { get; init; }
}

/// <summary>A closing that fails.</summary>
/// <param name="Claim">What can be done about it; null: only what its Resource says is known.</param>
/// <param name="ResourceId">Where it fails.</param>
/// <param name="Whose">For people.</param>
/// <param name="Href">Of the session, the static rule, or the Resource.</param>
/// <param name="Address">Null: not known here.</param>
/// <param name="Since">When it became overdue, or, if it is not yet, when it was to end.</param>
/// <param name="IsOverdue">Its usual tries are used up.</param>
/// <param name="NextAttemptAt">Null: not known here.</param>
public sealed record Trouble(
    ClaimAtHand? Claim, Guid ResourceId, string Whose, string Href, string ResourceName, string? Address, DateTimeOffset Since, bool IsOverdue,
    DateTimeOffset? NextAttemptAt, string? Error)
{
    internal static IEnumerable<Trouble> Of(SessionResponse session) => session.ResourceIps
        .Where(c => c.OverdueSince is not null || c is { Status: "REMOVING", ErrorCode: not null })
        .Select(c => new Trouble(
            ClaimAtHand.Of(c, session), c.ResourceId, session.UserName ?? session.UserEmail, $"/sessions/{session.Id}", c.ResourceName, c.IpAddress,
            c.OverdueSince ?? session.EndingAt ?? c.EndsAt, c.OverdueSince is not null, c.NextAttemptAt, c.ErrorMessage));

    internal static IEnumerable<Trouble> Of(StaticRuleResponse rule) => rule.Resources
        .Where(c => c.OverdueSince is not null || c is { Status: "REMOVING", ErrorCode: not null })
        .Select(c => new Trouble(
            ClaimAtHand.Of(c, rule), c.ResourceId, $"static IP {rule.Label}", $"/static-ips/{rule.Id}", c.ResourceName, c.IpAddress, c.OverdueSince ?? rule.EndingAt ?? rule.CreatedAt, c.OverdueSince is not null, null, c.ErrorMessage));

    /// <summary>A closing of nothing that runs: of a rule that nobody wanted, or of a static rule that is over.</summary>
    internal static Trouble Of(HealthEventResponse what) => new(
        null, what.ResourceId, "the Resource", $"/resources/{what.ResourceId}", what.ResourceName, null, what.FirstSeenAt, true, null, what.Message);
}

/// <summary>A Resource, with what is open on it.</summary>
public sealed record Door(
    Guid Id, string Name, string Provider, bool IsActive, string Health, string? HealthMessage, DateTimeOffset? FrozenAt, DateTimeOffset? ListedAt, int ForeignRules,
    IReadOnlyList<CapacityResponse> Capacity, int Sessions, int Open)
{
    internal static Door Of(ResourceResponse resource, int sessions, int open) => new(
        resource.Id, resource.Name, resource.Provider, resource.IsActive, resource.Health, resource.HealthMessage, resource.FrozenAt, resource.ListedAt,
        resource.ForeignRules.Count, resource.Capacity, sessions, open);
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
