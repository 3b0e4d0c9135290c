using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using EntryGuard.Domain;
using EntryGuard.Domain.Net;
using EntryGuard.Domain.Sessions;
using EntryGuard.Server.Data;

namespace EntryGuard.Server.Features;

/// <summary>Fields that several requests share. Each reads one and, if it is wrong, adds what is wrong to the errors.</summary>
internal static class RequestFields
{
    public const int LongestName = 200;
    private const int MostSearchWords = 10;

    private static readonly string[] Instants = ["yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd"];

    /// <summary>A name that must be there: trimmed, one line, at most 200 characters.</summary>
    public static string Name(string field, string? given, Dictionary<string, string> errors)
    {
        if (string.IsNullOrWhiteSpace(given))
            errors[field] = "is missing";
        return Words(field, given, LongestName, errors) ?? "";
    }

    /// <summary>Words that may be left out: null if they are, or are blank.</summary>
    public static string? Words(string field, string? given, int longest, Dictionary<string, string> errors)
    {
        var text = given?.Trim();
        if (string.IsNullOrEmpty(text))
            return null;
        if (text.Length > longest)
            errors[field] = $"is {text.Length} characters long; write at most {longest}";
        else if (text.Any(char.IsControl))
            errors[field] = "holds line breaks or other control characters; leave them out";
        return text;
    }

    /// <summary>
    /// Lower case. Only what tells one person from another is checked; whether post arrives there is for the post to find out. Plain ASCII:
    /// "lower case" then means one thing here and in both databases, and no letter looks like another.
    /// </summary>
    public static string Email(string field, string? given, Dictionary<string, string> errors)
    {
        // RFC 5321, section 4.5.3.1: 64 before the @, 255 after it, and 254 in all by 4.5.3.1.3 (a path is at most 256, its brackets included).
        const int Longest = 254, LongestLocalPart = 64;
        var text = given?.Trim() ?? "";
        var at = text.LastIndexOf('@');
        if (text.Length == 0)
            errors[field] = "is missing";
        else if (text.Any(c => c is <= ' ' or > '~'))
            errors[field] = "holds spaces or characters other than plain ASCII; write a domain of another script in its xn-- form";
        else if (at < 1 || at == text.Length - 1 || text.IndexOf('@', StringComparison.Ordinal) != at)
            errors[field] = "is no e-mail address; write one such as ann@example.com";
        else if (text.Length > Longest || at > LongestLocalPart)
            errors[field] = $"is too long; write at most {Longest} characters, {LongestLocalPart} of them before the @";
        return text.ToLowerInvariant();
    }

    /// <summary>A slug as it was given out: lower case, digits and hyphens; what only looks like one is none.</summary>
    public static string Slug(string field, string? given, Dictionary<string, string> errors)
    {
        var text = given?.Trim() ?? "";
        if (text.Length == 0)
            errors[field] = "is missing";
        else if (text.Length > Slugs.Longest)
            errors[field] = $"is {text.Length} characters long; write at most {Slugs.Longest}";
        else if (!text.All(c => char.IsAsciiLetterOrDigit(c) || c == '-'))
            errors[field] = "holds something other than letters, digits and hyphens, of plain ASCII; write the slug as the invitation shows it";
        return text.ToLowerInvariant();
    }

    /// <summary>Null if left out.</summary>
    public static Guid? Id(string field, string? given, Dictionary<string, string> errors)
    {
        if (given is null)
            return null;
        if (Guid.TryParseExact(given, "D", out var id))
            return id;
        errors[field] = "is not an id; write one as the list shows it";
        return null;
    }

    /// <summary>What a field names is not there, or not the organization's, which reads the same: 404.</summary>
    public static Refusal NotThere(string code, string field, string what) => new(code, RefusalKind.NotFound, $"{field} names {what} that does not exist.")
    {
        Errors = new Dictionary<string, string> { [field] = $"names {what} that does not exist" },
    };

    /// <summary>Each once, in the order given; empty if left out.</summary>
    public static IReadOnlyList<Guid> Ids(string field, IReadOnlyList<string>? given, int most, Dictionary<string, string> errors)
    {
        var ids = new List<Guid>();
        if (given?.Count > most)
            errors[field] = $"has {given.Count} entries; write at most {most}";
        for (var i = 0; i < given?.Count && i < most; i++)
        {
            if (Guid.TryParseExact(given[i], "D", out var id))
                ids.Add(id);
            else
                errors[$"{field}[{i}]"] = "is not an id; write one as the list shows it";
        }

        return [.. ids.Distinct()];
    }

    /// <summary>Addresses and ranges, each once, in order; empty if left out.</summary>
    public static ImmutableArray<Cidr> Networks(string field, IReadOnlyList<string>? given, int most, Dictionary<string, string> errors)
    {
        var networks = new List<Cidr>();
        if (given?.Count > most)
            errors[field] = $"has {given.Count} entries; write at most {most}";
        for (var i = 0; i < given?.Count && i < most; i++)
        {
            if (Cidr.TryParse(given[i], out var network, out var fault))
                networks.Add(network);
            else
                errors[$"{field}[{i}]"] = fault;
        }

        return [.. networks.Distinct().Order()];
    }

    /// <summary>What a list is searched for, as a pattern for LIKE (escape <c>\</c>) on lower-case text; null if left out.</summary>
    public static string? Search(string? given, Dictionary<string, string> errors) => Words("search", given, LongestName, errors) is { } words ? Pattern(words) : null;

    /// <summary>The words that are all to be found, each once; empty if left out.</summary>
    public static IReadOnlyList<string> SearchWords(string? given, Dictionary<string, string> errors)
    {
        var words = (Words("search", given, LongestName, errors) ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries).Distinct(StringComparer.OrdinalIgnoreCase).ToList();
        if (words.Count > MostSearchWords)
            errors.TryAdd("search", $"has {words.Count} words; write at most {MostSearchWords}");
        return words;
    }

    /// <summary>Found in text that holds it: for LIKE (escape <c>\</c>) on lower-case text.</summary>
    public static string Pattern(string text) =>
        $"%{text.ToLowerInvariant().Replace(@"\", @"\\", StringComparison.Ordinal).Replace("%", @"\%", StringComparison.Ordinal).Replace("_", @"\_", StringComparison.Ordinal)}%";

    /// <summary>Null if left out. Without an offset it is UTC.</summary>
    public static DateTimeOffset? Instant(string field, string? text, Dictionary<string, string> errors)
    {
        if (text is null)
            return null;
        if (DateTimeOffset.TryParseExact(
            text, Instants, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var at))
            return at;
        errors[field] = "is no instant; write one such as 2026-03-01T09:30:00Z";
        return null;
    }

    /// <summary>Those of a filter, repeated or comma separated; empty if left out.</summary>
    public static IReadOnlyList<SessionStatus> Statuses(string[]? given, Dictionary<string, string> errors)
    {
        var statuses = new List<SessionStatus>();
        foreach (var word in (given ?? []).SelectMany(g => g.Split(',')))
        {
            if (Names.FromWire<SessionStatus>(word) is { } status)
                statuses.Add(status);
            else
                errors["status"] = $"holds an unknown status; write one or more of {string.Join(", ", Enum.GetValues<SessionStatus>().Select(Names.Wire))}";
        }

        return statuses;
    }

    /// <summary>An object as compact text; null if left out.</summary>
    public static string? JsonObject(string field, JsonElement? given, int longest, Dictionary<string, string> errors)
    {
        if (given is not { ValueKind: not (JsonValueKind.Null or JsonValueKind.Undefined) } value)
            return null;
        if (value.ValueKind != JsonValueKind.Object)
        {
            errors[field] = "must be an object, { … }";
            return null;
        }

        var text = JsonSerializer.Serialize(value);
        if (text.Length > longest)
            errors[field] = $"is {text.Length} characters long; write at most {longest}";
        return text;
    }
}
