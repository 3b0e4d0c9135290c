using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Features.Sessions;
using EntryGuard.Server.Hosting;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.Events;

/// <summary>
/// Reads what a caller may see of the audit log, in small batches. An admin whose key may read the audit log sees all of the organization;
/// everybody else what is about their own sessions, without what only admins need: details, and where others called from.
/// </summary>
internal sealed class EventReader(EntryGuardDb db, Caller caller, TimeProvider time)
{
    private const int MostRows = 200;
    private readonly bool seesAll = AuditView.IsWhole(caller);

    /// <summary>From now on. What commits late with a small id is not lost: the newest rows are named as sent, the rest is looked at.</summary>
    public async Task<EventCursor> NowAsync(CancellationToken ct)
    {
        await using var read = await db.BeginReadAsync(ct);
        var newest = await Visible().OrderByDescending(a => a.Id).Select(a => a.Id).Take(MostRows).ToListAsync(ct);
        var floor = newest.Count == MostRows ? newest[^1] : 0;
        var cursor = new EventCursor(floor, newest.Where(id => id > floor));
        if (!db.IsShared)
            cursor.LookedAlone();
        return cursor;
    }

    /// <summary>The next rows, in order of their ids, and the cursor after each.</summary>
    public async Task<IReadOnlyList<(string Cursor, EventResponse Event)>> NextAsync(EventCursor cursor, CancellationToken ct)
    {
        await using var read = await db.BeginReadAsync(ct);
        var before = await RunningAsync(ct);
        var (floor, sent) = (cursor.Floor, cursor.Sent.ToArray());
        var rows = await Visible().Where(a => a.Id > floor && !sent.Contains(a.Id)).OrderBy(a => a.Id).Take(MostRows).ToListAsync(ct);
        var after = await RunningAsync(ct);
        var events = rows.Count == 0 ? [] : await WithSessionsAsync(rows, ct);
        var next = new List<(string, EventResponse)>();
        for (var i = 0; i < rows.Count; i++)
        {
            cursor.Add(rows[i].Id);
            if (!db.IsShared)
                cursor.LookedAlone();
            next.Add((cursor.ToString(), events[i]));
        }

        if (db.IsShared)
            cursor.Looked(before.Oldest, after.Next, time.GetUtcNow());
        return next;
    }

    private IQueryable<AuditEntry> Visible() => db.Audit.AsNoTracking().Where(a => seesAll || a.SubjectId == caller.UserId);

    private async Task<Running> RunningAsync(CancellationToken ct) => db.IsShared
        ? await db.Database.SqlQuery<Running>($"""
            SELECT pg_snapshot_xmin(now)::text::bigint AS "Oldest", pg_snapshot_xmax(now)::text::bigint AS "Next" FROM pg_current_snapshot() AS now
            """).SingleAsync(ct)
        : new Running(0, 0);

    private async Task<List<EventResponse>> WithSessionsAsync(List<AuditEntry> rows, CancellationToken ct)
    {
        var organization = await db.Organizations.Select(o => o.Name).SingleAsync(ct);
        var ids = rows.Select(a => a.SessionId).OfType<SessionId>().Distinct().ToList();
        var sessions = await db.UserSessions.AsNoTracking().Where(s => ids.Contains(s.Id) && (seesAll || s.UserId == caller.UserId))
            .Select(SessionView.Projection).AsSplitQuery().ToListAsync(ct);
        var shown = sessions.ToDictionary(s => s.Session.Id, s => s.ToResponse());
        return
        [
            .. rows.Select(row => new EventResponse
            {
                Audit = AuditView.Trim(AuditView.ToResponse(row, organization), caller),
                Session = row.SessionId is { } id ? shown.GetValueOrDefault(id) : null,
            }),
        ];
    }

    private sealed record Running(long Oldest, long Next);
}
