using System.Text.Json;
using EntryGuard.Contracts;
using EntryGuard.Server.Data;
using EntryGuard.Server.Hosting;

namespace EntryGuard.Server.Features;

/// <summary>How an audit row is shown.</summary>
public static class AuditView
{
    /// <param name="row">As stored.</param>
    /// <param name="organizationName">Of the row's organization, which is the reader's.</param>
    public static AuditEntryResponse ToResponse(AuditEntry row, string organizationName)
    {
        ArgumentNullException.ThrowIfNull(row);
        return new AuditEntryResponse
        {
            Id = row.Id,
            EventType = row.EventType,
            ActorEmail = row.ActorEmail,
            ActorType = row.ActorType,
            ActorKey = row.ActorKey,
            ResourceType = row.ResourceType,
            ResourceId = row.ResourceId,
            ResourceName = row.ResourceName,
            SessionId = row.SessionId?.Value,
            Result = row.Result,
            IpAddress = row.IpAddress,
            ErrorMessage = row.ErrorMessage,
            Details = row.Details is null ? null : JsonSerializer.Deserialize<JsonElement>(row.Details),
            OrganizationName = organizationName,
            CreatedAt = row.CreatedAt,
        };
    }

    /// <summary>An admin or auditor, and by no key that may not read the audit log: sees the rows as they are, and everybody's.</summary>
    public static bool IsWhole(Caller caller)
    {
        ArgumentNullException.ThrowIfNull(caller);
        return caller.SeesAll && ApiScopes.Allow(caller.Scopes, ApiScopes.AuditRead);
    }

    /// <summary>For everybody else: without what only admins need, details and where others called from.</summary>
    public static AuditEntryResponse Trim(AuditEntryResponse row, Caller caller)
    {
        ArgumentNullException.ThrowIfNull(row);
        return IsWhole(caller) ? row : row with { Details = null, IpAddress = row.ActorEmail == caller.Email ? row.IpAddress : null };
    }
}
