using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Domain.Sessions;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.Overview;

/// <summary><c>GET /overview/week</c>: how many sessions were open, hour by hour. Of each session no more is read than from when to when.</summary>
public static class GetWeek
{
    private const int Hours = 7 * 24;

    // A session that began long before the week is in it only if its closing was overdue: so long it is looked for.
    private static readonly TimeSpan LongestClosing = TimeSpan.FromDays(7);

    public static async Task<Ok<WeekResponse>> Handle(EntryGuardDb db, DatabaseClock clock, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(db);
        ArgumentNullException.ThrowIfNull(clock);
        var now = clock.Now.UtcDateTime;
        var from = new DateTimeOffset(now.Date.AddHours(now.Hour), TimeSpan.Zero).AddHours(1 - Hours);
        await using var read = await db.BeginSnapshotAsync(ct);
        var longest = await db.Organizations.Select(o => o.MaxSession).SingleAsync(ct);
        var running = await GetOverview.OpenSessions(db).Select(s => new Span(s.StartedAt, null)).ToListAsync(ct);
        var over = await Over(db, from, from - longest - LongestClosing).Select(s => new Span(s.StartedAt, s.EndedAt)).ToListAsync(ct);
        return TypedResults.Ok(Of([.. running, .. over], from));
    }

    /// <summary>Sessions that opened something and were over after an instant.</summary>
    /// <param name="db">A tenant's.</param>
    /// <param name="from">They ended then or later.</param>
    /// <param name="began">They began then or later: ids of version 7 are in the order of starting.</param>
    internal static IQueryable<Session> Over(EntryGuardDb db, DateTimeOffset from, DateTimeOffset began)
    {
        var first = new SessionId(Guid.CreateVersion7(began));
        return db.UserSessions.Where(s => s.Id.CompareTo(first) > 0 && s.Status != SessionStatus.Failed && s.EndedAt >= from);
    }

    /// <param name="spans">Of the sessions that were open in the week, whenever they began.</param>
    /// <param name="from">Begin of the week's first hour.</param>
    internal static WeekResponse Of(IReadOnlyCollection<Span> spans, DateTimeOffset from)
    {
        var most = new int[Hours];
        var turns = spans.SelectMany(s => new[] { (At: s.Start, By: 1), (At: s.End ?? DateTimeOffset.MaxValue, By: -1) }).OrderBy(t => t.At).ThenBy(t => t.By).ToList();
        var (at, open) = (0, 0);
        for (var hour = 0; hour < Hours; hour++)
        {
            var (begin, end) = (from.AddHours(hour), from.AddHours(hour + 1));
            for (; at < turns.Count && turns[at].At <= begin; at++)
                open += turns[at].By;
            most[hour] = open;
            for (; at < turns.Count && turns[at].At < end; at++)
                most[hour] = Math.Max(most[hour], open += turns[at].By);
        }

        var starts = spans.CountBy(s => DateOnly.FromDateTime(s.Start.UtcDateTime)).ToDictionary();
        return new WeekResponse
        {
            From = from,
            Most = most,
            Days =
            [
                .. most.Select((count, hour) => (Day: DateOnly.FromDateTime(from.AddHours(hour).UtcDateTime), Count: count)).GroupBy(h => h.Day)
                    .Select(g => new DayResponse { Day = g.Key, Most = g.Max(h => h.Count), Started = starts.GetValueOrDefault(g.Key) }),
            ],
        };
    }

    /// <param name="Start">It began.</param>
    /// <param name="End">It was over; null: it is not.</param>
    internal sealed record Span(DateTimeOffset Start, DateTimeOffset? End);
}
