using System.Collections.Immutable;
using EntryGuard.Domain;
using EntryGuard.Domain.Net;

namespace EntryGuard.Server.Data;

/// <summary>A key of one user, person or service account. The key itself is shown once; only its hash is kept.</summary>
public sealed class ApiKey
{
    public ApiKeyId Id { get; set; }
    public OrganizationId OrganizationId { get; set; }
    public UserId UserId { get; set; }
    public required string Name { get; set; }
    public string? Description { get; set; }

    /// <summary>The first characters of the key, to recognise it by.</summary>
    public required string KeyPrefix { get; set; }

    /// <summary>SHA-256 of the whole key: it has 256 random bits, so a slow hash would add nothing.</summary>
    public required byte[] Hash { get; set; }

    /// <summary>"sessions:read", ...; "*" is full access of its user.</summary>
    public required IReadOnlyList<string> Scopes { get; set; }

    /// <summary>The only addresses it is heard from; empty: any.</summary>
    public ImmutableArray<Cidr> Networks { get; set; } = [];

    /// <summary>The only Resources it reaches; empty: all that its user does.</summary>
    public ImmutableArray<ResourceId> ResourceIds { get; set; } = [];

    /// <summary>The key that was made to take its place; null: none was.</summary>
    public ApiKeyId? RotatedTo { get; set; }

    /// <summary>Null while it works.</summary>
    public DateTimeOffset? RevokedAt { get; set; }

    /// <summary>Null: no expiry.</summary>
    public DateTimeOffset? ExpiresAt { get; set; }
    public DateTimeOffset? LastUsedAt { get; set; }
    public string? LastUsedIp { get; set; }
    public required string CreatedByEmail { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
}
