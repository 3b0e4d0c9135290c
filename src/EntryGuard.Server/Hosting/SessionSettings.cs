namespace EntryGuard.Server.Hosting;

/// <summary>Configuration section <c>EntryGuard:Sessions</c>.</summary>
public sealed class SessionSettings
{
    /// <summary>Shortest session. At least 1 s.</summary>
    public int MinimumSeconds { get; set; } = 60;

    /// <summary>Length of a session whose start names none.</summary>
    public int DefaultMinutes { get; set; } = 60;
}
