using System.Globalization;
using System.Net;
using System.Text;

namespace EntryGuard.Providers.Aws;

/// <summary>
/// One request, watched on its way. What the SDK throws does not say whether a request went out, and that decides whether a change failed or
/// may have been made.
/// </summary>
internal sealed class AwsCall(string action)
{
    private const int MostWords = 200;
    private static readonly AsyncLocal<AwsCall?> Running = new();

    /// <summary>The one that this flow of control is making; null: none.</summary>
    public static AwsCall? Current
    {
        get => Running.Value;
        set => Running.Value = value;
    }

    /// <summary>"RevokeSecurityGroupIngress".</summary>
    public string Action { get; } = action;

    /// <summary>A connection stood, and the request's body was begun: it may have arrived.</summary>
    public bool IsSent { get; set; }

    /// <summary>Null: no answer.</summary>
    public HttpStatusCode? Status { get; set; }

    /// <summary>The answer is an error in the form that AWS gives errors, not somebody else's on the way.</summary>
    public bool IsAwsError { get; set; }

    /// <summary>As the answer asked.</summary>
    public TimeSpan? RetryAfter { get; set; }

    /// <summary>The beginning of an answer of success that is none; null: there was no such.</summary>
    public string? Garbage { get; set; }

    /// <summary>The one secret that is on the wire; an answer may repeat it.</summary>
    public string? Token { private get; set; }

    /// <summary>Somebody else's text as it may be shown and logged: short, on one line, without what is secret.</summary>
    public string Words(string? text)
    {
        if (Token is { Length: > 0 } token)
            text = text?.Replace(token, "…", StringComparison.Ordinal);
        var words = new StringBuilder();
        foreach (var c in text ?? "")
        {
            if (words.Length >= MostWords)
                return $"{words}…";
            if (c is >= ' ' and <= '~')
                words.Append(c);
            else
                words.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
        }

        return words.ToString();
    }
}
