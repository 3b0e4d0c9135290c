using System.Globalization;
using EntryGuard.Contracts;

namespace EntryGuard.Server.Web.Parts;

/// <summary>Fields that take several values, one on a line or after a comma.</summary>
internal static class TextLines
{
    public static IReadOnlyList<string> Of(string? text) => (text ?? "").Split(['\n', ','], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The API's words, with the value they are about in place of its number; null: nothing is wrong.</summary>
    public static string? Fault(Problem? problem, string field, IReadOnlyList<string> values)
    {
        for (var i = 0; i < values.Count; i++)
        {
            if (problem?.ValidationErrors?.GetValueOrDefault(string.Create(CultureInfo.InvariantCulture, $"{field}[{i}]")) is { } fault)
                return $"{values[i]} {fault}";
        }

        return problem.Fault(field);
    }
}
