namespace EntryGuard.Server.Hosting;

/// <summary>What an API key may be allowed to do, within what its user may do.</summary>
public static class ApiScopes
{
    public const string All = "*";
    public const string SessionsRead = "sessions:read";

    /// <summary>Includes reading.</summary>
    public const string SessionsWrite = "sessions:write";
    public const string ResourcesRead = "resources:read";

    /// <inheritdoc cref="SessionsWrite"/>
    public const string ResourcesWrite = "resources:write";
    public const string StaticRulesRead = "static-ip-rules:read";

    /// <inheritdoc cref="SessionsWrite"/>
    public const string StaticRulesWrite = "static-ip-rules:write";
    public const string CredentialsRead = "credentials:read";

    /// <inheritdoc cref="SessionsWrite"/>
    public const string CredentialsWrite = "credentials:write";
    public const string UsersRead = "users:read";

    /// <inheritdoc cref="SessionsWrite"/>
    public const string UsersWrite = "users:write";
    public const string RolesRead = "roles:read";

    /// <inheritdoc cref="SessionsWrite"/>
    public const string RolesWrite = "roles:write";
    public const string ApiKeysRead = "api-keys:read";

    /// <inheritdoc cref="SessionsWrite"/>
    public const string ApiKeysWrite = "api-keys:write";
    public const string OrganizationRead = "organization:read";

    /// <inheritdoc cref="SessionsWrite"/>
    public const string OrganizationWrite = "organization:write";
    public const string AuditRead = "audit:read";

    /// <summary>Every scope there is.</summary>
    public static IReadOnlyList<string> Known { get; } =
    [
        All, SessionsRead, SessionsWrite, ResourcesRead, ResourcesWrite, StaticRulesRead, StaticRulesWrite, CredentialsRead, CredentialsWrite,
        UsersRead, UsersWrite, RolesRead, RolesWrite, ApiKeysRead, ApiKeysWrite, OrganizationRead, OrganizationWrite, AuditRead,
    ];

    /// <summary>"roles:*" is another way to write "roles:write"; anything else is what it is.</summary>
    public static string Canonical(string scope)
    {
        ArgumentNullException.ThrowIfNull(scope);
        return scope.EndsWith(":*", StringComparison.Ordinal) ? string.Concat(scope.AsSpan(0, scope.Length - 1), "write") : scope;
    }

    /// <summary>True if a key with these scopes may do what needs that one.</summary>
    public static bool Allow(IReadOnlyList<string> held, string needed)
    {
        ArgumentNullException.ThrowIfNull(held);
        ArgumentNullException.ThrowIfNull(needed);
        return held.Contains(All) || held.Contains(needed)
            || (needed.EndsWith(":read", StringComparison.Ordinal) && held.Contains(string.Concat(needed.AsSpan(0, needed.Length - 4), "write")));
    }
}
