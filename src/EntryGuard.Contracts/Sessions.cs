using System.Text.Json.Serialization;

namespace EntryGuard.Contracts;

/// <summary>Body of <c>POST /api/v1/sessions</c>. Everything is optional; an empty object opens what the caller's roles and direct assignments grant.</summary>
public sealed record StartSessionRequest
{
    /// <summary>Whole hours. At most one of the three durations may be given; none: the server's default.</summary>
    public int? DurationHours { get; init; }

    /// <summary>Whole minutes.</summary>
    public int? DurationMinutes { get; init; }

    /// <summary>Whole seconds.</summary>
    public int? DurationSeconds { get; init; }

    /// <summary>An address other than the observed ones; needs the permission to name one.</summary>
    public string? Ipv4Address { get; init; }

    /// <inheritdoc cref="Ipv4Address"/>
    public string? Ipv6Address { get; init; }

    /// <summary>
    /// <see cref="DetectIpResponse.Proof"/> of <c>GET /detect-ip</c>, asked over the family that this request does not come over: its address is
    /// observed as well, and opened with the other one where neither is named. Null: none.
    /// </summary>
    public string? AddressProof { get; init; }

    /// <summary>What to open; null: everything the caller's roles and direct assignments grant.</summary>
    public IReadOnlyList<string>? ResourceIds { get; init; }

    /// <summary>Why, in the user's words; at most 500 characters.</summary>
    public string? Reason { get; init; }
}

/// <summary>Body of <c>POST /api/v1/sessions/{id}/extend</c>: exactly one of the two.</summary>
public sealed record ExtendSessionRequest
{
    /// <summary>Whole hours, at least 1.</summary>
    public int? AdditionalHours { get; init; }

    /// <summary>Whole minutes, at least 1.</summary>
    public int? AdditionalMinutes { get; init; }
}

/// <summary>Body of <c>POST /api/v1/resource-ips/{id}/declare-gone</c>.</summary>
public sealed record DeclareGoneRequest
{
    /// <summary>How it is known that the rule is gone; kept in the audit log. Required.</summary>
    public string? Reason { get; init; }
}

/// <summary>A session.</summary>
public sealed record SessionResponse
{
    /// <summary>Its id.</summary>
    public required Guid Id { get; init; }

    /// <summary>Whose it is.</summary>
    public required Guid UserId { get; init; }

    /// <summary>Null if the user gave no name.</summary>
    public string? UserName { get; init; }

    /// <summary>Of the user.</summary>
    public required string UserEmail { get; init; }

    /// <summary>Null if the session has no such address.</summary>
    public string? Ipv4Address { get; init; }

    /// <inheritdoc cref="Ipv4Address"/>
    public string? Ipv6Address { get; init; }

    /// <summary>PENDING, ACTIVE, PARTIAL, FAILED, EXPIRING, EXPIRED, CANCELLED.</summary>
    public required string Status { get; init; }

    /// <summary>In words: what the status means for the user now.</summary>
    public required string StatusMessage { get; init; }

    /// <summary>Why it was asked for; null if no reason was given.</summary>
    public string? Reason { get; init; }

    /// <summary>When it was started.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>When it ends, or was to end.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>When it was decided to end; null while running.</summary>
    public DateTimeOffset? EndingAt { get; init; }

    /// <summary>When the last rule was seen gone; null before.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>MANUAL, ADMIN, EXPIRED, ACCESS_REVOKED, RULES_LOST, RESTORED; null while running.</summary>
    public string? EndedReason { get; init; }

    /// <summary>When one of its rules was found at the provider again after it had been seen gone, last; null: never.</summary>
    public DateTimeOffset? FoundAgainAt { get; init; }

    /// <summary>Since when a closing is overdue; null while none is.</summary>
    public DateTimeOffset? OverdueSince { get; init; }

    /// <summary>Claims whose rules may stand at a provider though nobody wants them any more.</summary>
    public required int OpenRules { get; init; }

    /// <summary>One row per Resource and address.</summary>
    public required IReadOnlyList<ResourceIpResponse> ResourceIps { get; init; }

    /// <summary>Resources left out at the start, and why. Only in the answer to the start.</summary>
    public IReadOnlyList<NotOpened>? NotOpened { get; init; }

    /// <summary>Same as <see cref="StartedAt"/>.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Name of the organization.</summary>
    public required string OrganizationName { get; init; }
}

/// <summary>One Resource and address of a session.</summary>
public sealed record ResourceIpResponse
{
    /// <summary>Its id.</summary>
    public required Guid Id { get; init; }

    /// <summary>The Resource.</summary>
    public required Guid ResourceId { get; init; }

    /// <summary>Name of the Resource.</summary>
    public required string ResourceName { get; init; }

    /// <summary>4 or 6.</summary>
    public required int IpVersion { get; init; }

    /// <summary>The address let in.</summary>
    public required string IpAddress { get; init; }

    /// <summary>PENDING, APPLYING, APPLIED, FAILED, REMOVING, REMOVED.</summary>
    public required string Status { get; init; }

    /// <summary>DIRECT, ROLE, ADMIN or STATIC: what entitles it. DRIFT: nothing; its rule was found at the provider, and is being taken off.</summary>
    public required string Grant { get; init; }

    /// <summary>The role it rests on, or rested on; null: none.</summary>
    public Guid? RoleId { get; init; }

    /// <summary>The latest end it can be extended to, as things are; in the year 9999: none.</summary>
    public required DateTimeOffset LatestEnd { get; init; }

    /// <summary>What set that: "the role on-call, 2 h", ...; null on a static rule.</summary>
    public string? LimitedBy { get; init; }

    /// <summary>The provider's id of its first rule; null where it has none, or nothing was made.</summary>
    public string? ProviderRuleId { get; init; }

    /// <summary>When it ends; in the year 9999: it has no end.</summary>
    public required DateTimeOffset EndsAt { get; init; }

    /// <summary>When its rules were first known to stand; null before.</summary>
    public DateTimeOffset? AppliedAt { get; init; }

    /// <summary>When its rules were seen gone; null before.</summary>
    public DateTimeOffset? RemovedAt { get; init; }

    /// <summary>Calls made in this round of opening or closing.</summary>
    public required int Attempts { get; init; }

    /// <summary>When it is tried or looked at next; null if nothing waits.</summary>
    public DateTimeOffset? NextAttemptAt { get; init; }

    /// <summary>Since when its closing is overdue; null while it is not.</summary>
    public DateTimeOffset? OverdueSince { get; init; }

    /// <summary>
    /// A rule of somebody else's that lets the address in whatever happens here, as last seen: "tcp/443 0.0.0.0/0". Of what has ended: that
    /// still let it in then. Null: none is known.
    /// </summary>
    public string? AllowedAnywayBy { get; init; }

    /// <summary>Stable; null if nothing went wrong.</summary>
    public string? ErrorCode { get; init; }

    /// <summary>In words a user can act on; null if nothing went wrong.</summary>
    public string? ErrorMessage { get; init; }

    /// <summary>Since when its rules are to be gone: the decision to end it, or the first try to undo an opening; null while they may stand.</summary>
    public DateTimeOffset? ClosingSince { get; init; }

    /// <summary>Whose it is. Only in <c>GET /resource-ips</c> and <c>GET /overview</c>; null elsewhere, where what is asked for says it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ResourceIpOwner? Owner { get; init; }
}

/// <summary>What a Resource IP belongs to.</summary>
public sealed record ResourceIpOwner
{
    /// <summary>SESSION, STATIC_RULE, or DRIFT: nobody's, a comparison with the provider found its rule, and it is being taken off.</summary>
    public required string Kind { get; init; }

    /// <summary>The session; null: it is not a session's.</summary>
    public Guid? SessionId { get; init; }

    /// <summary>Whose session; null: it is not a session's.</summary>
    public Guid? UserId { get; init; }

    /// <summary>Name of that user; null: none was given, or it is not a session's.</summary>
    public string? UserName { get; init; }

    /// <summary>E-mail address of that user; null: it is not a session's.</summary>
    public string? UserEmail { get; init; }

    /// <summary>The static rule; null: it is not one's.</summary>
    public Guid? StaticRuleId { get; init; }

    /// <summary>Label of the static rule; null: it is not one's.</summary>
    public string? StaticRuleLabel { get; init; }
}

/// <summary>A Resource that a start left out.</summary>
public sealed record NotOpened
{
    /// <summary>The Resource.</summary>
    public required Guid ResourceId { get; init; }

    /// <summary>Name of the Resource.</summary>
    public required string ResourceName { get; init; }

    /// <summary>The address that was not opened there.</summary>
    public required string IpAddress { get; init; }

    /// <summary>Why.</summary>
    public required string Why { get; init; }
}

/// <summary>Answer of <c>POST /api/v1/sessions?dryRun=true</c>: what a start would do now. Nothing was stored.</summary>
public sealed record StartPreview
{
    /// <summary>When the session would end.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>The longest it could be made, extensions included.</summary>
    public required DateTimeOffset LatestEnd { get; init; }

    /// <summary>What set that limit.</summary>
    public required string LimitedBy { get; init; }

    /// <summary>One row per Resource and address that would be opened.</summary>
    public required IReadOnlyList<PreviewedResourceIp> ResourceIps { get; init; }

    /// <summary>What would be left out, and why.</summary>
    public required IReadOnlyList<NotOpened> NotOpened { get; init; }
}

/// <summary>One Resource and address that a start would open.</summary>
public sealed record PreviewedResourceIp
{
    /// <summary>The Resource.</summary>
    public required Guid ResourceId { get; init; }

    /// <summary>Name of the Resource.</summary>
    public required string ResourceName { get; init; }

    /// <summary>The address.</summary>
    public required string IpAddress { get; init; }

    /// <summary>What it would open: "tcp/5432", ...</summary>
    public required IReadOnlyList<string> Rules { get; init; }

    /// <summary>True if live claims of this organization hold the same rules already, so that no new rule would be made.</summary>
    public required bool Shared { get; init; }

    /// <summary>Room at the provider when last seen; empty if it has no limit, or none is known.</summary>
    public required IReadOnlyList<CapacityResponse> Capacity { get; init; }

    /// <summary>VALID, INVALID or UNVERIFIED.</summary>
    public required string Health { get; init; }

    /// <summary>DIRECT, ROLE or ADMIN.</summary>
    public required string Grant { get; init; }

    /// <summary>Name of the role it would rest on; null: none.</summary>
    public string? RoleName { get; init; }

    /// <summary>When it would end.</summary>
    public required DateTimeOffset EndsAt { get; init; }

    /// <summary>The longest it could be made, extensions included.</summary>
    public required DateTimeOffset LatestEnd { get; init; }

    /// <summary>What sets that: "the role on-call, 2 h", ...</summary>
    public required string LimitedBy { get; init; }
}
