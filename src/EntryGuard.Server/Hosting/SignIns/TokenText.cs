using System.Buffers.Text;
using System.Security.Cryptography;
using EntryGuard.Domain;
using EntryGuard.Server.Hosting.ApiKeys;

namespace EntryGuard.Server.Hosting.SignIns;

/// <summary>
/// An opaque token as its user holds it, in the shape of an API key: a prefix and 64 characters of base64url, 32 random bytes and the 16 of
/// the organization's id. Stored is its SHA-256 alone.
/// </summary>
/// <param name="Text">Shown once, never stored, never logged.</param>
/// <param name="Hash">What is stored.</param>
public sealed record TokenText(string Text, byte[] Hash)
{
    /// <summary>Prefix of refresh tokens.</summary>
    public const string Refresh = "egr_";

    /// <summary>Prefix of one-time tokens.</summary>
    public const string OneTime = "egt_";

    private const int RandomBytes = 32;
    private const int Characters = 64;

    /// <summary>A new one.</summary>
    /// <param name="prefix"><see cref="Refresh"/> or <see cref="OneTime"/>.</param>
    /// <param name="organization">Whose it is.</param>
    public static TokenText New(string prefix, OrganizationId organization)
    {
        Span<byte> bytes = stackalloc byte[RandomBytes + 16];
        RandomNumberGenerator.Fill(bytes[..RandomBytes]);
        organization.Value.TryWriteBytes(bytes[RandomBytes..], bigEndian: true, out _);
        var text = prefix + Base64Url.EncodeToString(bytes);
        return new TokenText(text, ApiKeyText.HashOf(text));
    }

    /// <summary>Whose it says it is, and what would be stored of it; null: it is no such token.</summary>
    public static (OrganizationId Organization, byte[] Hash)? Read(string prefix, string? text)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        Span<byte> bytes = stackalloc byte[RandomBytes + 16];
        if (text is null || text.Length != prefix.Length + Characters || !text.StartsWith(prefix, StringComparison.Ordinal)
            || !Base64Url.TryDecodeFromChars(text.AsSpan(prefix.Length), bytes, out var written) || written != bytes.Length)
            return null;
        return (new OrganizationId(new Guid(bytes[RandomBytes..], bigEndian: true)), ApiKeyText.HashOf(text));
    }

    /// <summary>Without the token.</summary>
    public override string ToString() => $"{Text[..4]}…";
}
