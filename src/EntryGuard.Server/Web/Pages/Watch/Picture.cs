using EntryGuard.Contracts;

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

    /// <summary>All of them.</summary>
    public required int TroubleCount { get; init; }

    /// <summary>Sessions that are not over, by status.</summary>
    public required IReadOnlyDictionary<string, int> Sessions { get; init; }

    /// <summary>Static rules that are not over.</summary>
    public required int StaticRules { get; init; }

    /// <summary>Resource IPs that are let in now, of sessions and static rules.</summary>
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
/// <param name="Session">Whose it is; null: a static rule's.</param>
/// <param name="Claim">Null: a static rule's.</param>
/// <param name="Whose">For people.</param>
/// <param name="Href">Of the session, or the static rules.</param>
/// <param name="Since">When it became overdue, or, if it is not yet, when it was to end.</param>
/// <param name="IsOverdue">Its usual tries are used up.</param>
/// <param name="NextAttemptAt">Null: not known here.</param>
public sealed record Trouble(
    SessionResponse? Session, ResourceIpResponse? Claim, string Whose, string Href, string ResourceName, string Address, DateTimeOffset Since, bool IsOverdue,
    DateTimeOffset? NextAttemptAt, string? Error)
{
    internal static IEnumerable<Trouble> Of(SessionResponse session) => session.ResourceIps
        .Where(c => c.OverdueSince is not null || c is { Status: "REMOVING", ErrorCode: not null })
        .Select(c => new Trouble(
            session with { ResourceIps = [], NotOpened = null }, c, session.UserName ?? session.UserEmail, $"/sessions/{session.Id}", c.ResourceName, c.IpAddress,
            c.OverdueSince ?? session.EndingAt ?? c.EndsAt, c.OverdueSince is not null, c.NextAttemptAt, c.ErrorMessage));

    internal static IEnumerable<Trouble> Of(StaticRuleResponse rule) => rule.Resources
        .Where(c => c.OverdueSince is not null || c is { Status: "REMOVING", ErrorCode: not null })
        .Select(c => new Trouble(
            null, null, $"static rule {rule.Label}", "/static-ips", c.ResourceName, c.IpAddress, c.OverdueSince ?? rule.EndingAt ?? rule.CreatedAt, c.OverdueSince is not null, null, c.ErrorMessage));
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
