namespace EntryGuard.Contracts;

/// <summary>Answer of <c>GET /api/v1/me/access</c>: what the caller could open now, from where they are.</summary>
public sealed record AccessResponse
{
    /// <summary>The observed address, for which it is answered; with an address proof, for the proved one as well.</summary>
    public required string IpAddress { get; init; }

    /// <summary>The organization's longest session, in minutes.</summary>
    public required int MaxSessionMinutes { get; init; }

    /// <summary>Why no session can be started at all; null: one can.</summary>
    public string? WhyNot { get; init; }

    /// <summary>Whom to ask for more: names or e-mail addresses of the organization's administrators, at most five.</summary>
    public required IReadOnlyList<string> Administrators { get; init; }

    /// <summary>Whatever is granted, by name, also what cannot be opened now.</summary>
    public required IReadOnlyList<AccessibleResource> Resources { get; init; }
}

/// <summary>A Resource that is granted to the caller.</summary>
public sealed record AccessibleResource
{
    /// <summary>The Resource.</summary>
    public required Guid ResourceId { get; init; }

    /// <summary>Its name.</summary>
    public required string ResourceName { get; init; }

    /// <summary>"AWS", "OPENSTACK", "GATE", ...</summary>
    public required string Provider { get; init; }

    /// <summary>"SECURITY_GROUP", ...</summary>
    public required string ResourceType { get; init; }

    /// <summary>What it is at its provider.</summary>
    public required string ResourceIdentifier { get; init; }

    /// <summary>VALID, INVALID or UNVERIFIED.</summary>
    public required string Health { get; init; }

    /// <summary>A start could open it now for an address that the caller was seen at, given a reason where one is asked for.</summary>
    public required bool CanOpen { get; init; }

    /// <summary>The latest end it could have, extensions included; null: it cannot be opened.</summary>
    public DateTimeOffset? LatestEnd { get; init; }

    /// <summary>The same as whole minutes from now, rounded down.</summary>
    public int? MaxMinutes { get; init; }

    /// <summary>What sets that: "the role on-call, 2 h", ...</summary>
    public string? LimitedBy { get; init; }

    /// <summary>Only a start that says why opens it, or opens it so long.</summary>
    public required bool NeedsReason { get; init; }

    /// <summary>What the reason must hold; null: any words.</summary>
    public string? ReasonPattern { get; init; }

    /// <summary>Why it cannot be opened now, in words; null: it can.</summary>
    public string? WhyNot { get; init; }

    /// <summary>A second factor that is shown now could open it; see <c>POST /auth/verify-mfa/again</c>.</summary>
    public required bool NeedsSecondFactor { get; init; }

    /// <summary>What grants it: one row for a direct assignment, one for each role.</summary>
    public required IReadOnlyList<AccessWay> Ways { get; init; }
}

/// <summary>One thing that grants a Resource to the caller.</summary>
public sealed record AccessWay
{
    /// <summary>DIRECT or ROLE.</summary>
    public required string Grant { get; init; }

    /// <summary>The role; null: none.</summary>
    public Guid? RoleId { get; init; }

    /// <summary>Its name.</summary>
    public string? RoleName { get; init; }

    /// <summary>Until when it would let it be open; null: it does not.</summary>
    public DateTimeOffset? LatestEnd { get; init; }

    /// <summary>Why it does not, now; null: it does.</summary>
    public string? WhyNot { get; init; }
}
