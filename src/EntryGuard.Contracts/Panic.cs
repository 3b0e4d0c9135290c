namespace EntryGuard.Contracts;

/// <summary>Body of <c>POST /api/v1/sessions/admin/stop-all</c>: everything of the organization, or of one user, or of one Resource.</summary>
public sealed record StopAllRequest
{
    /// <summary>Only the sessions of this user or service account.</summary>
    public string? UserId { get; init; }

    /// <summary>Only what is open on this Resource. Give at most one of the two.</summary>
    public string? ResourceId { get; init; }

    /// <summary>No session starts there any more until the freeze is lifted; default false.</summary>
    public bool? Freeze { get; init; }

    /// <summary>Static rules that end as well; at most 200. None is touched unless it is named.</summary>
    public IReadOnlyList<string>? StaticRuleIds { get; init; }

    /// <summary>Why; at most 500 characters, kept in the audit log.</summary>
    public string? Reason { get; init; }
}

/// <summary>Body of <c>POST /api/v1/sessions/admin/lift-freeze</c>.</summary>
public sealed record LiftFreezeRequest
{
    /// <summary>The user or service account that may start sessions again.</summary>
    public string? UserId { get; init; }

    /// <summary>The Resource that can be opened again. With neither: the organization.</summary>
    public string? ResourceId { get; init; }
}

/// <summary>What was stopped. The rules are being taken off; the sessions say when they are gone.</summary>
public sealed record StopAllResponse
{
    /// <summary>Sessions that end, or go on without the Resource.</summary>
    public required int Sessions { get; init; }

    /// <summary>Resource IPs whose end began.</summary>
    public required int ResourceIps { get; init; }

    /// <summary>Static rules that end.</summary>
    public required int StaticRules { get; init; }

    /// <summary>Since when nothing starts there; null: it is not frozen.</summary>
    public DateTimeOffset? FrozenAt { get; init; }
}
