using System.Text.Json;

namespace EntryGuard.Contracts;

/// <summary>One thing that happened.</summary>
public sealed record AuditEntryResponse
{
    /// <summary>Grows with the order of writing.</summary>
    public required long Id { get; init; }

    /// <summary>"SESSION_START", "RULE_REMOVED", ...</summary>
    public required string EventType { get; init; }

    /// <summary>Who did it; null: the server by itself.</summary>
    public string? ActorEmail { get; init; }

    /// <summary>USER: signed in. API_KEY: a person's key. SERVICE_ACCOUNT: a key of one. SYSTEM.</summary>
    public required string ActorType { get; init; }

    /// <summary>Name and first characters of the key that did it; null: it was none.</summary>
    public string? ActorKey { get; init; }

    /// <summary>What it is about: SESSION, STATIC_IP_RULE, RESOURCE, CREDENTIAL, API_KEY, USER, ...</summary>
    public string? ResourceType { get; init; }

    /// <summary>The id of what it is about.</summary>
    public string? ResourceId { get; init; }

    /// <summary>The name it had then.</summary>
    public string? ResourceName { get; init; }

    /// <summary>The session, or static rule, it is about; null if about none.</summary>
    public Guid? SessionId { get; init; }

    /// <summary>SUCCESS or FAILURE.</summary>
    public required string Result { get; init; }

    /// <summary>Where the request came from; null: it was none.</summary>
    public string? IpAddress { get; init; }

    /// <summary>What went wrong; null if nothing did.</summary>
    public string? ErrorMessage { get; init; }

    /// <summary>An object whose shape depends on the event; null if nothing more is to be said.</summary>
    public JsonElement? Details { get; init; }

    /// <summary>Name of the organization.</summary>
    public required string OrganizationName { get; init; }

    /// <summary>When.</summary>
    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>Answer of <c>GET /api/v1/audit-logs</c>, newest first.</summary>
public sealed record AuditPage
{
    /// <summary>The entries of this page.</summary>
    public required IReadOnlyList<AuditEntryResponse> Content { get; init; }

    /// <summary>Entries that match, on all pages.</summary>
    public required long TotalElements { get; init; }

    /// <summary>Pages of <see cref="Size"/> entries.</summary>
    public required int TotalPages { get; init; }

    /// <summary>Number of this page, from 0; with a cursor always 0.</summary>
    public required int Number { get; init; }

    /// <summary>Most entries on a page.</summary>
    public required int Size { get; init; }

    /// <summary>Give it as <c>cursor</c> to go on where this page ends, whatever is written meanwhile; null: there is no more.</summary>
    public string? NextCursor { get; init; }
}

/// <summary>Data of one event of <c>GET /api/v1/events</c>. Heartbeats (<c>heartbeat</c>, and <c>ready</c> at the beginning) have neither.</summary>
public sealed record EventResponse
{
    /// <summary>What happened.</summary>
    public AuditEntryResponse? Audit { get; init; }

    /// <summary>The session as it is now, if it is about one.</summary>
    public SessionResponse? Session { get; init; }
}
