using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using EntryGuard.Domain;

namespace EntryGuard.Server.Hosting.ApiKeys;

/// <summary>
/// An API key as its user holds it: <c>eg_</c> and 64 characters of base64url: 32 random bytes, then the 16 of the organization's id. So the
/// tenant is known before the first query, and no query crosses tenants. The random bytes come first, that the prefix tells keys apart.
/// </summary>
/// <param name="Text">The whole key. Shown once, never stored, never logged.</param>
/// <param name="Prefix">The first 11 characters, to recognise it by.</param>
/// <param name="Hash">SHA-256 of the text: what is stored.</param>
public sealed record ApiKeyText(string Text, string Prefix, byte[] Hash)
{
    private const string Start = "eg_";
    private const int RandomBytes = 32;
    private const int TextLength = 67;
    private const int PrefixLength = 11;

    /// <summary>A new key of an organization.</summary>
    public static ApiKeyText New(OrganizationId organization)
    {
        Span<byte> bytes = stackalloc byte[RandomBytes + 16];
        RandomNumberGenerator.Fill(bytes[..RandomBytes]);
        organization.Value.TryWriteBytes(bytes[RandomBytes..], bigEndian: true, out _);
        var text = Start + Base64Url.EncodeToString(bytes);
        return new ApiKeyText(text, text[..PrefixLength], HashOf(text));
    }

    /// <summary>Whose key it says it is; false: it is no key.</summary>
    public static bool TryRead(string text, out OrganizationId organization)
    {
        ArgumentNullException.ThrowIfNull(text);
        organization = default;
        Span<byte> bytes = stackalloc byte[RandomBytes + 16];
        if (text.Length != TextLength || !text.StartsWith(Start, StringComparison.Ordinal)
            || !Base64Url.TryDecodeFromChars(text.AsSpan(Start.Length), bytes, out var written) || written != bytes.Length)
            return false;
        organization = new OrganizationId(new Guid(bytes[RandomBytes..], bigEndian: true));
        return true;
    }

    /// <summary>What the database knows of it.</summary>
    public static byte[] HashOf(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));

    /// <summary>The key a request carries; null: none. <c>X-API-Key: eg_…</c>, <c>Authorization: ApiKey eg_…</c>, <c>Authorization: Bearer eg_…</c>.</summary>
    public static string? Of(HttpRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.Headers.TryGetValue("X-API-Key", out var plain))
            return plain.ToString();
        var authorization = request.Headers.Authorization.ToString();
        foreach (var scheme in (ReadOnlySpan<string>)["ApiKey ", "Bearer "])
        {
            if (authorization.StartsWith(scheme, StringComparison.OrdinalIgnoreCase))
                return authorization[scheme.Length..].Trim();
        }

        return null;
    }

    /// <summary>Without the key.</summary>
    public override string ToString() => $"{Prefix}…";
}
