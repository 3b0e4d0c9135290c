using System.Security.Cryptography;
using System.Text;
using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using Microsoft.AspNetCore.Identity;

namespace EntryGuard.Server.Features.SignIns;

/// <summary>Which passwords an organization takes.</summary>
internal static class PasswordRules
{
    /// <summary>Characters no password has more of. Unicode's, not bytes: nothing is ever cut.</summary>
    public const int Longest = 128;

    // Marks can be piled on a letter without end; nobody types so many.
    private const int LongestText = 1024;
    private const int ShortestName = 4;
    private const string Product = "entryguard";

    private static readonly Lazy<byte[]> Breached = new(ReadBreached);

    /// <summary>As it is hashed: canonical characters. Only what no password is, is a fault here.</summary>
    public static string Read(string field, string? given, Dictionary<string, string> errors)
    {
        if (string.IsNullOrEmpty(given))
        {
            errors[field] = "is missing";
            return "";
        }

        if (given.Length <= LongestText && Nfc.Of(given) is var password && password.EnumerateRunes().Count() <= Longest)
            return password;
        errors[field] = $"is too long; write at most {Longest} characters";
        return "";
    }

    /// <summary>What is wrong with a new password; null: nothing, as far as itself can tell.</summary>
    public static Refusal? Fault(string field, string password, Organization organization, string email)
    {
        var runes = password.EnumerateRunes().ToList();
        var lower = password.ToLowerInvariant();
        var wrong = new List<string>();
        if (runes.Count < organization.PasswordMinLength)
            wrong.Add($"has {runes.Count} characters; write at least {organization.PasswordMinLength}");
        if (organization.PasswordNeedsUpper && !runes.Exists(Rune.IsUpper))
            wrong.Add("has no upper-case letter");
        if (organization.PasswordNeedsLower && !runes.Exists(Rune.IsLower))
            wrong.Add("has no lower-case letter");
        if (organization.PasswordNeedsDigit && !runes.Exists(Rune.IsDigit))
            wrong.Add("has no digit");
        if (organization.PasswordNeedsSpecial && !runes.Exists(r => !Rune.IsLetterOrDigit(r)))
            wrong.Add("has nothing but letters and digits");
        if (IsBreached(lower))
            wrong.Add("is one of those that everybody tries first; write another one");
        else if (Names(organization, email).FirstOrDefault(name => lower.Contains(name, StringComparison.Ordinal)) is { } name)
            wrong.Add($"holds {name}, which is no secret");
        return wrong.Count == 0 ? null : Refusal.Field(field, string.Join("; ", wrong), ErrorCodes.PasswordRefused);
    }

    /// <summary>What is wrong with it in view of those before; null: nothing. Costs a slow hash for each.</summary>
    public static Refusal? Repeated(string field, string password, UserSecret secret, Organization organization, Passwords passwords)
    {
        string[] before = secret.PasswordHash is { } current ? [current, .. secret.FormerHashes] : [];
        return before.Take(organization.PasswordHistory).Any(hash => passwords.Matches(hash, password))
            ? Refusal.Field(field, $"was yours before; the last {organization.PasswordHistory} do not come again", ErrorCodes.PasswordRefused)
            : null;
    }

    /// <summary>In the list of leaked ones, itself or without the digits and signs around it.</summary>
    public static bool IsBreached(string lower)
    {
        var core = lower.Trim([.. lower.Where(c => !char.IsLetter(c)).Distinct()]);
        return IsListed(lower) || (core.Length >= ShortestName && core.Length < lower.Length && IsListed(core));
    }

    private static IEnumerable<string> Names(Organization organization, string email) =>
        new[] { Product, email[..email.LastIndexOf('@')], organization.Slug, Nfc.Of(organization.Name).ToLowerInvariant() }.Where(n => n.Length >= ShortestName);

    private static bool IsListed(string word)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(word), hash);
        var list = Breached.Value.AsSpan();
        var wanted = hash[..6];
        var (from, to) = (0, list.Length / 6);
        while (from < to)
        {
            var middle = (from + to) / 2;
            switch (list.Slice(middle * 6, 6).SequenceCompareTo(wanted))
            {
                case 0: return true;
                case < 0: from = middle + 1; break;
                default: to = middle; break;
            }
        }

        return false;
    }

    private static byte[] ReadBreached()
    {
        using var stream = typeof(PasswordRules).Assembly.GetManifestResourceStream("breached.bin")!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}

/// <summary>Hashes passwords, with Identity's hasher: PBKDF2, HMAC-SHA512, a salt each.</summary>
public sealed class Passwords(IPasswordHasher<User> hasher)
{
    private static readonly User Nobody = new() { Email = "" };
    private readonly Lazy<string> decoy = new(() => hasher.HashPassword(Nobody, Convert.ToBase64String(RandomNumberGenerator.GetBytes(32))));

    public string Hash(string password) => hasher.HashPassword(Nobody, password);

    /// <summary>True if it is this one.</summary>
    public bool Matches(string hash, string password) => hasher.VerifyHashedPassword(Nobody, hash, password) != PasswordVerificationResult.Failed;

    /// <summary>The same work whether there is a hash to compare with or not.</summary>
    /// <param name="hash">Null: there is none; it never matches.</param>
    /// <param name="password">Canonical.</param>
    /// <param name="isWeak">It should be hashed anew: we hash more slowly by now.</param>
    public bool Matches(string? hash, string password, out bool isWeak)
    {
        var result = hasher.VerifyHashedPassword(Nobody, hash ?? decoy.Value, password);
        isWeak = hash is not null && result == PasswordVerificationResult.SuccessRehashNeeded;
        return hash is not null && result != PasswordVerificationResult.Failed;
    }
}
