using EntryGuard.Domain;

namespace EntryGuard.Server.Data;

/// <summary>One thing that happened. Written in the transaction of the change itself, only if a row changed; never updated.</summary>
public sealed class AuditEntry
{
    /// <summary>Given by the database in the order of writing; the cursor of lists and streams.</summary>
    public long Id { get; set; }
    public OrganizationId OrganizationId { get; set; }

    /// <summary>"SESSION_START", "RULE_REMOVED", ...; see <c>AuditEvents</c> in Contracts.</summary>
    public required string EventType { get; set; }

    /// <summary>"USER", "API_KEY", "SERVICE_ACCOUNT" or "SYSTEM".</summary>
    public required string ActorType { get; set; }

    /// <summary>Of the user, also where a key of theirs did it; null for the system.</summary>
    public string? ActorEmail { get; set; }

    /// <summary>Name and first characters of the key that did it; null: it was none.</summary>
    public string? ActorKey { get; set; }

    /// <summary>"SESSION", "STATIC_IP_RULE", "RESOURCE", "CREDENTIAL", "API_KEY", "USER", "ROLE", "MAIL", ...</summary>
    public string? ResourceType { get; set; }
    public string? ResourceId { get; set; }
    public string? ResourceName { get; set; }

    /// <summary>The session, or static rule, it is about; null if about none.</summary>
    public SessionId? SessionId { get; set; }

    /// <summary>Whose session it is about: that user may see it.</summary>
    public UserId? SubjectId { get; set; }

    /// <summary>"SUCCESS" or "FAILURE".</summary>
    public required string Result { get; set; }
    public string? IpAddress { get; set; }
    public string? ErrorMessage { get; set; }

    /// <summary>JSON object; null if nothing more is to be said. Never a secret.</summary>
    public string? Details { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
}
