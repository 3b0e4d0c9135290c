namespace EntryGuard.Contracts;

/// <summary>Answer of <c>GET /api/v1/explain</c>: why this door is open for this address, or why not.</summary>
public sealed record ExplainResponse
{
    /// <summary>The Resource asked about.</summary>
    public required Guid ResourceId { get; init; }

    /// <summary>Its name.</summary>
    public required string ResourceName { get; init; }

    /// <summary>The address asked about.</summary>
    public required string Address { get; init; }

    /// <summary>What it all means, in a sentence or two.</summary>
    public required string Message { get; init; }

    /// <summary>True: at the provider a rule lets the address in. False: none does. Null: the provider could not be asked, or not completely.</summary>
    public required bool? IsOpen { get; init; }

    /// <summary>Rules of ours for exactly this address that stand at the provider; null: it could not be asked.</summary>
    public required int? Standing { get; init; }

    /// <summary>The organization's claims that want the address open, or are being closed.</summary>
    public required IReadOnlyList<ExplainedClaim> Claims { get; init; }

    /// <summary>Claims of other organizations on the same allow-list and address. Only their number is told.</summary>
    public required int OtherOrganizations { get; init; }

    /// <summary>Every rule at the provider that lets the address in.</summary>
    public required IReadOnlyList<ExplainedRule> Rules { get; init; }

    /// <summary>When the provider was asked; null: it could not be.</summary>
    public DateTimeOffset? ListedAt { get; init; }

    /// <summary>Why the provider could not be asked; null if it was.</summary>
    public string? ListError { get; init; }

    /// <summary>When one of our rules for the address was last proven to stand; null: never.</summary>
    public DateTimeOffset? LastSeenAt { get; init; }
}

/// <summary>One claim that bears on an address.</summary>
public sealed record ExplainedClaim
{
    /// <summary>Its id.</summary>
    public required Guid ResourceIpId { get; init; }

    /// <summary>Its session, or static rule.</summary>
    public required Guid SessionId { get; init; }

    /// <summary>What wants it: SESSION, STATIC_RULE, or DRIFT for a stray rule that is being taken off.</summary>
    public required string OwnerKind { get; init; }

    /// <summary>Whose session it is, or the label of the static rule; null for drift.</summary>
    public string? OwnerName { get; init; }

    /// <summary>The Resource through which it reaches the allow-list.</summary>
    public required string ResourceName { get; init; }

    /// <summary>The address or range it lets in.</summary>
    public required string IpAddress { get; init; }

    /// <summary>What it opens: "tcp/5432", ...</summary>
    public required IReadOnlyList<string> Rules { get; init; }

    /// <summary>Of the Resource IP.</summary>
    public required string Status { get; init; }

    /// <summary>Of its session.</summary>
    public required string SessionStatus { get; init; }

    /// <summary>True: it keeps its rules standing. False: they are being taken off.</summary>
    public required bool IsLive { get; init; }

    /// <summary>When it ends, or was to end; null: it has no end.</summary>
    public required DateTimeOffset? Until { get; init; }

    /// <summary>Since when its closing is overdue; null while it is not.</summary>
    public DateTimeOffset? OverdueSince { get; init; }

    /// <summary>When its rules were last proven to stand; null: never.</summary>
    public DateTimeOffset? LastSeenAt { get; init; }
}

/// <summary>One rule at the provider that lets an address in.</summary>
public sealed record ExplainedRule
{
    /// <summary>What it opens: "tcp/5432", ...</summary>
    public required string Rule { get; init; }

    /// <summary>The address or range it lets in.</summary>
    public required string Address { get; init; }

    /// <summary>It carries our owner mark.</summary>
    public required bool IsOurs { get; init; }

    /// <summary>It lets in more than the address asked about.</summary>
    public required bool IsWider { get; init; }

    /// <summary>The provider's id; null where it has none.</summary>
    public string? ProviderRuleId { get; init; }

    /// <summary>The end the provider holds; null where it holds none.</summary>
    public DateTimeOffset? Until { get; init; }
}
