using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Domain.Net;
using EntryGuard.Server.Data;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.Sessions;

/// <summary><c>GET /sessions</c> and <c>/sessions/admin</c>: newest first, a page at a time.</summary>
public static class ListSessions
{
    public static Task<Results<Page<SessionResponse>, RefusalResult>> Handle(
        [AsParameters] ListSessionsQuery query, EntryGuardDb db, Caller caller, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(caller);
        return ListAsync(query, caller.UserId, db, ct);
    }

    public static Task<Results<Page<SessionResponse>, RefusalResult>> HandleAdmin(
        [AsParameters] ListSessionsQuery query, Guid? userId, EntryGuardDb db, CancellationToken ct) =>
        ListAsync(query, userId is { } id ? new UserId(id) : null, db, ct);

    private static async Task<Results<Page<SessionResponse>, RefusalResult>> ListAsync(
        ListSessionsQuery query, UserId? user, EntryGuardDb db, CancellationToken ct)
    {
        var errors = new Dictionary<string, string>();
        var statuses = RequestFields.Statuses(query.Status, errors);
        var (from, to) = (RequestFields.Instant("from", query.From, errors), RequestFields.Instant("to", query.To, errors));
        var words = RequestFields.SearchWords(query.Search, errors);
        var (limit, after) = Cursor.Read(query.Limit, query.Cursor, errors);
        if (errors.Count > 0)
            return new RefusalResult(Refusal.Validation(errors));

        var sessions = db.UserSessions.AsNoTracking();
        if (user is { } owner)
            sessions = sessions.Where(s => s.UserId == owner);
        if (statuses.Count > 0)
            sessions = sessions.Where(s => statuses.Contains(s.Status));
        if (query.Overdue is { } overdue)
            sessions = sessions.Where(s => s.ResourceIps.Any(c => c.MayStand && c.OverdueSince != null) == overdue);
        if (from is { } first)
            sessions = sessions.Where(s => s.StartedAt >= first);
        if (to is { } end)
            sessions = sessions.Where(s => s.StartedAt < end);
        foreach (var word in words)
            sessions = Finding(word, sessions, db);
        if (after is { } cursor)
        {
            var last = new SessionId(cursor.Id);   // ids of version 7 are in the order of starting
            sessions = sessions.Where(s => s.Id.CompareTo(last) < 0);
        }

        await using var read = await db.BeginReadAsync(ct);
        if (words.Count > 0)
        {
            // Searched once, and not again by each query that loads what was found.
            var found = await sessions.OrderByDescending(s => s.Id).Take(limit + 1).Select(s => s.Id).ToListAsync(ct);
            sessions = db.UserSessions.AsNoTracking().Where(s => found.Contains(s.Id));
        }

        var rows = await sessions.OrderByDescending(s => s.Id).Take(limit + 1)
            .Select(SessionView.Projection).AsSplitQuery().ToListAsync(ct);
        return Page<SessionResponse>.Of(rows, limit, r => new Cursor(r.Session.StartedAt, r.Session.Id.Value), r => r.ToResponse());
    }

    private static IQueryable<Session> Finding(string word, IQueryable<Session> sessions, EntryGuardDb db)
    {
        var pattern = RequestFields.Pattern(word);
        var address = Cidr.TryParse(word, out var whole, out _) ? RequestFields.Pattern(whole.ToString()) : pattern;   // stored in one form alone
        SessionId? id = Guid.TryParseExact(word, "D", out var guid) ? new SessionId(guid) : null;
        var users = db.Users.Where(u => EF.Functions.Like(u.Email, pattern, @"\") || EF.Functions.Like(u.Name!.ToLower(), pattern, @"\")).Select(u => (UserId?)u.Id);
        var resources = db.Resources.Where(r => EF.Functions.Like(r.Name.ToLower(), pattern, @"\")).Select(r => r.Id);
        return sessions.Where(s => s.Id == id || users.Contains(s.UserId) || EF.Functions.Like(s.Reason!.ToLower(), pattern, @"\")
            || EF.Functions.Like((string)(object)s.IPv4!, address, @"\") || EF.Functions.Like((string)(object)s.IPv6!, address, @"\")
            || s.ResourceIps.Any(c => resources.Contains(c.ResourceId)));
    }
}

/// <summary>What to list.</summary>
/// <param name="Status">Only these; repeated or comma separated.</param>
/// <param name="Overdue">True: only sessions with a closing that is overdue; false: only the others.</param>
/// <param name="Search">Only those where each of these words is found, whatever the case: within the user's name or e-mail address, the reason, the name of a
/// Resource or an address (in any form, or a part as it is shown), or as the whole id.</param>
/// <param name="From">Started then or later.</param>
/// <param name="To">Started before.</param>
/// <param name="Limit">Most rows; 50 unless given, 200 at most.</param>
/// <param name="Cursor">From <c>X-Next-Cursor</c> of the page before.</param>
public sealed record ListSessionsQuery(
    [FromQuery(Name = "status")] string[]? Status, [FromQuery(Name = "overdue")] bool? Overdue, [FromQuery(Name = "search")] string? Search,
    [FromQuery(Name = "from")] string? From, [FromQuery(Name = "to")] string? To, [FromQuery(Name = "limit")] int? Limit, [FromQuery(Name = "cursor")] string? Cursor);
