using EntryGuard.Contracts;

namespace EntryGuard.Server.Web.Parts;

/// <summary>Something of a session closes soon.</summary>
/// <param name="End">When.</param>
/// <param name="Resources">What.</param>
/// <param name="Minutes">By so much it can be extended with one press; 0: not at all.</param>
/// <param name="LimitedBy">What sets that; null: not known.</param>
internal sealed record EndWarning(SessionResponse Session, DateTimeOffset End, IReadOnlyList<string> Resources, int Minutes, string? LimitedBy)
{
    /// <summary>So long before.</summary>
    public static readonly TimeSpan Ahead = TimeSpan.FromMinutes(5);

    // Ends that are set together differ by less.
    private static readonly TimeSpan OneMoment = TimeSpan.FromSeconds(1);

    private static readonly int[] Usual = [15, 60, 120];

    /// <summary>What it is about: told once.</summary>
    public string Key => $"{Session.Id} {End.ToUnixTimeSeconds()}";

    /// <summary>True for as long as it is shown, without a clock of its own.</summary>
    public string Text => $"{Names} {(Resources.Count == 1 ? "closes" : "close")} in less than 5 minutes, at {End.UtcDateTime:HH:mm} UTC."
        + (Minutes > 0 ? "" : $" It is as long as it may be{(LimitedBy is null ? "" : $" ({LimitedBy})")}.");

    private string Names => Resources.Count > 3 ? $"{Resources[0]}, {Resources[1]} and {Resources.Count - 2} more" : string.Join(", ", Resources);

    /// <summary>What closes first, where it does so soon; null: nothing does.</summary>
    public static EndWarning? Of(SessionResponse session, DateTimeOffset now)
    {
        var live = session.ResourceIps.Where(c => c.IsLive()).ToList();
        if (!session.CanExtend() || live.Count == 0)
            return null;
        var end = live.Min(c => c.EndsAt);
        if (end <= now || end - now > Ahead)
            return null;
        var closing = live.Where(c => c.EndsAt - end < OneMoment).ToList();
        var longest = closing.MaxBy(c => c.LatestEnd)!;
        var room = Extensions((int)(longest.LatestEnd - session.ExpiresAt).TotalMinutes);
        return new EndWarning(session, end, [.. closing.Select(c => c.ResourceName).Distinct()], room.Count > 0 ? room[0] : 0, longest.LimitedBy);
    }

    /// <summary>No more is offered than remains: the API refuses what is longer.</summary>
    /// <param name="left">In minutes.</param>
    public static IReadOnlyList<int> Extensions(int left)
    {
        var fits = Usual.Where(m => m <= left).ToList();
        return fits.Count == 0 && left >= 1 ? [left] : fits;
    }
}
