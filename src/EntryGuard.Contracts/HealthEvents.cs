namespace EntryGuard.Contracts;

/// <summary>Something that was, or is, wrong with a Resource.</summary>
public sealed record HealthEventResponse
{
    /// <summary>Its id.</summary>
    public required Guid Id { get; init; }

    /// <summary>The Resource.</summary>
    public required Guid ResourceId { get; init; }

    /// <summary>Name of the Resource.</summary>
    public required string ResourceName { get; init; }

    /// <summary>VERIFY, RECONCILE, STALE_CIDRS or REMOVAL_FAILING.</summary>
    public required string Category { get; init; }

    /// <summary>In words, with what to do; of the last time it was seen.</summary>
    public required string Message { get; init; }

    /// <summary>When it began.</summary>
    public required DateTimeOffset FirstSeenAt { get; init; }

    /// <summary>When it was last seen; moved at most once in an hour while nothing else changed.</summary>
    public required DateTimeOffset LastSeenAt { get; init; }

    /// <summary>Null: it is so now.</summary>
    public DateTimeOffset? ResolvedAt { get; init; }
}
