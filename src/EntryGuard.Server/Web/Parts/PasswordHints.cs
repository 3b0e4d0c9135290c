using EntryGuard.Server.Data;

namespace EntryGuard.Server.Web.Parts;

/// <summary>What is said of a new password before it is typed. What an organization asks for, the API says of one that lacks it.</summary>
internal static class PasswordHints
{
    /// <summary>Of an organization that has not chosen yet.</summary>
    public static string OfNewOrganization { get; } = $"{Organization.UsualPasswordLength} characters or more; a sentence is fine.";

    /// <summary>True of each: no organization takes less.</summary>
    public static string OfAny { get; } = $"{Organization.LeastPasswordLength} characters or more. Your organization may ask for more, and says so here; a sentence is a good choice.";
}
