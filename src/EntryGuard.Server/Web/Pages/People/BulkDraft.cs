using System.Globalization;
using EntryGuard.Contracts;

namespace EntryGuard.Server.Web.Pages.People;

/// <summary>Many users, as they are typed or pasted: "ann@example.com, Ann" on a line each.</summary>
public sealed record BulkDraft
{
    public string Text { get; set; } = "";
    public string Authority { get; set; } = "MEMBER";

    /// <summary>Those that say something.</summary>
    internal IReadOnlyList<Line> Lines =>
        [.. (Text ?? "").Split('\n').Select((text, i) => (Text: text.Trim(), Number: i + 1)).Where(l => l.Text.Length > 0).Select(l => Read(l.Text, l.Number))];

    /// <summary>What the API found wrong with lines, in their order; empty: nothing, or nothing with a line.</summary>
    internal static IReadOnlyList<string> Faults(Problem? problem, IReadOnlyList<Line> lines) =>
    [
        .. (problem?.ValidationErrors ?? new Dictionary<string, string>()).Select(e => (At: At(e.Key), e.Key, e.Value)).Where(e => e.At is >= 0 && e.At < lines.Count).OrderBy(e => e.At)
            .Select(e => string.Create(CultureInfo.InvariantCulture, $"Line {lines[e.At!.Value].Number} ({lines[e.At.Value].Email}): {e.Key[(e.Key.LastIndexOf('.') + 1)..]} {e.Value}")),
    ];

    // Tabs and semicolons are what a spreadsheet puts between its columns.
    private static Line Read(string text, int number)
    {
        var gap = text.IndexOfAny([',', ';', '\t']);
        return gap < 0 ? new Line(number, text, null) : new Line(number, text[..gap].Trim(), text[(gap + 1)..].Trim() is { Length: > 0 } name ? name : null);
    }

    private static int? At(string field) => field.StartsWith("users[", StringComparison.Ordinal) && field.IndexOf(']', StringComparison.Ordinal) is > 0 and var end
        && int.TryParse(field.AsSpan(6, end - 6), NumberStyles.None, CultureInfo.InvariantCulture, out var at) ? at : null;

    /// <summary>One of them.</summary>
    /// <param name="Number">Of the line, from 1.</param>
    internal sealed record Line(int Number, string Email, string? Name);
}
