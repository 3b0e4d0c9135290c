using System.Net;
using System.Text;

namespace EntryGuard.Server.Mail;

/// <summary>A letter in words, written twice: as plain text and as HTML that fetches nothing.</summary>
/// <param name="Subject">One line.</param>
/// <param name="Opening">First paragraph.</param>
/// <param name="Facts">Name and value of each.</param>
/// <param name="Link">What it does, and where it leads; null: there is none.</param>
/// <param name="Closing">Last paragraph.</param>
internal sealed record LetterText(string Subject, string Opening, IReadOnlyList<(string Name, string Value)> Facts, (string Words, string Url)? Link, string Closing)
{
    /// <summary>What others wrote, in one line and in its own direction: it cannot look like words of ours, nor like a header.</summary>
    public static string OneLine(string text) =>
        string.Join(' ', new string([.. text.Select(c => IsBreak(c) ? ' ' : c)]).Split(' ', StringSplitOptions.RemoveEmptyEntries));

    public string ToPlain()
    {
        var text = new StringBuilder(OneLine(Opening)).Append("\n\n");
        var width = Facts.Select(f => f.Name.Length).DefaultIfEmpty().Max() + 1;
        foreach (var (name, value) in Facts)
            text.Append("  ").Append($"{name}:".PadRight(width)).Append(' ').Append(OneLine(value)).Append('\n');
        if (Facts.Count > 0)
            text.Append('\n');
        if (Link is var (words, url))
            text.Append(words).Append(":\n").Append(url).Append("\n\n");
        return text.Append(OneLine(Closing)).Append("\n\n-- \nSent by EntryGuard. Answers are not read.\n").ToString();
    }

    public string ToHtml()
    {
        var facts = string.Concat(Facts.Select(f => $"""<tr><td style="padding:2px 16px 2px 0;color:#555">{Html(f.Name)}</td><td style="padding:2px 0">{Html(f.Value)}</td></tr>"""));
        var link = Link is var (words, url)
            ? $"""<p><a href="{Html(url)}" style="color:#0b5cad">{Html(words)}</a></p><p style="font-size:small;color:#555;word-break:break-all">{Html(url)}</p>""" : "";
        return $"""
            <!DOCTYPE html>
            <html lang="en">
            <head><meta charset="utf-8"><title>{Html(Subject)}</title></head>
            <body style="font-family:sans-serif;line-height:1.5;color:#222;max-width:40em">
            <p>{Html(Opening)}</p>
            {(facts.Length > 0 ? $"<table style=\"border-collapse:collapse\">{facts}</table>" : "")}
            {link}
            <p>{Html(Closing)}</p>
            <p style="font-size:small;color:#555">Sent by EntryGuard. Answers are not read.</p>
            </body>
            </html>

            """;
    }

    // Controls, separators of lines and paragraphs, and what turns the direction of the words that follow.
    private static bool IsBreak(char c) => char.IsControl(c) || c is '\u2028' or '\u2029' or (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069');

    private static string Html(string text) => WebUtility.HtmlEncode(OneLine(text));
}
