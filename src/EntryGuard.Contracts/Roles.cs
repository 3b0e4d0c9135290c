namespace EntryGuard.Contracts;

/// <summary>Body of <c>POST /api/v1/roles</c>.</summary>
public sealed record CreateRoleRequest
{
    /// <summary>Unique within the organization; at most 200 characters. Required.</summary>
    public string? Name { get; init; }

    /// <summary>At most 1,000 characters.</summary>
    public string? Description { get; init; }

    /// <summary>Longest session, extensions included, in hours; 0 or none: the organization's.</summary>
    public int? MaxSessionDurationHours { get; init; }

    /// <summary>The same in minutes. Give one of the two.</summary>
    public int? MaxSessionMinutes { get; init; }

    /// <summary>What it demands; none: nothing.</summary>
    public RoleConditions? Conditions { get; init; }

    /// <summary>What it opens; at most 2,000.</summary>
    public IReadOnlyList<string>? ResourceIds { get; init; }

    /// <summary>Who has it: users and service accounts; at most 2,000.</summary>
    public IReadOnlyList<string>? UserIds { get; init; }
}

/// <summary>Body of <c>PATCH /api/v1/roles/{id}</c>: what is left out stays. What is open follows at once where it is stricter now.</summary>
public sealed record UpdateRoleRequest
{
    /// <inheritdoc cref="CreateRoleRequest.Name"/>
    public string? Name { get; init; }

    /// <summary>Empty: none.</summary>
    public string? Description { get; init; }

    /// <inheritdoc cref="CreateRoleRequest.MaxSessionDurationHours"/>
    public int? MaxSessionDurationHours { get; init; }

    /// <inheritdoc cref="CreateRoleRequest.MaxSessionMinutes"/>
    public int? MaxSessionMinutes { get; init; }

    /// <summary>All of them, in place of those it had; an empty object: none.</summary>
    public RoleConditions? Conditions { get; init; }

    /// <summary>All of them, in place of those it had.</summary>
    public IReadOnlyList<string>? ResourceIds { get; init; }

    /// <summary>All of them, in place of those it had.</summary>
    public IReadOnlyList<string>? UserIds { get; init; }
}

/// <summary>What a role demands of whoever opens something by it.</summary>
public sealed record RoleConditions
{
    /// <summary>A start must say why.</summary>
    public bool? ReasonRequired { get; init; }

    /// <summary>What the reason must hold, for instance <c>[A-Z]+-[0-9]+</c>: a regular expression without look-arounds and back-references; at most 200 characters.</summary>
    public string? ReasonPattern { get; init; }

    /// <summary>The only addresses and ranges it opens anything for; at most 100. Empty: any.</summary>
    public IReadOnlyList<string>? SourceNetworks { get; init; }

    /// <summary>
    /// The only time in which anything is open by it: "MON,TUE,WED,THU,FRI 08:00-18:00"; several are separated by ";". A session ends when
    /// that time does. Null: any time.
    /// </summary>
    public string? Hours { get; init; }

    /// <summary>Whose wall clock the hours mean: "Europe/Berlin". Required with them.</summary>
    public string? TimeZone { get; init; }

    /// <summary>The user must have shown a second factor within so many minutes before the start, or the extension; 1 to 10,080.</summary>
    public int? MfaWithinMinutes { get; init; }
}

/// <summary>Some users may open some Resources, on these terms.</summary>
public sealed record RoleResponse
{
    /// <summary>Its id.</summary>
    public required Guid Id { get; init; }

    /// <summary>Unique within the organization.</summary>
    public required string Name { get; init; }

    /// <summary>Null if none was given.</summary>
    public string? Description { get; init; }

    /// <summary>Longest session, extensions included, in whole hours, rounded down; null: the organization's.</summary>
    public int? MaxSessionDurationHours { get; init; }

    /// <summary>Longest session, extensions included, in minutes; null: the organization's.</summary>
    public int? MaxSessionMinutes { get; init; }

    /// <summary>What it demands.</summary>
    public required RoleConditions Conditions { get; init; }

    /// <summary>What it opens.</summary>
    public required IReadOnlyList<Guid> ResourceIds { get; init; }

    /// <summary>Who has it.</summary>
    public required IReadOnlyList<Guid> UserIds { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it was last changed. The ETag stands for it.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }
}
