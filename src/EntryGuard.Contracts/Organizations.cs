namespace EntryGuard.Contracts;

/// <summary>What holds for a whole organization.</summary>
public sealed record OrganizationSettingsResponse
{
    /// <summary>Its id.</summary>
    public required Guid Id { get; init; }

    /// <summary>For people.</summary>
    public required string Name { get; init; }

    /// <summary>Never changes.</summary>
    public required string Slug { get; init; }

    /// <summary>
    /// What a cloud role that trusts this server must demand as <c>sts:ExternalId</c>, so that nobody else can make this server use that role.
    /// Made by the server, no other organization's; never changes.
    /// </summary>
    public required string ExternalId { get; init; }

    /// <summary>New claims are made on an allow-list even while a closing on it is overdue; by default they are refused.</summary>
    public required bool OpensWhileClosingOverdue { get; init; }

    /// <summary>Fewest bits of a static rule's IPv4 prefix: 24 allows a /24, and nothing wider.</summary>
    public required int WidestIpv4Prefix { get; init; }

    /// <summary>Fewest bits of a static rule's IPv6 prefix.</summary>
    public required int WidestIpv6Prefix { get; init; }

    /// <summary>Longest session, extensions included, in minutes. What is open and longer ends by it as well.</summary>
    public required int MaxSessionMinutes { get; init; }

    /// <summary>No session starts since then; null: they may.</summary>
    public DateTimeOffset? FrozenAt { get; init; }
}

/// <summary>Body of <c>PATCH /api/v1/organization/settings</c>: what is left out stays.</summary>
public sealed record UpdateOrganizationSettingsRequest
{
    /// <summary>At most 200 characters.</summary>
    public string? Name { get; init; }

    /// <inheritdoc cref="OrganizationSettingsResponse.OpensWhileClosingOverdue"/>
    public bool? OpensWhileClosingOverdue { get; init; }

    /// <summary>1 to 32.</summary>
    public int? WidestIpv4Prefix { get; init; }

    /// <summary>1 to 128.</summary>
    public int? WidestIpv6Prefix { get; init; }

    /// <summary>1 to 43,200, which is 30 days.</summary>
    public int? MaxSessionMinutes { get; init; }
}
