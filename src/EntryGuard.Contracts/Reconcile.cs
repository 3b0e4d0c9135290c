namespace EntryGuard.Contracts;

/// <summary>Body of <c>POST /api/v1/resources/{id}/reconcile</c>. Everything is optional.</summary>
public sealed record ReconcileRequest
{
    /// <summary>Only look, and say what would be done; default false.</summary>
    public bool? DryRun { get; init; }

    /// <summary>It may remove more than the brake lets pass; default false. Look with a dry run first.</summary>
    public bool? Unbraked { get; init; }
}

/// <summary>How an allow-list differs from what sessions and static rules want, and what is done about it.</summary>
public sealed record ReconcileResponse
{
    /// <summary>The Resource asked about.</summary>
    public required Guid ResourceId { get; init; }

    /// <summary>What it all means, in a sentence or two.</summary>
    public required string Message { get; init; }

    /// <summary>True: the reconciliation was asked for, and is carried out by the allow-list's own worker at once. False: a dry run, or nobody could look.</summary>
    public required bool Asked { get; init; }

    /// <summary>So much would be removed that no ended session asks for that it is not, unless <c>unbraked</c> is said.</summary>
    public required bool IsBraked { get; init; }

    /// <summary>Rules that live claims of the organization want, and that are gone: to be put back.</summary>
    public required IReadOnlyList<DriftedRule> Missing { get; init; }

    /// <summary>Rules that were seen gone when their session ended, and stand again: to be removed whatever the policy.</summary>
    public required IReadOnlyList<DriftedRule> FoundAgain { get; init; }

    /// <summary>Rules with a mark of ours that no claim ever accounted for, as far as the history goes.</summary>
    public required IReadOnlyList<DriftedRule> Strays { get; init; }

    /// <summary>Rules of ours that somebody made to open something else.</summary>
    public required IReadOnlyList<DriftedRule> Altered { get; init; }

    /// <summary>Rules of others; removed only where every Resource that leads there is EXCLUSIVE.</summary>
    public required IReadOnlyList<DriftedRule> Foreign { get; init; }

    /// <summary>What would be, or is, removed of all these.</summary>
    public required IReadOnlyList<DriftedRule> ToRemove { get; init; }

    /// <summary>Of those missing, found again or altered: how many belong to other organizations. Only their number is told.</summary>
    public required int OtherOrganizations { get; init; }

    /// <summary>When the provider was asked; null: it could not be.</summary>
    public DateTimeOffset? ListedAt { get; init; }

    /// <summary>Why the provider could not be asked; null if it was.</summary>
    public string? ListError { get; init; }
}

/// <summary>One rule of a reconciliation.</summary>
public sealed record DriftedRule
{
    /// <summary>"tcp/443".</summary>
    public required string Rule { get; init; }

    /// <summary>The address or range let in.</summary>
    public required string Address { get; init; }

    /// <summary>The provider's id of it; null where it has none, or the rule is missing.</summary>
    public string? ProviderRuleId { get; init; }
}
