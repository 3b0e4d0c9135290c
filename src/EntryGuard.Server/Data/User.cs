using EntryGuard.Domain;

namespace EntryGuard.Server.Data;

public sealed class User
{
    public UserId Id { get; set; }
    public OrganizationId OrganizationId { get; set; }
    public Organization? Organization { get; set; }

    /// <summary>Lower case; unique within the organization.</summary>
    public required string Email { get; set; }
    public string? Name { get; set; }
    public bool IsOrgAdmin { get; set; }

    /// <summary>May start a session for an address other than the one observed.</summary>
    public bool MayNameAddress { get; set; }
    public bool IsActive { get; set; } = true;
    public DateTimeOffset CreatedAt { get; set; }
    public DateTimeOffset UpdatedAt { get; set; }
}

/// <summary>Direct assignment: the user may open the Resource without a role.</summary>
public sealed class UserResource
{
    public OrganizationId OrganizationId { get; set; }
    public UserId UserId { get; set; }
    public ResourceId ResourceId { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
}
