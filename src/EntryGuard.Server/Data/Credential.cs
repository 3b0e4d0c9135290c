using EntryGuard.Domain;

namespace EntryGuard.Server.Data;

/// <summary>What we use to reach Resources. Write-only: the secret leaves the database only towards the provider.</summary>
public sealed class Credential
{
    public CredentialId Id { get; set; }
    public OrganizationId OrganizationId { get; set; }
    public required string Name { get; set; }

    /// <summary>"AWS", ...</summary>
    public required string Provider { get; set; }

    /// <summary>"ACCESS_KEY", ...</summary>
    public required string CredentialType { get; set; }

    /// <summary>Encrypted; bound to this organization and this credential.</summary>
    public required byte[] Secret { get; set; }

    /// <summary>Null: never verified.</summary>
    public bool? IsValid { get; set; }
    public DateTimeOffset? LastVerifiedAt { get; set; }
    public string? VerificationError { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
    public DateTimeOffset UpdatedAt { get; set; }

    /// <summary>A tombstone since then; null: in use. Pruned once no claim rests on it.</summary>
    public DateTimeOffset? DeletedAt { get; set; }
}
