using EntryGuard.Domain;

namespace EntryGuard.Server.Data;

/// <summary>What is wrong with a Resource.</summary>
public enum HealthCategory
{
    /// <summary>It cannot be opened and closed: credential, right, or the thing itself.</summary>
    Verify,

    /// <summary>It cannot be compared with what should stand there, or the comparison found what it may not repair by itself.</summary>
    Reconcile,

    /// <summary>The provider holds addresses nobody here tracks.</summary>
    StaleCidrs,

    /// <summary>A closing is overdue.</summary>
    RemovalFailing,
}

/// <summary>Something that was, or is, wrong with a Resource: at most one that is not resolved per Resource and category.</summary>
public sealed class HealthEvent
{
    public HealthEventId Id { get; set; }
    public OrganizationId OrganizationId { get; set; }
    public ResourceId ResourceId { get; set; }
    public Resource? Resource { get; set; }
    public HealthCategory Category { get; set; }

    /// <summary>In words, with what to do; of the last time it was seen.</summary>
    public required string Message { get; set; }
    public DateTimeOffset FirstSeenAt { get; set; }

    /// <summary>Moved when it is seen again, at most once in an hour while nothing else changed.</summary>
    public DateTimeOffset LastSeenAt { get; set; }

    /// <summary>Null: it is so now.</summary>
    public DateTimeOffset? ResolvedAt { get; set; }
}
