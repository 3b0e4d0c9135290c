namespace EntryGuard.Contracts;

/// <summary>Body of <c>POST /api/v1/api-keys</c>.</summary>
public sealed record CreateApiKeyRequest
{
    /// <summary>To recognise it by; at most 200 characters. Required.</summary>
    public string? Name { get; init; }

    /// <summary>At most 1,000 characters.</summary>
    public string? Description { get; init; }

    /// <summary>What it may do, of <see cref="ApiScopes"/>; at least one. Nothing beyond what the key of this request may do itself.</summary>
    public IReadOnlyList<string>? Scopes { get; init; }

    /// <summary>When it stops working; null: never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Whose it is; only an admin may name another user. Null: the caller's own.</summary>
    public string? UserId { get; init; }
}

/// <summary>What an API key may do. A key never does what its user may not.</summary>
public static class ApiScopes
{
    /// <summary>Everything its user may do.</summary>
    public const string All = "*";

    /// <summary>See sessions and their events.</summary>
    public const string SessionsRead = "sessions:read";

    /// <summary>Start, stop and extend sessions, and see them.</summary>
    public const string SessionsWrite = "sessions:write";

    /// <summary>See Resources, and explain what is open.</summary>
    public const string ResourcesRead = "resources:read";

    /// <summary>Change, verify and assign Resources.</summary>
    public const string ResourcesWrite = "resources:write";

    /// <summary>See credentials, without their secrets.</summary>
    public const string CredentialsRead = "credentials:read";

    /// <summary>Change credentials.</summary>
    public const string CredentialsWrite = "credentials:write";

    /// <summary>See users.</summary>
    public const string UsersRead = "users:read";

    /// <summary>Change users.</summary>
    public const string UsersWrite = "users:write";

    /// <summary>See API keys.</summary>
    public const string ApiKeysRead = "api-keys:read";

    /// <summary>Make and revoke API keys.</summary>
    public const string ApiKeysWrite = "api-keys:write";

    /// <summary>Read the audit log.</summary>
    public const string AuditRead = "audit:read";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> Every { get; } =
    [
        All, SessionsRead, SessionsWrite, ResourcesRead, ResourcesWrite, CredentialsRead, CredentialsWrite, UsersRead, UsersWrite, ApiKeysRead,
        ApiKeysWrite, AuditRead,
    ];
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
