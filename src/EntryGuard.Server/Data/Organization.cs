using System.Security.Cryptography;
using EntryGuard.Domain;

namespace EntryGuard.Server.Data;

/// <summary>A tenant. Every row but the installation's own belongs to one.</summary>
public sealed class Organization : IFreezable
{
    public OrganizationId Id { get; set; }
    public required string Name { get; set; }

    /// <summary>Lower case, hyphens; unique among organizations that are not deleted.</summary>
    public required string Slug { get; set; }
    public bool IsActive { get; set; } = true;

    /// <summary>What a cloud role that trusts this server must demand (<c>sts:ExternalId</c>): made here, unguessable, never another organization's.</summary>
    public string ExternalId { get; set; } = NewExternalId();

    /// <summary>Longest session, extensions included.</summary>
    public TimeSpan MaxSession { get; set; } = TimeSpan.FromHours(24);

    /// <summary>New claims are made on a Resource even while a closing on it is overdue. Off: what cannot be closed is not opened.</summary>
    public bool OpensWhileOverdue { get; set; }

    /// <summary>Fewest bits of a static rule's prefix, 1–32; what is wider is refused.</summary>
    public int WidestIPv4 { get; set; } = 24;

    /// <summary>Fewest bits of a static rule's prefix, 1–128; what is wider is refused.</summary>
    public int WidestIPv6 { get; set; } = 56;

    /// <summary>Characters of a password, where an organization has not chosen yet.</summary>
    public const int UsualPasswordLength = 12;

    /// <summary>Fewest that may be chosen.</summary>
    public const int LeastPasswordLength = 8;

    /// <summary>Characters, <see cref="LeastPasswordLength"/>–128.</summary>
    public int PasswordMinLength { get; set; } = UsualPasswordLength;
    public bool PasswordNeedsUpper { get; set; }
    public bool PasswordNeedsLower { get; set; }
    public bool PasswordNeedsDigit { get; set; }

    /// <summary>Anything that is neither letter nor digit.</summary>
    public bool PasswordNeedsSpecial { get; set; }

    /// <summary>1–365; null: a password does not grow old.</summary>
    public int? PasswordExpirationDays { get; set; }

    /// <summary>So many passwords back, the current one included, none comes again; 0–24.</summary>
    public int PasswordHistory { get; set; } = 5;

    /// <summary>Whoever signs in with a password shows a second factor as well, and sets one up if there is none.</summary>
    public bool MfaRequired { get; set; }

    /// <inheritdoc/>
    public DateTimeOffset? FrozenAt { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
    public List<User> Users { get; } = [];

    private static string NewExternalId() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(20));
}
