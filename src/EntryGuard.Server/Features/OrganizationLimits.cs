namespace EntryGuard.Server.Features;

/// <summary>What no organization's settings go beyond.</summary>
internal static class OrganizationLimits
{
    /// <summary>30 days.</summary>
    public const int LongestSessionMinutes = 30 * 24 * 60;
}
