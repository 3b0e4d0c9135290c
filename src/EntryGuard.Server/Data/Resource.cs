using System.Collections.Immutable;
using System.Text.Json;
using EntryGuard.Domain;
using EntryGuard.Domain.Providers;
using EntryGuard.Domain.Rules;

namespace EntryGuard.Server.Data;

/// <summary>Outcome of the last verification. Apart from <see cref="Resource.IsActive"/>, which is the admin's switch.</summary>
public enum ResourceHealth
{
    Unverified,
    Valid,
    Invalid,
}

/// <summary>One allow-list somewhere, as one organization sees it.</summary>
public sealed class Resource
{
    public ResourceId Id { get; set; }
    public OrganizationId OrganizationId { get; set; }

    /// <summary>Unique within the organization among those not deleted.</summary>
    public required string Name { get; set; }

    /// <summary>Null where the provider needs none.</summary>
    public CredentialId? CredentialId { get; set; }
    public Credential? Credential { get; set; }

    /// <summary>Never changes, like type, identifier and region (E08).</summary>
    public required string Provider { get; set; }
    public required string ResourceType { get; set; }
    public required string Identifier { get; set; }
    public string? Region { get; set; }

    /// <summary>The provider's own settings, as JSON.</summary>
    public required string Config { get; set; }

    /// <summary>What a claim made now opens; copied into the claim, fixed there for its life.</summary>
    public ImmutableArray<Scope> Scopes { get; set; } = [];

    /// <summary>Kinds of address beyond the provider's usual ones: "DOCUMENTATION", "PRIVATE", ..., "RANGE".</summary>
    public IReadOnlyList<string> AllowedAddresses { get; set; } = [];

    /// <summary>The admin's switch. Off: nothing new is opened, and what is open is closed.</summary>
    public bool IsActive { get; set; } = true;
    public ResourceHealth Health { get; set; }

    /// <summary>The verification's words; null before the first one.</summary>
    public string? HealthMessage { get; set; }
    public DateTimeOffset? LastVerifiedAt { get; set; }

    /// <summary>Null until the first good verification; then never another (E08).</summary>
    public AllowListKey? AllowListKey { get; set; }

    /// <summary>What the last good verification proved us to be.</summary>
    public string? Identity { get; set; }

    /// <summary>Resources with the same key share a call budget; null: none is kept.</summary>
    public string? ThrottleKey { get; set; }

    /// <summary>Entries used at the provider, and its limit, when last seen; null: no limit, or not known.</summary>
    public int? CapacityUsed { get; set; }
    public int? CapacityLimit { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
    public DateTimeOffset UpdatedAt { get; set; }

    /// <summary>A tombstone since then; null: in use. Pruned once no claim rests on it.</summary>
    public DateTimeOffset? DeletedAt { get; set; }

    /// <summary>As its provider reads it.</summary>
    /// <param name="config">Settings to try instead of its own, as JSON; null: its own.</param>
    public ResourceConfig ToConfig(string? config = null) => new(Identifier, Region, JsonSerializer.Deserialize<JsonElement>(config ?? Config));
}
