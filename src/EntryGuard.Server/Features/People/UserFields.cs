using EntryGuard.Server.Data;

namespace EntryGuard.Server.Features.People;

/// <summary>Fields of requests about users.</summary>
internal static class UserFields
{
    /// <summary>As everywhere, but none that looks like a service account's.</summary>
    public static string Email(string field, string? given, Dictionary<string, string> errors)
    {
        var text = RequestFields.Email(field, given, errors);
        if (text.EndsWith(User.ServiceDomain, StringComparison.Ordinal))
            errors[field] = $"ends with {User.ServiceDomain}, which is kept for service accounts; make one with POST /api/v1/service-accounts";
        return text;
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
