using EntryGuard.Domain;

namespace EntryGuard.Server.Data;

/// <summary>What a user may do in the organization besides opening what is granted.</summary>
public enum Authority
{
    /// <summary>Nothing.</summary>
    Member,

    /// <summary>Reads everything, changes nothing.</summary>
    Auditor,

    /// <summary>Everything; opens nothing by itself.</summary>
    Admin,
}

/// <summary>What a user is.</summary>
public enum UserKind
{
    /// <summary>Signs in.</summary>
    Person,

    /// <summary>A program: has API keys and nothing else.</summary>
    ServiceAccount,
}

/// <summary>A person or a program of one organization: whoever sessions, roles and keys belong to.</summary>
public sealed class User : IFreezable
{
    /// <summary>What the address of a service account ends with; no mail is ever delivered there, and no person may have such a one.</summary>
    public const string ServiceDomain = ".service";

    public UserId Id { get; set; }
    public OrganizationId OrganizationId { get; set; }
    public Organization? Organization { get; set; }
    public UserKind Kind { get; set; }

    /// <summary>Lower case; unique within the organization among those not deleted. Of a service account: its name at the organization's slug and <see cref="ServiceDomain"/>.</summary>
    public required string Email { get; set; }
    public string? Name { get; set; }
    public Authority Authority { get; set; }

    /// <summary>May start a session for an address other than the one observed.</summary>
    public bool MayNameAddress { get; set; }
    public bool IsActive { get; set; } = true;

    /// <inheritdoc/>
    public DateTimeOffset? FrozenAt { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
    public DateTimeOffset UpdatedAt { get; set; }

    /// <summary>A tombstone since then; null: in use. Pruned once no session is its.</summary>
    public DateTimeOffset? DeletedAt { get; set; }

    /// <summary>Of one that was read; queries ask for <see cref="Authority"/>.</summary>
    public bool IsOrgAdmin => Authority == Authority.Admin;
}

/// <summary>Direct assignment: the user may open the Resource without a role.</summary>
public sealed class UserResource
{
    public OrganizationId OrganizationId { get; set; }
    public UserId UserId { get; set; }
    public ResourceId ResourceId { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
}
