using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.Sessions;

/// <summary>
/// <c>GET /sessions/{id}/timeline</c>: what the audit log says of one session, oldest first, a page at a time. For whoever may see the session;
/// details, and where others called from, only for whoever may read the audit log.
/// </summary>
public static class GetTimeline
{
    public static async Task<Results<Page<AuditEntryResponse>, RefusalResult>> Handle(
        Guid id, int? limit, string? cursor, EntryGuardDb db, Caller caller, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(db);
        ArgumentNullException.ThrowIfNull(caller);
        var errors = new Dictionary<string, string>();
        var (most, _) = Cursor.Read(limit, null, errors);
        var after = AuditCursor.Read(cursor, errors, "X-Next-Cursor") ?? 0;
        if (errors.Count > 0)
            return new RefusalResult(Refusal.Validation(errors));

        var session = new SessionId(id);
        await using var read = await db.BeginReadAsync(ct);
        if (!await db.UserSessions.AnyAsync(s => s.Id == session && (s.UserId == caller.UserId || caller.SeesAll), ct))
            return new RefusalResult(GetSession.NotFound);
        var organization = await db.Organizations.Select(o => o.Name).SingleAsync(ct);
        var rows = await db.Audit.AsNoTracking().Where(a => a.SessionId == session && a.Id > after).OrderBy(a => a.Id).Take(most + 1).ToListAsync(ct);
        return Page<AuditEntryResponse>.Of(rows, most, row => AuditCursor.Of(row.Id), row => AuditView.Trim(AuditView.ToResponse(row, organization), caller));
    }
}
