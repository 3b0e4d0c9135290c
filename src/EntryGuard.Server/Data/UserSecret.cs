using EntryGuard.Domain;

namespace EntryGuard.Server.Data;

/// <summary>What a user signs in with, apart from the user: no list of users ever reads it. Made with the first secret.</summary>
public sealed class UserSecret
{
    public UserId UserId { get; set; }
    public OrganizationId OrganizationId { get; set; }

    /// <summary>As Identity's password hasher writes it; null: no password yet.</summary>
    public string? PasswordHash { get; set; }
    public DateTimeOffset? PasswordChangedAt { get; set; }

    /// <summary>Hashes of earlier passwords, newest first; as many as any setting may ask for.</summary>
    public IReadOnlyList<string> FormerHashes { get; set; } = [];

    /// <summary>The secret of one-time codes, sealed for this user; null: none is in force.</summary>
    public byte[]? Totp { get; set; }
    public DateTimeOffset? TotpSince { get; set; }

    /// <summary>One that waits for its first code, sealed; null: none does.</summary>
    public byte[]? PendingTotp { get; set; }

    /// <summary>The 30 s of the last code that was taken: neither that nor an earlier one is taken again.</summary>
    public long TotpStep { get; set; }

    /// <summary>Of the recovery codes.</summary>
    public byte[]? RecoverySalt { get; set; }

    /// <summary>Slow hashes of the recovery codes not yet used, in base64.</summary>
    public IReadOnlyList<string> RecoveryHashes { get; set; } = [];

    /// <summary>An admin took the second factor away: another one is set up before anything else, whatever the organization demands.</summary>
    public bool MustEnrol { get; set; }

    /// <summary>Null: never.</summary>
    public DateTimeOffset? LastSignInAt { get; set; }

    /// <summary>When a link that was sent to the user's address came back; null: never.</summary>
    public DateTimeOffset? EmailVerifiedAt { get; set; }
}

/// <summary>A WebAuthn credential: a private key somewhere else, of which this is the public one.</summary>
public sealed class Passkey
{
    public PasskeyId Id { get; set; }
    public OrganizationId OrganizationId { get; set; }
    public UserId UserId { get; set; }
    public required string Name { get; set; }

    /// <summary>The authenticator's name for it.</summary>
    public required byte[] CredentialId { get; set; }

    /// <summary>COSE.</summary>
    public required byte[] PublicKey { get; set; }

    /// <summary>Of signatures, as the authenticator counts them; 0 where it does not. A step back is a copied key.</summary>
    public long SignCount { get; set; }
    public required IReadOnlyList<string> Transports { get; set; }
    public bool IsUserVerified { get; set; }
    public bool IsBackupEligible { get; set; }
    public bool IsBackedUp { get; set; }
    public required byte[] AttestationObject { get; set; }
    public required byte[] ClientData { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
    public DateTimeOffset? LastUsedAt { get; set; }
}

/// <summary>What a one-time token is for; it is good for nothing else.</summary>
public enum TokenPurpose
{
    /// <summary>The first password.</summary>
    Invitation,

    /// <summary>Another password, without the old one.</summary>
    PasswordReset,

    /// <summary>Another password in place of one that expired and was just given.</summary>
    PasswordChange,

    /// <summary>The second factor, after the password was right.</summary>
    MfaChallenge,

    /// <summary>A challenge that a passkey has answered: born used, so that the answer is not taken again.</summary>
    PasskeyChallenge,
}

/// <summary>Something handed out once, for one purpose, that comes back once.</summary>
public sealed class OneTimeToken
{
    /// <summary>SHA-256 of the text, or of the challenge.</summary>
    public required byte[] Hash { get; set; }
    public OrganizationId OrganizationId { get; set; }
    public UserId UserId { get; set; }
    public TokenPurpose Purpose { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
    public DateTimeOffset ExpiresAt { get; set; }

    /// <summary>Null while it works.</summary>
    public DateTimeOffset? UsedAt { get; set; }

    /// <summary>Wrong codes that came with it.</summary>
    public int Failures { get; set; }
}

/// <summary>A key that signs access tokens. The installation's: engine scope only.</summary>
public sealed class SigningKey
{
    /// <summary>1, 2, 3, ...: of two nodes that make the next one at the same moment, one does.</summary>
    public int Number { get; set; }

    /// <summary>What tokens call it: RFC 7638 thumbprint.</summary>
    public required string Kid { get; set; }

    /// <summary>PKCS #8, sealed.</summary>
    public required byte[] PrivateKey { get; set; }

    /// <summary>Published from here on.</summary>
    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>Signs from here on, until the next one does.</summary>
    public DateTimeOffset SignsFrom { get; set; }
}

/// <summary>Wrong passwords and codes for one account, whether it exists or not. Engine scope only: it has no tenant to belong to.</summary>
public sealed class SignInFailure
{
    /// <summary>SHA-256 of slug and e-mail address.</summary>
    public required byte[] Account { get; set; }
    public int Count { get; set; }
    public DateTimeOffset LastAt { get; set; }

    /// <summary>Nothing is tried before.</summary>
    public DateTimeOffset LockedUntil { get; set; }
}
