using EntryGuard.Contracts;

namespace EntryGuard.Server.Web.Parts;

/// <summary>How long a session may be asked for, of what is chosen to be opened.</summary>
/// <param name="Minutes">Ascending; the last may be the limit itself.</param>
/// <param name="Limit">Longest, in minutes; null: nothing of it can be opened.</param>
/// <param name="LimitedBy">What sets that, in the API's words.</param>
internal sealed record DurationChoice(IReadOnlyList<int> Minutes, int? Limit, string? LimitedBy)
{
    /// <summary>As published: 15 and 30 min, 1, 2, 4, 8, 12, 16, 24 h, cut at the cap.</summary>
    private static readonly int[] Usual = [15, 30, 60, 120, 240, 480, 720, 960, 1440];

    /// <summary>Each Resource ends by its own limit; what is asked for may be as long as the longest of them allows.</summary>
    public static DurationChoice Of(IReadOnlyList<AccessibleResource> chosen, int organizationMinutes)
    {
        var best = chosen.Where(r => r.CanOpen).MaxBy(r => r.MaxMinutes ?? 0);
        if (best is not { MaxMinutes: > 0 and var most })
            return new DurationChoice([], null, best?.LimitedBy);
        var limit = Math.Min(most, organizationMinutes);
        var minutes = Usual.Where(m => m <= limit).ToList();
        if (limit < Usual[^1] && (minutes.Count == 0 || limit - minutes[^1] >= 5))
            minutes.Add(limit);   // an odd limit, or the end of the role's hours
        return new DurationChoice(minutes, limit, best.LimitedBy);
    }

    /// <summary>The choice that is nearest to what was chosen last, and not longer unless nothing shorter is there; null: there is none.</summary>
    public int? Nearest(int wanted) => Minutes.Count == 0 ? null : Minutes.LastOrDefault(m => m <= wanted, Minutes[0]);
}
