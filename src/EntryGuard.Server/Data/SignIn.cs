using EntryGuard.Domain;

namespace EntryGuard.Server.Data;

/// <summary>What a sign-in began with.</summary>
public enum SignInMethod
{
    Password,
    Passkey,
}

/// <summary>Why a sign-in is over before its time.</summary>
public enum SignInEnd
{
    /// <summary>Its user signed out.</summary>
    Logout,

    /// <summary>Its user ended it from another one.</summary>
    Ended,

    /// <summary>A refresh token came a second time: somebody has a copy.</summary>
    TokenReused,
    PasswordChanged,
    PasswordReset,
    MfaReset,
    Deactivated,
    Deleted,
}

/// <summary>
/// From the password or passkey to the sign-out. Every access token names one and is worth nothing once that is over; its refresh tokens
/// are a family that dies with it.
/// </summary>
public sealed class SignIn
{
    public SignInId Id { get; set; }
    public OrganizationId OrganizationId { get; set; }
    public UserId UserId { get; set; }
    public SignInMethod Method { get; set; }

    /// <summary>Canonical, as observed when it began.</summary>
    public required string Address { get; set; }

    /// <summary>As the client names itself, at most 200 characters; null if it does not.</summary>
    public string? UserAgent { get; set; }

    /// <summary>When a second factor was last shown in it; null: never.</summary>
    public DateTimeOffset? MfaAt { get; set; }

    /// <summary>It may do nothing but set up the second factor that the organization demands.</summary>
    public bool OnlyEnrols { get; set; }

    /// <summary>SHA-256 of what its requests by cookie must carry in a header; null: it has no cookies.</summary>
    public byte[]? CsrfHash { get; set; }
    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>At most a minute behind.</summary>
    public DateTimeOffset LastSeenAt { get; set; }

    /// <summary>When the last refresh token dies, and it with that.</summary>
    public DateTimeOffset ExpiresAt { get; set; }

    /// <summary>Null while it is on, or ran out by itself.</summary>
    public DateTimeOffset? EndedAt { get; set; }
    public SignInEnd? EndReason { get; set; }
}

/// <summary>One link of a sign-in's chain: it makes the next one, once.</summary>
public sealed class RefreshToken
{
    /// <summary>SHA-256 of the text: it has 256 random bits, so a slow hash would add nothing.</summary>
    public required byte[] Hash { get; set; }
    public OrganizationId OrganizationId { get; set; }
    public SignInId SignInId { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
    public DateTimeOffset ExpiresAt { get; set; }

    /// <summary>Null while it is the chain's last.</summary>
    public DateTimeOffset? UsedAt { get; set; }
}
