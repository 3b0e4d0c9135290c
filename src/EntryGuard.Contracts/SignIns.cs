using System.Text.Json.Serialization;

namespace EntryGuard.Contracts;

/// <summary>Body of <c>POST /api/v1/auth/register</c>: an organization and its first administrator.</summary>
public sealed record RegisterRequest
{
    /// <summary>At most 200 characters; its letters and digits make the slug that sign-in asks for. Required.</summary>
    public string? OrganizationName { get; init; }

    /// <summary>Of the administrator. Required.</summary>
    public string? Email { get; init; }

    /// <summary>At most 200 characters.</summary>
    public string? Name { get; init; }

    /// <summary>12 to 128 characters. Required.</summary>
    public string? Password { get; init; }

    /// <inheritdoc cref="LoginRequest.UseCookies"/>
    public bool? UseCookies { get; init; }

    /// <summary>Without the password, so that a log of the record leaks nothing.</summary>
    public override string ToString() => $"{nameof(RegisterRequest)} {Email}";
}

/// <summary>Body of <c>POST /api/v1/auth/login</c>.</summary>
public sealed record LoginRequest
{
    /// <summary>Of the organization. Required.</summary>
    public string? OrganizationSlug { get; init; }

    /// <summary>Of the user. Required.</summary>
    public string? Email { get; init; }

    /// <summary>Required.</summary>
    public string? Password { get; init; }

    /// <summary>True, for browsers: tokens come as cookies that no script can read, and not in the body.</summary>
    public bool? UseCookies { get; init; }

    /// <summary>Without the password, so that a log of the record leaks nothing.</summary>
    public override string ToString() => $"{nameof(LoginRequest)} {OrganizationSlug} {Email}";
}

/// <summary>Where a sign-in stands: signed in; or what is asked for next, with the token to bring along.</summary>
public sealed record LoginResponse
{
    /// <summary>For <c>Authorization: Bearer</c>; null: not signed in yet, or it is in a cookie.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? AccessToken { get; init; }

    /// <summary>Makes the next pair of tokens, once, within 7 days; null as above.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? RefreshToken { get; init; }

    /// <summary>Seconds the access token lives.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? ExpiresIn { get; init; }

    /// <summary>Bearer.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? TokenType { get; init; }

    /// <summary>Who signed in; null: not yet.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public SignedInUser? User { get; init; }

    /// <summary>With cookies only: what every request that changes something must carry as <c>X-CSRF-Token</c>. It is in a readable cookie as well.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? CsrfToken { get; init; }

    /// <summary>True: the password was right, a second factor is asked for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? MfaRequired { get; init; }

    /// <summary>For <c>POST /auth/verify-mfa</c>; null where only a passkey will do: sign in with that.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? MfaChallengeToken { get; init; }

    /// <summary>Seconds it lives.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? MfaChallengeExpiresIn { get; init; }

    /// <summary>What will do: TOTP, RECOVERY_CODE, PASSKEY.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? MfaMethods { get; init; }

    /// <summary>True: the password was right, but is too old.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? PasswordExpired { get; init; }

    /// <summary>For <c>POST /auth/change-expired-password</c>, within 10 minutes.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? PasswordChangeToken { get; init; }

    /// <summary>True: a second factor must be set up first.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? MfaSetupRequired { get; init; }

    /// <summary>An access token that allows nothing but setting up a second factor; confirming that signs in.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? MfaSetupToken { get; init; }

    /// <summary>Without the tokens, so that a log of the record leaks nothing.</summary>
    public override string ToString() => $"{nameof(LoginResponse)} {User?.Email}";
}

/// <summary>Whoever sent the request.</summary>
public sealed record SignedInUser
{
    /// <summary>Its id.</summary>
    public required Guid Id { get; init; }

    /// <summary>Lower case.</summary>
    public required string Email { get; init; }

    /// <summary>Null if none was given.</summary>
    public string? Name { get; init; }

    /// <summary>MEMBER, AUDITOR or ADMIN.</summary>
    public required string Authority { get; init; }

    /// <summary>The same for ADMIN.</summary>
    public required bool IsOrgAdmin { get; init; }

    /// <summary>Of the organization.</summary>
    public required Guid OrganizationId { get; init; }

    /// <summary>Of the organization.</summary>
    public required string OrganizationName { get; init; }

    /// <summary>What sign-in asks for.</summary>
    public required string OrganizationSlug { get; init; }

    /// <summary>One-time codes are on, or there is a passkey.</summary>
    public required bool MfaEnabled { get; init; }

    /// <summary>One-time codes are on.</summary>
    public required bool TotpEnabled { get; init; }

    /// <summary>Recovery codes that were not used yet.</summary>
    public required int RecoveryCodesLeft { get; init; }
}

/// <summary>Body of <c>POST /api/v1/auth/refresh</c>.</summary>
public sealed record RefreshRequest
{
    /// <summary>Of the last answer; each works once. Left out: it is in the cookie.</summary>
    public string? RefreshToken { get; init; }

    /// <summary>Without the token, so that a log of the record leaks nothing.</summary>
    public override string ToString() => nameof(RefreshRequest);
}

/// <summary>Body of <c>POST /api/v1/auth/logout</c>.</summary>
public sealed record LogoutRequest
{
    /// <summary>Of the sign-in that ends. Left out: it is in the cookie.</summary>
    public string? RefreshToken { get; init; }

    /// <summary>Without the token, so that a log of the record leaks nothing.</summary>
    public override string ToString() => nameof(LogoutRequest);
}

/// <summary>An answer that says nothing but yes.</summary>
public sealed record DoneResponse;

/// <summary>One sign-in of the caller.</summary>
public sealed record SignInResponse
{
    /// <summary>Its id.</summary>
    public required Guid Id { get; init; }

    /// <summary>PASSWORD or PASSKEY.</summary>
    public required string Method { get; init; }

    /// <summary>Where it began.</summary>
    public required string IpAddress { get; init; }

    /// <summary>As the client names itself; null if it does not.</summary>
    public string? UserAgent { get; init; }

    /// <summary>When.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>At most a minute behind.</summary>
    public required DateTimeOffset LastSeenAt { get; init; }

    /// <summary>When it runs out unless it is refreshed.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>When a second factor was last shown in it; null: never.</summary>
    public DateTimeOffset? MfaAt { get; init; }

    /// <summary>It is the one this request came with.</summary>
    public required bool IsCurrent { get; init; }
}

/// <summary>Answer of <c>GET /.well-known/jwks.json</c> (RFC 7517).</summary>
public sealed record JwksResponse
{
    /// <summary>Those whose tokens may still be alive, and the next one.</summary>
    public required IReadOnlyList<JwkResponse> Keys { get; init; }
}

/// <summary>A public key.</summary>
public sealed record JwkResponse
{
    /// <summary>EC.</summary>
    public string Kty { get; init; } = "EC";

    /// <summary>P-256.</summary>
    public string Crv { get; init; } = "P-256";

    /// <summary>ES256.</summary>
    public string Alg { get; init; } = "ES256";

    /// <summary>Signatures.</summary>
    public string Use { get; init; } = "sig";

    /// <summary>What tokens call it.</summary>
    public required string Kid { get; init; }

    /// <summary>Coordinate, base64url.</summary>
    public required string X { get; init; }

    /// <inheritdoc cref="X"/>
    public required string Y { get; init; }
}
