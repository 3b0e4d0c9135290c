using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Domain.Net;
using EntryGuard.Server.Data;

namespace EntryGuard.Server.Features.StaticRules;

/// <summary>Fields that making and changing a static rule share. Each reads one and, if it is wrong, adds what is wrong to the errors.</summary>
internal static class RuleFields
{
    private const string NoDate = "never";

    /// <summary>Null if left out, or wrong. A range of everything is refused here, whatever an organization allows.</summary>
    public static Cidr? Address(string? given, Dictionary<string, string> errors, ref string code)
    {
        if (given is null)
            return null;
        if (!Cidr.TryParse(given, out var address, out var fault))
        {
            errors["ipAddress"] = fault;
        }
        else if (address.PrefixLength == 0)
        {
            errors["ipAddress"] = $"is every IPv{address.IpVersion} address there is; write the ones that need access";
            code = ErrorCodes.PrefixTooWide;
        }
        else
        {
            return address;
        }

        return null;
    }

    /// <summary>Null if left out.</summary>
    public static IReadOnlyList<ResourceId>? Resources(IReadOnlyList<string>? given, Dictionary<string, string> errors)
    {
        if (given is null)
            return null;
        if (given.Count == 0)
            errors["resourceIds"] = "is empty; name at least one Resource";
        var ids = new List<ResourceId>();
        for (var i = 0; i < given.Count; i++)
        {
            if (Guid.TryParseExact(given[i], "D", out var id))
                ids.Add(new ResourceId(id));
            else
                errors[$"resourceIds[{i}]"] = "is not an id; write one as GET /api/v1/resources shows it";
        }

        return [.. ids.Distinct()];
    }

    /// <summary>Null if left out; <see cref="Session.Never"/> if it says so.</summary>
    public static DateTimeOffset? Date(string field, string? given, DateTimeOffset now, Dictionary<string, string> errors)
    {
        if (given == NoDate)
            return Session.Never;
        if (RequestFields.Instant(field, given, errors) is not { } at)
        {
            if (errors.ContainsKey(field))
                errors[field] += $", or \"{NoDate}\"";
            return null;
        }

        if (at <= now)
            errors[field] = $"has passed; write an instant after {now:u}";
        else if (at >= Session.Never)
            errors[field] = $"is beyond the year {Session.Never.Year - 1}; write \"{NoDate}\" if it has no date";
        return at;
    }

    /// <summary>Null if the organization allows so wide a range.</summary>
    public static Refusal? WidthFault(Organization organization, Cidr address)
    {
        var widest = address.IpVersion == 4 ? organization.WidestIPv4 : organization.WidestIPv6;
        return address.PrefixLength >= widest ? null : Refusal.Field("ipAddress",
            $"is a /{address.PrefixLength}, wider than the organization allows; write an IPv{address.IpVersion} range of /{widest} or narrower", ErrorCodes.PrefixTooWide);
    }
}
