namespace EntryGuard.Server.Features;

/// <summary>What is said of what an admin froze.</summary>
internal static class Freeze
{
    /// <summary>Why no session starts at all; null: they may.</summary>
    public static string? WhyNobody(DateTimeOffset? organization, DateTimeOffset? user) => (organization ?? user) is { } since
        ? $"No session can be started since {since:u}: an administrator froze {(organization is null ? "your account" : "the organization")}." : null;

    /// <summary>Why a Resource is not opened, to follow its name; null: it is.</summary>
    public static string? WhyNot(DateTimeOffset? resource) => resource is { } since ? $"cannot be opened since {since:u}: an administrator froze it" : null;
}
