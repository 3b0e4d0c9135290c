namespace EntryGuard.Contracts;

/// <summary>Body of <c>POST /api/v1/static-ip-rules</c>.</summary>
public sealed record CreateStaticRuleRequest
{
    /// <summary>What it is for, at most 200 characters. Required; need not be unique.</summary>
    public string? Label { get; init; }

    /// <summary>One address or range: "203.0.113.7", "2001:db8::/64". Required.</summary>
    public string? IpAddress { get; init; }

    /// <summary>What to open. Required, at least one.</summary>
    public IReadOnlyList<string>? ResourceIds { get; init; }

    /// <summary>When it ends by itself; left out or "never": not at all.</summary>
    public string? ExpiresAt { get; init; }

    /// <summary>When somebody is to look whether it is still needed; nothing happens then by itself. Left out or "never": no date.</summary>
    public string? ReviewAt { get; init; }

    /// <summary>Who answers for it; left out: the caller.</summary>
    public string? OwnerUserId { get; init; }
}

/// <summary>Body of <c>PATCH /api/v1/static-ip-rules/{id}</c>: what is left out stays.</summary>
public sealed record UpdateStaticRuleRequest
{
    /// <inheritdoc cref="CreateStaticRuleRequest.Label"/>
    public string? Label { get; init; }

    /// <summary>Another address or range: the new one is opened and the old one closed.</summary>
    public string? IpAddress { get; init; }

    /// <summary>Replaces the whole list, at least one. What is on both lists is not touched.</summary>
    public IReadOnlyList<string>? ResourceIds { get; init; }

    /// <summary>When it ends by itself; "never" takes the date away.</summary>
    public string? ExpiresAt { get; init; }

    /// <summary>When somebody is to look whether it is still needed; "never" takes the date away.</summary>
    public string? ReviewAt { get; init; }

    /// <summary>Who answers for it from now on.</summary>
    public string? OwnerUserId { get; init; }
}

/// <summary>A static rule: an address or range that is let in until an admin decides otherwise.</summary>
public sealed record StaticRuleResponse
{
    /// <summary>Its id.</summary>
    public required Guid Id { get; init; }

    /// <summary>What it is for.</summary>
    public required string Label { get; init; }

    /// <summary>The address or range.</summary>
    public required string IpAddress { get; init; }

    /// <summary>PENDING, ACTIVE, PARTIAL or FAILED; EXPIRING while it is being closed; then EXPIRED or CANCELLED.</summary>
    public required string Status { get; init; }

    /// <summary>In words: what the status means.</summary>
    public required string StatusMessage { get; init; }

    /// <summary>Who made it.</summary>
    public required string CreatedByEmail { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Who answers for it.</summary>
    public required Guid OwnerUserId { get; init; }

    /// <summary>Of that user.</summary>
    public required string OwnerEmail { get; init; }

    /// <summary>When it ends by itself; null: never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>When somebody is to look whether it is still needed; null: no date was set.</summary>
    public DateTimeOffset? ReviewAt { get; init; }

    /// <summary>When it was decided to end; null before.</summary>
    public DateTimeOffset? EndingAt { get; init; }

    /// <summary>When the last of it was seen gone; null before.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>ADMIN or EXPIRED; null before.</summary>
    public string? EndedReason { get; init; }

    /// <summary>Claims whose rules may stand at a provider though it does not want them any more.</summary>
    public required int OpenRules { get; init; }

    /// <summary>Since when a closing is overdue; null while none is.</summary>
    public DateTimeOffset? OverdueSince { get; init; }

    /// <summary>A row per Resource it names; and one for what it named before and is being closed.</summary>
    public required IReadOnlyList<StaticRuleResource> Resources { get; init; }

    /// <summary>Resources left out, and why. Only in the answer to what asked for them.</summary>
    public IReadOnlyList<NotOpened>? NotOpened { get; init; }
}

/// <summary>One Resource of a static rule.</summary>
public sealed record StaticRuleResource
{
    /// <summary>Id of the Resource IP, to retry it or to declare it gone.</summary>
    public required Guid ResourceIpId { get; init; }

    /// <summary>The Resource.</summary>
    public required Guid ResourceId { get; init; }

    /// <summary>Its name.</summary>
    public required string ResourceName { get; init; }

    /// <summary>The address or range let in there; another than the rule's while an old one is being closed.</summary>
    public required string IpAddress { get; init; }

    /// <summary>PENDING, APPLYING, APPLIED, FAILED, REMOVING; REMOVED if the Resource was switched off, or everything was closed by hand.</summary>
    public required string Status { get; init; }

    /// <summary>When its rules were first known to stand; null before.</summary>
    public DateTimeOffset? AppliedAt { get; init; }

    /// <summary>Since when its closing is overdue; null while it is not.</summary>
    public DateTimeOffset? OverdueSince { get; init; }

    /// <summary>Stable; null if nothing went wrong. RESTORED: the database was restored from a backup, and the rule waits for a retry.</summary>
    public string? ErrorCode { get; init; }

    /// <summary>In words; null if nothing went wrong.</summary>
    public string? ErrorMessage { get; init; }
}
