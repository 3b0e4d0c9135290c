using System.Text.Json;

namespace EntryGuard.Contracts;

/// <summary>Body of <c>POST /api/v1/credentials</c>.</summary>
public sealed record CreateCredentialRequest
{
    /// <summary>Unique within the organization, at most 200 characters. Required.</summary>
    public string? Name { get; init; }

    /// <summary>"AWS", "OPENSTACK", ... Required.</summary>
    public string? Provider { get; init; }

    /// <summary>One of the kinds the provider takes: "ACCESS_KEY", ... Required.</summary>
    public string? CredentialType { get; init; }

    /// <summary>The secret, an object whose shape is the provider's. Required. It is stored encrypted and never shown again.</summary>
    public JsonElement? CredentialData { get; init; }

    /// <summary>Without the secret, so that a log of the record leaks nothing.</summary>
    public override string ToString() => $"{nameof(CreateCredentialRequest)} {Name}";
}

/// <summary>Body of <c>PATCH /api/v1/credentials/{id}</c>: what is left out stays.</summary>
public sealed record UpdateCredentialRequest
{
    /// <inheritdoc cref="CreateCredentialRequest.Name"/>
    public string? Name { get; init; }

    /// <summary>Rotates the secret in place. The new one is verified first and must prove the same account while anything may be open.</summary>
    public JsonElement? CredentialData { get; init; }

    /// <summary>Without the secret, so that a log of the record leaks nothing.</summary>
    public override string ToString() => $"{nameof(UpdateCredentialRequest)} {Name}";
}

/// <summary>What is used to reach Resources; without the secret, which is write-only.</summary>
public sealed record CredentialResponse
{
    /// <summary>Its id.</summary>
    public required Guid Id { get; init; }

    /// <summary>Unique within the organization.</summary>
    public required string Name { get; init; }

    /// <summary>"AWS", ...</summary>
    public required string Provider { get; init; }

    /// <summary>"ACCESS_KEY", ...</summary>
    public required string CredentialType { get; init; }

    /// <summary>Whether it worked when a Resource was last verified with it; null: never verified.</summary>
    public bool? IsValid { get; init; }

    /// <summary>Null before the first verification.</summary>
    public DateTimeOffset? LastVerifiedAt { get; init; }

    /// <summary>What went wrong at the last verification; null if nothing did.</summary>
    public string? VerificationError { get; init; }

    /// <summary>How many Resources use it.</summary>
    public required int UsedBy { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When an admin last changed it. The ETag stands for it.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }
}
