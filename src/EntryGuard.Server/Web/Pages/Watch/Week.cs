using EntryGuard.Contracts;

namespace EntryGuard.Server.Web.Pages.Watch;

/// <summary>How many sessions were open, hour by hour, over the last seven days.</summary>
/// <param name="From">The first hour, in UTC.</param>
/// <param name="Most">Of each hour: the most at once.</param>
/// <param name="Days">By day, for who reads rather than looks.</param>
/// <param name="IsCut">There were more sessions than were looked at: the earliest hours show too few.</param>
public sealed record Week(DateTimeOffset From, IReadOnlyList<int> Most, IReadOnlyList<WeekDay> Days, bool IsCut)
{
    /// <summary>So many hours, the one that runs now included.</summary>
    public const int Hours = 7 * 24;

    /// <param name="spans">Of each session: from when to when; null: it is open still.</param>
    internal static Week Of(IReadOnlyCollection<(DateTimeOffset Start, DateTimeOffset? End)> spans, bool isCut, DateTimeOffset now)
    {
        var first = new DateTimeOffset(now.UtcDateTime.Date.AddHours(now.UtcDateTime.Hour), TimeSpan.Zero).AddHours(1 - Hours);
        var most = new int[Hours];
        var turns = spans.SelectMany(s => new[] { (At: s.Start, By: 1), (At: s.End ?? DateTimeOffset.MaxValue, By: -1) }).OrderBy(t => t.At).ThenBy(t => t.By).ToList();
        var (at, open) = (0, 0);
        for (var hour = 0; hour < Hours; hour++)
        {
            var (begin, end) = (first.AddHours(hour), first.AddHours(hour + 1));
            for (; at < turns.Count && turns[at].At <= begin; at++)
                open += turns[at].By;
            most[hour] = open;
            for (; at < turns.Count && turns[at].At < end; at++)
                most[hour] = Math.Max(most[hour], open += turns[at].By);
        }

        var starts = spans.CountBy(s => DateOnly.FromDateTime(s.Start.UtcDateTime)).ToDictionary();
        var days = most.Select((count, hour) => (Day: DateOnly.FromDateTime(first.AddHours(hour).UtcDateTime), Count: count)).GroupBy(h => h.Day)
            .Select(g => new WeekDay(g.Key, g.Max(h => h.Count), starts.GetValueOrDefault(g.Key))).ToList();
        return new Week(first, most, days, isCut);
    }
}

/// <summary>A day (UTC) of it.</summary>
/// <param name="Most">Open at once, at most.</param>
/// <param name="Started">Sessions that began and opened something.</param>
public sealed record WeekDay(DateOnly Day, int Most, int Started);

/// <summary>The sessions of the week: those that are over are asked for now and then, those that run come with every look.</summary>
internal sealed class WeekMemory
{
    // What is over does not change; only what ended since the last look is found anew, and that is known here as well.
    private static readonly TimeSpan Keep = TimeSpan.FromMinutes(5);

    private readonly Dictionary<Guid, (DateTimeOffset Start, DateTimeOffset? End)> spans = [];
    private DateTimeOffset? readAt;
    private bool isCut;

    public async Task<Week> LookAsync(ApiClient client, IReadOnlyList<SessionResponse> running, TimeSpan longest, DateTimeOffset now)
    {
        if (readAt is null || now - readAt > Keep)
        {
            // What began before the week may reach into it. Those that run are in anyway.
            var (rows, cut, problem) = await Look.AllAsync(page => client.ListSessionsAsync($"from={(now - longest).AddDays(-7):yyyy-MM-dd'T'HH:mm:ss'Z'}&{page}", true, CancellationToken.None));
            if (problem is null)
            {
                spans.Clear();
                foreach (var session in rows)
                    Add(session);
                (readAt, isCut) = (now, cut);
            }
        }

        foreach (var session in running)
            Add(session);
        var still = running.Select(s => s.Id).ToHashSet();
        foreach (var (id, span) in spans.Where(s => s.Value.End is null && !still.Contains(s.Key)).ToList())
            spans[id] = (span.Start, now);
        return Week.Of(spans.Values, isCut, now);
    }

    private void Add(SessionResponse session)
    {
        if (session.Status != "FAILED")
            spans[session.Id] = (session.StartedAt, session.EndedAt);
    }
}
