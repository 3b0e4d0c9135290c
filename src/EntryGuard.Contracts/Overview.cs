namespace EntryGuard.Contracts;

/// <summary>Answer of <c>GET /api/v1/overview</c>: what is open in the organization, and what is wrong, all as of one moment.</summary>
public sealed record OverviewResponse
{
    /// <summary>Name of the organization.</summary>
    public required string OrganizationName { get; init; }

    /// <summary>Its slug.</summary>
    public required string OrganizationSlug { get; init; }

    /// <summary>Since when nobody in it starts a session; null: they may.</summary>
    public DateTimeOffset? FrozenAt { get; init; }

    /// <summary>The longest that a session may last, in minutes.</summary>
    public required int MaxSessionMinutes { get; init; }

    /// <summary>Sessions that are not over, by status; without those of which there is none.</summary>
    public required IReadOnlyDictionary<string, int> Sessions { get; init; }

    /// <summary>Addresses that are let in now, by sessions or static rules: each counts once per Resource.</summary>
    public required int AddressesLetIn { get; init; }

    /// <summary>So many more may be let in: they are just being opened or closed, or their closing fails. Each counts once per Resource.</summary>
    public required int AddressesInDoubt { get; init; }

    /// <summary>Static rules that let somebody in somewhere now, by status.</summary>
    public required IReadOnlyDictionary<string, int> StaticRulesOpen { get; init; }

    /// <summary>Static rules that are not over and let nobody in now, by status.</summary>
    public required IReadOnlyDictionary<string, int> StaticRulesShut { get; init; }

    /// <summary>The first 2000 by name.</summary>
    public required IReadOnlyList<ResourceFigures> Resources { get; init; }

    /// <summary>All of them.</summary>
    public required int ResourceCount { get; init; }

    /// <summary>What is wrong with Resources now, newest first; at most 20 of each category.</summary>
    public required IReadOnlyList<HealthEventResponse> HealthEvents { get; init; }

    /// <summary>All of it, by category; without those of which there is none.</summary>
    public required IReadOnlyDictionary<string, int> HealthEventCounts { get; init; }

    /// <summary>Closings that fail, whoever's they are, the oldest first; at most 50. <c>GET /resource-ips?failing=true</c> lists all.</summary>
    public required IReadOnlyList<ResourceIpResponse> FailingClosings { get; init; }

    /// <summary>All of them.</summary>
    public required int FailingClosingCount { get; init; }

    /// <summary>Users, service accounts and Resources that are frozen, those frozen last first; at most 50.</summary>
    public required IReadOnlyList<FrozenResponse> Frozen { get; init; }

    /// <summary>All of them.</summary>
    public required int FrozenCount { get; init; }
}

/// <summary>A Resource, and what is open on it.</summary>
public sealed record ResourceFigures
{
    /// <summary>Its id.</summary>
    public required Guid Id { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>AWS, GATE, ...</summary>
    public required string Provider { get; init; }

    /// <summary>False: an admin switched it off.</summary>
    public required bool IsActive { get; init; }

    /// <summary>VALID, INVALID or UNVERIFIED.</summary>
    public required string Health { get; init; }

    /// <summary>What the last verification said; null: there was none.</summary>
    public string? HealthMessage { get; init; }

    /// <summary>Since when no session opens it; null: they may.</summary>
    public DateTimeOffset? FrozenAt { get; init; }

    /// <summary>When it was last compared with what stands at its provider; null: never.</summary>
    public DateTimeOffset? ListedAt { get; init; }

    /// <summary>Rules of others that open some of what it opens, as last seen.</summary>
    public required int ForeignRules { get; init; }

    /// <summary>Room at the provider when last seen; empty if it has no limit, or none is known.</summary>
    public required IReadOnlyList<CapacityResponse> Capacity { get; init; }

    /// <summary>Sessions that let somebody in to it now.</summary>
    public required int Sessions { get; init; }

    /// <summary>Addresses that are let in to it now, by sessions or static rules.</summary>
    public required int AddressesLetIn { get; init; }

    /// <summary>So many more may be let in to it: they are just being opened or closed, or their closing fails.</summary>
    public required int AddressesInDoubt { get; init; }
}

/// <summary>Somebody or something that no session starts for.</summary>
public sealed record FrozenResponse
{
    /// <summary>The user or service account; null: it is a Resource.</summary>
    public Guid? UserId { get; init; }

    /// <summary>The Resource; null: it is a user or service account.</summary>
    public Guid? ResourceId { get; init; }

    /// <summary>E-mail address of the user, or name of the Resource.</summary>
    public required string Name { get; init; }

    /// <summary>Since when.</summary>
    public required DateTimeOffset FrozenAt { get; init; }
}

/// <summary>Answer of <c>GET /api/v1/overview/week</c>: how many sessions were open, hour by hour, over the last seven days.</summary>
public sealed record WeekResponse
{
    /// <summary>Start of the first hour, in UTC.</summary>
    public required DateTimeOffset From { get; init; }

    /// <summary>Of each of 168 hours, the one that runs now included: the most that were open at once.</summary>
    public required IReadOnlyList<int> Most { get; init; }

    /// <summary>The same by day, the earliest first; the first and the last may not be whole.</summary>
    public required IReadOnlyList<DayResponse> Days { get; init; }
}

/// <summary>A day, in UTC.</summary>
public sealed record DayResponse
{
    /// <summary>Which.</summary>
    public required DateOnly Day { get; init; }

    /// <summary>Sessions that were open at once, at most.</summary>
    public required int Most { get; init; }

    /// <summary>Sessions that began and opened something, or still try to.</summary>
    public required int Started { get; init; }
}
