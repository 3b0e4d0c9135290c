using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using EntryGuard.Domain;

namespace EntryGuard.Server.Data;

/// <summary>What an audit row is about.</summary>
/// <param name="Type">"SESSION", "STATIC_IP_RULE", "RESOURCE", "CREDENTIAL", "API_KEY", "USER", "MAIL".</param>
/// <param name="Id">Of the thing.</param>
/// <param name="Name">The name it has now; null if such things have none.</param>
public sealed record AuditSubject(string Type, string Id, string? Name);

/// <summary>How audit rows are made, everywhere.</summary>
public static class AuditRow
{
    // Names and reasons in any script stay readable; what could end a tag is still escaped.
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.Create(UnicodeRanges.All) };

    /// <summary>A row of success, not yet added.</summary>
    /// <param name="details">Serialised to a JSON object; null: nothing more is to be said. Never a secret.</param>
    public static AuditEntry Of(
        OrganizationId organization, Actor actor, string eventType, DateTimeOffset now, AuditSubject subject, object? details = null)
    {
        ArgumentNullException.ThrowIfNull(actor);
        ArgumentNullException.ThrowIfNull(subject);
        return new AuditEntry
        {
            OrganizationId = organization,
            EventType = eventType,
            ActorType = actor.Type,
            ActorEmail = actor.Email,
            ActorKey = actor.Key,
            ResourceType = subject.Type,
            ResourceId = subject.Id,
            ResourceName = subject.Name,
            Result = "SUCCESS",
            IpAddress = actor.IpAddress,
            Details = details is null ? null : JsonSerializer.Serialize(details, Readable),
            CreatedAt = now,
        };
    }

    internal static AuditSubject SubjectOf(Resource resource) => new("RESOURCE", resource.Id.Value.ToString(), resource.Name);

    internal static AuditSubject SubjectOf(Credential credential) => new("CREDENTIAL", credential.Id.Value.ToString(), credential.Name);

    internal static AuditSubject SubjectOf(User user) => new(user.Kind == UserKind.Person ? "USER" : "SERVICE_ACCOUNT", user.Id.Value.ToString(), user.Email);

    internal static AuditSubject SubjectOf(Role role) => new("ROLE", role.Id.Value.ToString(), role.Name);

    internal static AuditSubject SubjectOf(Organization organization) => new("ORGANIZATION", organization.Id.Value.ToString(), organization.Name);

    internal static AuditSubject SubjectOf(ApiKey key) => new("API_KEY", key.Id.Value.ToString(), key.Name);

    /// <summary>A row about a Resource.</summary>
    public static AuditEntry About(Resource resource, Actor actor, string eventType, DateTimeOffset now, object? details = null)
    {
        ArgumentNullException.ThrowIfNull(resource);
        return Of(resource.OrganizationId, actor, eventType, now, SubjectOf(resource), details);
    }

    /// <summary>A row about a credential.</summary>
    public static AuditEntry About(Credential credential, Actor actor, string eventType, DateTimeOffset now, object? details = null)
    {
        ArgumentNullException.ThrowIfNull(credential);
        return Of(credential.OrganizationId, actor, eventType, now, SubjectOf(credential), details);
    }

    /// <summary>A row about a user.</summary>
    public static AuditEntry About(User user, Actor actor, string eventType, DateTimeOffset now, object? details = null)
    {
        ArgumentNullException.ThrowIfNull(user);
        return Of(user.OrganizationId, actor, eventType, now, SubjectOf(user), details);
    }

    /// <summary>A row about a role.</summary>
    public static AuditEntry About(Role role, Actor actor, string eventType, DateTimeOffset now, object? details = null)
    {
        ArgumentNullException.ThrowIfNull(role);
        return Of(role.OrganizationId, actor, eventType, now, SubjectOf(role), details);
    }

    /// <summary>A row about an organization.</summary>
    public static AuditEntry About(Organization organization, Actor actor, string eventType, DateTimeOffset now, object? details = null)
    {
        ArgumentNullException.ThrowIfNull(organization);
        return Of(organization.Id, actor, eventType, now, SubjectOf(organization), details);
    }

    /// <summary>A row about an API key.</summary>
    public static AuditEntry About(ApiKey key, Actor actor, string eventType, DateTimeOffset now, object? details = null)
    {
        ArgumentNullException.ThrowIfNull(key);
        return Of(key.OrganizationId, actor, eventType, now, SubjectOf(key), details);
    }
}
