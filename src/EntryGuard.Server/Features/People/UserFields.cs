using EntryGuard.Server.Data;

namespace EntryGuard.Server.Features.People;

/// <summary>Fields of requests about users.</summary>
internal static class UserFields
{
    // RFC 5321, section 4.5.3.1: 64 before the @, 255 after it, and 254 in all by 4.5.3.1.3 (a path is at most 256, its brackets included).
    private const int LongestEmail = 254;
    private const int LongestLocalPart = 64;

    /// <summary>
    /// Lower case. Only what tells one person from another is checked; whether post arrives there is for the post to find out. Plain ASCII:
    /// "lower case" then means one thing here and in both databases, and no letter looks like another.
    /// </summary>
    public static string Email(string field, string? given, Dictionary<string, string> errors)
    {
        var text = given?.Trim() ?? "";
        var at = text.LastIndexOf('@');
        if (text.Length == 0)
            errors[field] = "is missing";
        else if (text.Any(c => c is <= ' ' or > '~'))
            errors[field] = "holds spaces or characters other than plain ASCII; write a domain of another script in its xn-- form";
        else if (at < 1 || at == text.Length - 1 || text.IndexOf('@', StringComparison.Ordinal) != at)
            errors[field] = "is no e-mail address; write one such as ann@example.com";
        else if (text.Length > LongestEmail || at > LongestLocalPart)
            errors[field] = $"is too long; write at most {LongestEmail} characters, {LongestLocalPart} of them before the @";
        else if (text.EndsWith(User.ServiceDomain, StringComparison.OrdinalIgnoreCase))
            errors[field] = $"ends with {User.ServiceDomain}, which is kept for service accounts; make one with POST /api/v1/service-accounts";
        return text.ToLowerInvariant();
    }

    /// <summary>Null if neither says anything.</summary>
    public static Authority? Authority(string? authority, bool? isOrgAdmin, Dictionary<string, string> errors, string at = "")
    {
        if (authority is null)
            return isOrgAdmin switch { null => null, true => Data.Authority.Admin, false => Data.Authority.Member };
        if (Names.FromWire<Authority>(authority) is not { } found)
            errors[$"{at}authority"] = "is unknown; write MEMBER, AUDITOR or ADMIN";
        else if (isOrgAdmin is { } admin && admin != (found == Data.Authority.Admin))
            errors[$"{at}isOrgAdmin"] = "contradicts authority; give one of the two";
        else
            return found;
        return null;
    }
}
