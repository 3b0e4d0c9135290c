using EntryGuard.Contracts;
using EntryGuard.Server.Data;

namespace EntryGuard.Server.Web.Parts;

/// <summary>What is said of a new password before it is typed.</summary>
internal static class PasswordHints
{
    /// <summary>Of an organization that has not chosen yet.</summary>
    public static string OfNewOrganization { get; } = $"{Organization.UsualPasswordLength} characters or more; a sentence is fine.";

    /// <param name="terms">Null: they are not known, and what is said is true of each organization.</param>
    public static string Of(PasswordTermsResponse? terms)
    {
        if (terms is null)
            return $"{Organization.LeastPasswordLength} characters or more. Your organization may ask for more, and says so here; a sentence is a good choice.";
        string[] needs =
        [
            .. terms.RequireUppercase ? ["an upper-case letter"] : Array.Empty<string>(),
            .. terms.RequireLowercase ? ["a lower-case letter"] : Array.Empty<string>(),
            .. terms.RequireDigit ? ["a digit"] : Array.Empty<string>(),
            .. terms.RequireSpecialChar ? ["something that is neither letter nor digit"] : Array.Empty<string>(),
        ];
        var with = needs switch
        {
            [] => "",
            [var one] => $", with {one}",
            [.. var some, var last] => $", with {string.Join(", ", some)} and {last}",
        };
        var anew = terms.History switch { 0 => "", 1 => " Not the one you have.", _ => $" None of your last {terms.History}." };
        return $"{terms.MinLength} characters or more{with}; a sentence is a good choice.{anew}";
    }
}
