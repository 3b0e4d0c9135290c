using EntryGuard.Contracts;

namespace EntryGuard.Server.Web.Parts;

/// <summary>What the API found wrong, field by field: <c>Error="@problem.Has("name")" ErrorText="@problem.Fault("name")"</c>.</summary>
internal static class Faults
{
    /// <summary>Selects the first field that is wrong; where none is, what says so.</summary>
    /// <param name="form">Selects where they are.</param>
    public static string FirstIn(string form) => $"{form} [aria-invalid=true], {form}:not(:has([aria-invalid=true])) :is(.overtaken, .notice.bad)";

    /// <summary>The API's words about a field; null: nothing is wrong with it. Names within lists and objects count for the field that holds them.</summary>
    public static string? Fault(this Problem? problem, string field) => problem?.ValidationErrors?
        .Where(e => IsAbout(e.Key, field))
        .Select(e => e.Key == field ? Upper(e.Value) : $"{e.Key[field.Length..].TrimStart('.')} {e.Value}").FirstOrDefault();

    /// <summary>Something is wrong with the field.</summary>
    public static bool Has(this Problem? problem, string field) => problem.Fault(field) is not null;

    /// <summary>All of it in one sentence or two, where there is no field that could show it.</summary>
    public static string Words(this Problem problem) => problem.ValidationErrors is { Count: > 0 } faults
        ? string.Join(" ", faults.Select(f => $"{f.Key} {f.Value}.")) : problem.Message;

    /// <summary>The name is the field's, or within it.</summary>
    public static bool IsAbout(string name, string field) =>
        name == field || name.StartsWith($"{field}[", StringComparison.Ordinal) || name.StartsWith($"{field}.", StringComparison.Ordinal);

    private static string Upper(string words) => words.Length == 0 ? words : char.ToUpperInvariant(words[0]) + words[1..];
}
