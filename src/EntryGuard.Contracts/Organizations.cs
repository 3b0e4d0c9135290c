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

    /// <summary>Fewest characters of a password.</summary>
    public required int PasswordMinLength { get; init; }

    /// <summary>A password needs an upper-case letter.</summary>
    public required bool PasswordRequireUppercase { get; init; }

    /// <summary>A password needs a lower-case letter.</summary>
    public required bool PasswordRequireLowercase { get; init; }

    /// <summary>A password needs a digit.</summary>
    public required bool PasswordRequireDigit { get; init; }

    /// <summary>A password needs something that is neither letter nor digit.</summary>
    public required bool PasswordRequireSpecialChar { get; init; }

    /// <summary>Days after which a password must be changed at sign-in; null: never.</summary>
    public int? PasswordExpirationDays { get; init; }

    /// <summary>So many passwords back, the current one included, none comes again.</summary>
    public required int PasswordHistory { get; init; }

    /// <summary>Whoever signs in with a password shows a second factor as well, and sets one up at the next sign-in if there is none. A passkey is enough by itself.</summary>
    public required bool MfaRequired { get; init; }
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

    /// <summary>8 to 128. For passwords from now on.</summary>
    public int? PasswordMinLength { get; init; }

    /// <inheritdoc cref="OrganizationSettingsResponse.PasswordRequireUppercase"/>
    public bool? PasswordRequireUppercase { get; init; }

    /// <inheritdoc cref="OrganizationSettingsResponse.PasswordRequireLowercase"/>
    public bool? PasswordRequireLowercase { get; init; }

    /// <inheritdoc cref="OrganizationSettingsResponse.PasswordRequireDigit"/>
    public bool? PasswordRequireDigit { get; init; }

    /// <inheritdoc cref="OrganizationSettingsResponse.PasswordRequireSpecialChar"/>
    public bool? PasswordRequireSpecialChar { get; init; }

    /// <summary>1 to 365; 0: a password does not grow old.</summary>
    public int? PasswordExpirationDays { get; init; }

    /// <summary>0 to 24.</summary>
    public int? PasswordHistory { get; init; }

    /// <inheritdoc cref="OrganizationSettingsResponse.MfaRequired"/>
    public bool? MfaRequired { get; init; }
}
