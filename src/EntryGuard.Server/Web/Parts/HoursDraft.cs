using System.Globalization;

namespace EntryGuard.Server.Web.Parts;

/// <summary>One window of a role's hours while it is typed. The text is the API's: "MON,TUE 08:00-18:00; SAT 22:00-02:00".</summary>
internal sealed class HoursDraft
{
    private const string Midnight = "00:00";
    private const string EndOfDay = "24:00";

    /// <summary>As the API names them, Monday first.</summary>
    public static IReadOnlyList<string> DayNames { get; } = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"];

    public HashSet<string> Days { get; init; } = ["MON", "TUE", "WED", "THU", "FRI"];

    /// <summary>"08:00".</summary>
    public string From { get; set; } = "08:00";

    /// <summary>"18:00"; not after <see cref="From"/>: of the next day; "00:00": the end of the day.</summary>
    public string To { get; set; } = "18:00";

    public bool IsOfNextDay => To != Midnight && string.CompareOrdinal(To, From) <= 0;

    /// <summary>"Mon–Fri 08:00–18:00".</summary>
    public string Words => $"{DayWords()} {From}–{(To == Midnight ? EndOfDay : To)}";

    /// <summary>As the API takes it, complete or not: what is wrong with it, the API says.</summary>
    public static string Write(IEnumerable<HoursDraft> windows) => string.Join("; ", windows.Select(w =>
        $"{string.Join(',', DayNames.Where(w.Days.Contains))} {w.From}-{(w.To == Midnight ? EndOfDay : w.To)}".Trim()));

    /// <summary>Null: it is none the editor can show.</summary>
    public static List<HoursDraft>? Read(string? text)
    {
        var windows = (text ?? "").Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(ReadWindow).ToList();
        return windows.Contains(null) ? null : [.. windows.OfType<HoursDraft>()];
    }

    /// <summary>"Mon".</summary>
    public static string Title(string day) => CultureInfo.InvariantCulture.TextInfo.ToTitleCase(day.ToLowerInvariant());

    private static HoursDraft? ReadWindow(string text)
    {
        var gap = text.LastIndexOf(' ');
        var (days, hours) = gap < 0 ? ("", text) : (text[..gap], text[(gap + 1)..]);
        var (named, ends) = (days.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries), hours.Split('-'));
        return ends.Length == 2 && named.All(DayNames.Contains)
            ? new HoursDraft { Days = [.. named], From = ends[0], To = ends[1] == EndOfDay ? Midnight : ends[1] } : null;
    }

    // Three days or more in a row are a stretch.
    private string DayWords()
    {
        var words = new List<string>();
        for (var i = 0; i < DayNames.Count; i++)
        {
            if (!Days.Contains(DayNames[i]))
                continue;
            var last = i;
            while (last + 1 < DayNames.Count && Days.Contains(DayNames[last + 1]))
                last++;
            if (last - i >= 2)
            {
                words.Add($"{Title(DayNames[i])}–{Title(DayNames[last])}");
                i = last;
            }
            else
            {
                words.Add(Title(DayNames[i]));
            }
        }

        return words is ["Mon–Sun"] ? "Every day" : string.Join(", ", words);
    }
}
