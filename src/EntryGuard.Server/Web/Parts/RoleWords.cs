using EntryGuard.Contracts;

namespace EntryGuard.Server.Web.Parts;

/// <summary>The terms of a role, in words.</summary>
internal static class RoleWords
{
    /// <summary>What it demands, a phrase each; empty: nothing.</summary>
    public static IReadOnlyList<string> Conditions(RoleConditions conditions)
    {
        var words = new List<string>();
        if (conditions.ReasonPattern is { Length: > 0 } pattern)
            words.Add($"Reason with {pattern}");
        else if (conditions.ReasonRequired == true)
            words.Add("Reason required");
        if (conditions.SourceNetworks is { Count: > 0 } networks)
            words.Add($"From {string.Join(", ", networks.Take(2))}{(networks.Count > 2 ? $" and {networks.Count - 2} more" : "")}");
        if (conditions.Hours is { Length: > 0 } hours)
            words.Add($"{Hours(hours)} ({conditions.TimeZone})");
        if (conditions.MfaWithinMinutes is { } minutes)
            words.Add($"Second factor within {Words.Minutes(minutes)}");
        return words;
    }

    /// <summary>"Mon–Fri 08:00–18:00; Sat 22:00–02:00". What cannot be read stays as it is.</summary>
    public static string Hours(string hours) => HoursDraft.Read(hours) is { } windows ? string.Join("; ", windows.Select(w => w.Words)) : hours;
}
