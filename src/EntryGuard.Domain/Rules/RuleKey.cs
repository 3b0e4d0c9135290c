using System.Security.Cryptography;
using System.Text;
using EntryGuard.Domain.Net;

namespace EntryGuard.Domain.Rules;

/// <summary>One rule on one allow-list. Never stored: it is what live claims want.</summary>
public readonly record struct RuleKey(Scope Scope, Cidr Address)
{
    private const string Base32 = "abcdefghijklmnopqrstuvwxyz234567";

    /// <summary>The mark the rule carries at the provider: the same on every attempt and every node.</summary>
    /// <param name="installation">8 characters, born with the database.</param>
    /// <param name="allowList">The allow-list the rule is on.</param>
    /// <returns><c>eg:&lt;installation&gt;:&lt;rule id&gt;</c>, 22 characters; the rule id is the first 10 base32 characters of a SHA-256.</returns>
    public string OwnerMark(string installation, AllowListKey allowList)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{installation}\n{allowList}\n{Scope}\n{Address.ToCidrString()}"));
        Span<char> id = stackalloc char[10];
        for (var i = 0; i < id.Length; i++)
        {
            var bit = i * 5;
            var pair = (hash[bit / 8] << 8) | hash[(bit / 8) + 1];
            id[i] = Base32[(pair >> (11 - (bit % 8))) & 31];
        }

        return $"{MarkPrefix(installation)}{id}";
    }

    /// <summary>Stands for whatever mark an entry carries, or none: only for entries named by their id, on a list an admin declared wholly ours.</summary>
    public const string AnyMark = "*";

    /// <summary>What the marks of one installation begin with, and those of no other.</summary>
    public static string MarkPrefix(string installation) => $"eg:{installation}:";

    /// <inheritdoc/>
    public override string ToString() => $"{Scope} {Address}";
}

/// <summary>What a provider keeps of one rule: the handle by which it is deleted.</summary>
/// <param name="Id">The provider's own id ("sgr-…"); null where the provider knows a rule by its address alone.</param>
/// <param name="Scope">What the entry opens; a claim over several scopes has an entry for each.</param>
public readonly record struct RuleEntry(string? Id, Scope Scope);
