using System.Globalization;

namespace EntryGuard.Server.Web.Pages.Sessions;

/// <summary>Which sessions a list shows, as its address says it.</summary>
/// <param name="Status">One of <see cref="Statuses"/>, or null: any.</param>
/// <param name="Overdue">Only those with a closing that is overdue.</param>
/// <param name="From">Started on this day (UTC) or later: "2026-03-01".</param>
/// <param name="To">Started on this day or before.</param>
/// <param name="User">Only this user's; null: everybody's.</param>
/// <param name="Words">Those that are all to be found; null: none.</param>
internal sealed record SessionFilter(string? Status, bool Overdue, string? From, string? To, Guid? User, string? Words)
{
    /// <summary>Stands for all that are not over.</summary>
    public const string Running = "RUNNING";

    public static IReadOnlyList<string> Statuses { get; } = [Running, "PENDING", "ACTIVE", "PARTIAL", "FAILED", "EXPIRING", "EXPIRED", "CANCELLED"];

    /// <summary>Something is left out.</summary>
    public bool IsSet => this != new SessionFilter(null, false, null, null, null, null);

    /// <summary>As the API takes it.</summary>
    public string Query => string.Join('&', Parts());

    private IEnumerable<string> Parts()
    {
        if (Status is not null && Statuses.Contains(Status))
            yield return $"status={(Status == Running ? "PENDING,ACTIVE,PARTIAL,EXPIRING" : Status)}";
        if (Overdue)
            yield return "overdue=true";
        if (Day(From) is { } from)
            yield return $"from={from:yyyy-MM-dd}";
        if (Day(To) is { } to && to < DateOnly.MaxValue)
            yield return $"to={to.AddDays(1):yyyy-MM-dd}";
        if (User is { } user)
            yield return $"userId={user}";
        if (!string.IsNullOrWhiteSpace(Words))
            yield return $"search={Uri.EscapeDataString(Words.Trim())}";
    }

    private static DateOnly? Day(string? text) => DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day : null;
}
