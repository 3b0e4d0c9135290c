namespace EntryGuard.Contracts;

/// <summary>Body of <c>POST /api/v1/api-keys</c>.</summary>
public sealed record CreateApiKeyRequest
{
    /// <summary>To recognise it by; at most 200 characters. Required.</summary>
    public string? Name { get; init; }

    /// <summary>At most 1,000 characters.</summary>
    public string? Description { get; init; }

    /// <summary>What it may do: "sessions:write", ...; "sessions:*" is the same; at least one, "*" for everything its user may. Nothing beyond what the key of this request may do itself.</summary>
    public IReadOnlyList<string>? Scopes { get; init; }

    /// <summary>When it stops working; null: never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Whose it is: a user or a service account; only an admin may name another one. Null: the caller's own.</summary>
    public string? UserId { get; init; }

    /// <summary>The only addresses and ranges it is heard from; at most 100. Empty: any.</summary>
    public IReadOnlyList<string>? SourceNetworks { get; init; }

    /// <summary>The only Resources it reaches; at most 200. Empty: all that its user does.</summary>
    public IReadOnlyList<string>? ResourceIds { get; init; }
}

/// <summary>Body of <c>POST /api/v1/api-keys/{id}/rotate</c>.</summary>
public sealed record RotateApiKeyRequest
{
    /// <summary>How long the old key still works beside the new one; 0 to 10,080, default 60.</summary>
    public int? OverlapMinutes { get; init; }
}

/// <summary>An API key.</summary>
public sealed record ApiKeyResponse
{
    /// <summary>Its id.</summary>
    public required Guid Id { get; init; }

    /// <summary>Whose it is.</summary>
    public required Guid UserId { get; init; }

    /// <summary>Of the user.</summary>
    public required string UserEmail { get; init; }

    /// <summary>To recognise it by.</summary>
    public required string Name { get; init; }

    /// <summary>Null if none was given.</summary>
    public string? Description { get; init; }

    /// <summary>The first characters of the key.</summary>
    public required string KeyPrefix { get; init; }

    /// <summary>What it may do.</summary>
    public required IReadOnlyList<string> Scopes { get; init; }

    /// <summary>The only addresses and ranges it is heard from; empty: any.</summary>
    public required IReadOnlyList<string> SourceNetworks { get; init; }

    /// <summary>The only Resources it reaches; empty: all that its user does.</summary>
    public required IReadOnlyList<Guid> ResourceIds { get; init; }

    /// <summary>The key that was made to take its place; null: none was.</summary>
    public Guid? RotatedTo { get; init; }

    /// <summary>True: it does not work any more.</summary>
    public required bool IsRevoked { get; init; }

    /// <summary>Null while it is not revoked.</summary>
    public DateTimeOffset? RevokedAt { get; init; }

    /// <summary>Null: no expiry.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Null: never used.</summary>
    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>Where from; null: never used.</summary>
    public string? LastUsedIp { get; init; }

    /// <summary>Who made it.</summary>
    public required string CreatedByEmail { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The key itself, in the answer that makes it and never again.</summary>
    public string? PlainTextKey { get; init; }

    /// <summary>Without the key, so that a log of the record leaks nothing.</summary>
    public override string ToString() => $"{nameof(ApiKeyResponse)} {KeyPrefix}";
}
