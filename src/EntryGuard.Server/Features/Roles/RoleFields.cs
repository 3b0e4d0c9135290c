using EntryGuard.Contracts;
using EntryGuard.Domain.Access;
using EntryGuard.Server.Data;

namespace EntryGuard.Server.Features.Roles;

/// <summary>Fields of requests about roles.</summary>
internal static class RoleFields
{
    public const int LongestDescription = 1000;

    /// <summary>Most users, and most Resources, of one role.</summary>
    public const int MostMembers = 2000;
    private const int LongestPattern = 200;
    private const int MostNetworks = 100;
    private const int LongestMfaMinutes = 7 * 24 * 60;

    /// <summary>What was given for the longest session; null: nothing was. <see cref="TimeSpan.Zero"/>: none of its own.</summary>
    public static TimeSpan? MaxSession(int? hours, int? minutes, Dictionary<string, string> errors)
    {
        if (hours is not null && minutes is not null)
            errors["maxSessionMinutes"] = "is given beside maxSessionDurationHours; give one of the two";
        if (hours is < 0 or > OrganizationLimits.LongestSessionMinutes / 60)
            errors["maxSessionDurationHours"] = $"must be a whole number of hours from 1 to {OrganizationLimits.LongestSessionMinutes / 60}, or 0 for the organization's limit";
        if (minutes is < 0 or > OrganizationLimits.LongestSessionMinutes)
            errors["maxSessionMinutes"] = $"must be a whole number of minutes from 1 to {OrganizationLimits.LongestSessionMinutes}, or 0 for the organization's limit";
        return hours is { } h ? TimeSpan.FromHours(h) : minutes is { } m ? TimeSpan.FromMinutes(m) : null;
    }

    /// <summary>Writes the conditions that were given into the role.</summary>
    public static void Apply(RoleConditions conditions, Role role, Dictionary<string, string> errors)
    {
        role.IsReasonRequired = conditions.ReasonRequired ?? false;
        role.ReasonPattern = Pattern(conditions.ReasonPattern, errors);
        role.Networks = RequestFields.Networks("conditions.sourceNetworks", conditions.SourceNetworks, MostNetworks, errors);
        (role.Hours, role.TimeZone) = Hours(conditions, errors);
        if (conditions.MfaWithinMinutes is < 1 or > LongestMfaMinutes)
            errors["conditions.mfaWithinMinutes"] = $"must be a whole number from 1 to {LongestMfaMinutes}";
        role.MfaWithin = conditions.MfaWithinMinutes is { } minutes ? TimeSpan.FromMinutes(minutes) : null;
    }

    private static string? Pattern(string? given, Dictionary<string, string> errors)
    {
        var pattern = RequestFields.Words("conditions.reasonPattern", given, LongestPattern, errors);
        if (pattern is null || errors.ContainsKey("conditions.reasonPattern"))
            return pattern;
        try
        {
            RoleTerms.Pattern(pattern);
        }
        catch (ArgumentException e)
        {
            errors["conditions.reasonPattern"] = $"is no pattern that can be used: {e.Message.TrimEnd('.')}; write one such as [A-Z]+-[0-9]+";
        }

        return pattern;
    }

    private static (string? Hours, string? Zone) Hours(RoleConditions conditions, Dictionary<string, string> errors)
    {
        if (string.IsNullOrWhiteSpace(conditions.Hours))
        {
            if (conditions.TimeZone is not null)
                errors["conditions.timeZone"] = "is given without hours; leave it out, or write hours";
            return (null, null);
        }

        if (conditions.Hours.Length > 2000)
            errors["conditions.hours"] = "is longer than 2,000 characters";
        else if (conditions.TimeZone is not { } zone)
            errors["conditions.timeZone"] = "is missing; write one such as Europe/Berlin, or Etc/UTC";
        else if (!Schedule.KnowsZone(zone))
            errors["conditions.timeZone"] = "is a time zone this server does not know; write one such as Europe/Berlin, or Etc/UTC";
        else if (Schedule.Parse(conditions.Hours, zone, out var error) is { } schedule)
            return (schedule.ToString(), zone);
        else
            errors["conditions.hours"] = error!;
        return (null, null);
    }
}
