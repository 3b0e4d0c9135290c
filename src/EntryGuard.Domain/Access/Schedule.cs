using System.Globalization;

namespace EntryGuard.Domain.Access;

/// <summary>Days and hours of a week, in the wall clock of a time zone: "MON,TUE,WED,THU,FRI 08:00-18:00; SAT 22:00-02:00".</summary>
/// <remarks>A window whose end is not after its beginning goes on into the next day; 24:00 is the end of a day.</remarks>
public sealed record Schedule
{
    /// <summary>Most windows one schedule may have.</summary>
    public const int MostWindows = 50;

    // Longer than the longest session there can be: what is open so long is open for all of it.
    private const int HorizonDays = 32;
    private const int MinutesOfDay = 24 * 60;

    private static readonly string[] DayNames = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

    private Schedule(IReadOnlyList<Window> windows, TimeZoneInfo? zone, string zoneName) => (Windows, Zone, ZoneName) = (windows, zone, zoneName);

    /// <summary>At least one.</summary>
    public IReadOnlyList<Window> Windows { get; }

    /// <summary>Name in the IANA database: "Europe/Berlin".</summary>
    public string ZoneName { get; }

    // Null: this machine does not know it (any more); then nothing is open.
    private TimeZoneInfo? Zone { get; }

    /// <summary>Reads one as an administrator writes it, or as it was stored.</summary>
    /// <param name="windows">A window each, see the type.</param>
    /// <param name="zone">Name in the IANA database.</param>
    /// <param name="error">Null on success; else what is wrong and what to write instead.</param>
    public static Schedule? Parse(string windows, string zone, out string? error)
    {
        ArgumentNullException.ThrowIfNull(windows);
        var parts = windows.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var read = parts.Select(ReadWindow).ToList();
        error = parts.Length is 0 or > MostWindows
            ? $"must have 1 to {MostWindows} windows such as 'MON,TUE,WED,THU,FRI 08:00-18:00', separated by ';'"
            : read.IndexOf(null) is >= 0 and var bad ? $"holds '{parts[bad]}'; write a window such as 'MON,TUE,WED,THU,FRI 08:00-18:00' or 'SAT,SUN 22:00-06:00'"
            : null;
        return error is null ? new Schedule([.. read.OfType<Window>()], FindZone(zone), zone) : null;
    }

    /// <summary>True if this machine knows the time zone by that name.</summary>
    public static bool KnowsZone(string name) => FindZone(name) is not null;

    /// <summary>When the stretch of open time around an instant ends; the instant itself or earlier never; null: it is closed then.</summary>
    /// <returns>More than 31 days later: open all of that time.</returns>
    public DateTimeOffset? OpenUntil(DateTimeOffset at)
    {
        if (Zone is null)
            return null;
        var today = DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(at, Zone).DateTime);
        var stretches = new List<(DateTimeOffset From, DateTimeOffset To)>();
        for (var day = today.AddDays(-2); day <= today.AddDays(HorizonDays); day = day.AddDays(1))
        {
            foreach (var window in Windows.Where(w => w.Days.Contains(day.DayOfWeek)))
                stretches.Add((InstantOf(day, window.From), InstantOf(day, window.To > window.From ? window.To : window.To + MinutesOfDay)));
        }

        // Windows that touch are one stretch.
        DateTimeOffset? until = null;
        foreach (var (from, to) in stretches.OrderBy(s => s.From))
        {
            if (from <= (until ?? at) && to > (until ?? at))
                until = to;
        }

        return until;
    }

    /// <summary>As written.</summary>
    public override string ToString() => string.Join("; ", Windows);

    // A wall clock that jumps over the time: the jump is the instant. One that shows it twice: the earlier, so that nothing is open longer than its end says.
    private DateTimeOffset InstantOf(DateOnly day, int minutes)
    {
        var local = day.ToDateTime(TimeOnly.MinValue, DateTimeKind.Unspecified).AddMinutes(minutes);
        while (Zone!.IsInvalidTime(local))
            local = local.AddMinutes(1);
        var offset = Zone.IsAmbiguousTime(local) ? Zone.GetAmbiguousTimeOffsets(local).Max() : Zone.GetUtcOffset(local);
        return new DateTimeOffset(local, offset).ToUniversalTime();
    }

    private static Window? ReadWindow(string text)
    {
        var (days, hours) = text.LastIndexOf(' ') is > 0 and var gap ? (text[..gap], text[(gap + 1)..]) : ("", "");
        var named = days.Split(',', StringSplitOptions.TrimEntries).Select(d => Array.IndexOf(DayNames, d.ToUpperInvariant())).ToList();
        var ends = hours.Split('-');
        return named.Contains(-1) || ends.Length != 2 || Minutes(ends[0]) is not ({ } from and < MinutesOfDay) || Minutes(ends[1]) is not { } to || to == from
            ? null : new Window([.. named.Select(d => (DayOfWeek)d).Distinct().OrderBy(d => ((int)d + 6) % 7)], from, to);
    }

    private static int? Minutes(string text) => text == "24:00" ? MinutesOfDay
        : TimeOnly.TryParseExact(text, "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out var time) ? (time.Hour * 60) + time.Minute : null;

    private static TimeZoneInfo? FindZone(string name) =>
        name.Length is > 0 and <= 64 && TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) ? zone : null;

    /// <summary>The same hours on some days of every week.</summary>
    /// <param name="Days">Monday first, each once.</param>
    /// <param name="From">Minutes after midnight, 0–1439.</param>
    /// <param name="To">Minutes after midnight, 1–1440; not after <paramref name="From"/>: of the next day.</param>
    public sealed record Window(IReadOnlyList<DayOfWeek> Days, int From, int To)
    {
        /// <summary>"MON,TUE 08:00-18:00".</summary>
        public override string ToString() =>
            string.Create(CultureInfo.InvariantCulture, $"{string.Join(',', Days.Select(d => DayNames[(int)d]))} {From / 60:00}:{From % 60:00}-{To / 60:00}:{To % 60:00}");
    }
}
