using EntryGuard.Domain;
using EntryGuard.Domain.Sessions;
using EntryGuard.Server.Data;
using EntryGuard.Server.Mail;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Engine;

/// <summary>
/// What the engine itself has to say by mail, found after each sweep: a session that is about to end, to its user; closings that are
/// overdue, to the admins. With no mail configured nothing is asked; with nothing to say it costs two statements.
/// </summary>
internal sealed class MailOccasions(Databases databases, Outbox outbox, Links links, DatabaseClock clock, ILogger<MailOccasions> log)
{
    /// <summary>How long before its end a session's user is told.</summary>
    public static readonly TimeSpan BeforeTheEnd = TimeSpan.FromMinutes(10);

    /// <summary>Who starts a shorter session knows when it ends.</summary>
    public static readonly TimeSpan ShortestSession = TimeSpan.FromMinutes(30);

    // A date that a transaction wrote is seen once it commits, and none takes as long as this: what is older has all been seen.
    private static readonly TimeSpan Seen = TimeSpan.FromMinutes(1);
    private const int MostAddresses = 20;

    /// <summary>Stores what is to be said. Its own faults are logged, and tried again with the next sweep.</summary>
    public async Task StoreAsync(CancellationToken ct)
    {
        if (!outbox.IsOn)
            return;
        try
        {
            await SessionsAsync(ct);
            await RemovalsAsync(ct);
        }
        catch (DbUpdateException e) when (UniqueNames.Refused(e))
        {
            // Another node said some of it at the same moment; what is left is found with the next sweep.
        }
        catch (Exception e) when (e is not OperationCanceledException || !ct.IsCancellationRequested)
        {
            log.NotStored(e);
        }
    }

    private async Task SessionsAsync(CancellationToken ct)
    {
        await using var db = databases.OpenEngine();
        var now = clock.Now;
        var (latestEnd, latestStart) = (now + BeforeTheEnd, now + BeforeTheEnd - ShortestSession);
        List<Ending> ending;
        List<string> told;
        await using (await db.BeginReadAsync(ct))
        {
            ending = await db.UserSessions.AsNoTracking()
                .Where(s => s.EndedAt == null && (s.Status == SessionStatus.Active || s.Status == SessionStatus.Partial) && s.ExpiresAt > now && s.ExpiresAt <= latestEnd)
                .Where(s => s.StartedAt <= latestStart && s.User!.IsActive && s.User.Kind == UserKind.Person)
                .Select(s => new Ending(s, s.User!.Email, s.ResourceIps.Where(c => c.Wanted == Wanted.Present).Select(c => c.Resource!.Name).ToList())).ToListAsync(ct);
            ending.RemoveAll(e => e.Session.ExpiresAt - e.Session.StartedAt < ShortestSession);
            if (ending.Count == 0)
                return;
            var keys = ending.Select(e => $"SESSION_ENDING:{Key(e)}").ToList();
            told = await db.OutboxMails.Where(m => keys.Contains(m.IdempotencyKey)).Select(m => m.IdempotencyKey).ToListAsync(ct);
        }

        ending.RemoveAll(e => told.Contains($"SESSION_ENDING:{Key(e)}"));
        if (ending.Count == 0)
            return;
        await using var work = await db.BeginWriteAsync(WritePriority.Other, ct);
        foreach (var (session, email, resources) in ending)
        {
            var addresses = new[] { session.IPv4, session.IPv6 }.OfType<Domain.Net.Cidr>().Select(a => a.ToString()).ToList();
            var letter = new SessionEnding(links.Session(session.Id), [.. resources.Distinct().Order(StringComparer.Ordinal)], addresses, session.ExpiresAt);
            outbox.Add(db, session.OrganizationId, email, letter, Key(new Ending(session, email, resources)), now, session.Id.Value);
        }

        await work.CommitAsync(ct);

        // An extension is another end, and another mail.
        static string Key(Ending ending) => $"{ending.Session.Id.Value:n}:{ending.Session.ExpiresAt.UtcTicks}";
    }

    // One mail tells of all that is overdue on a Resource; what becomes overdue later, of another. Once pruned, a mail is repeated: it still is so.
    private async Task RemovalsAsync(CancellationToken ct)
    {
        await using var db = databases.OpenEngine();
        var now = clock.Now;
        var seen = now - Seen;
        List<ResourceId> untold;
        await using (await db.BeginReadAsync(ct))
        {
            var overdue = await HealthLedger.Overdue(db).Where(c => c.OverdueSince <= seen).GroupBy(c => c.ResourceId)
                .Select(g => new { Resource = g.Key, Latest = g.Max(c => c.OverdueSince) }).ToListAsync(ct);
            if (overdue.Count == 0)
                return;
            var about = overdue.Select(o => (Guid?)o.Resource.Value).ToList();
            var told = (await db.OutboxMails.Where(m => m.Kind == MailKind.RemovalFailing && about.Contains(m.AboutId)).GroupBy(m => m.AboutId)
                .Select(g => new { Resource = g.Key, At = g.Max(m => m.CreatedAt) }).ToListAsync(ct)).ToDictionary(t => t.Resource!.Value, t => t.At);
            untold = [.. overdue.Where(o => !told.TryGetValue(o.Resource.Value, out var at) || at - Seen < o.Latest).Select(o => o.Resource).Order()];
        }

        foreach (var resource in untold)
        {
            db.ChangeTracker.Clear();
            await using var work = await db.BeginWriteAsync(WritePriority.Other, ct);
            await RemovalAsync(db, resource, now, ct);
            await work.CommitAsync(ct);
        }
    }

    private async Task RemovalAsync(EntryGuardDb db, ResourceId id, DateTimeOffset now, CancellationToken ct)
    {
        var seen = now - Seen;
        var claims = HealthLedger.Overdue(db).AsNoTracking().Where(c => c.ResourceId == id && c.OverdueSince <= seen);
        var oldest = await claims.OrderBy(c => c.OverdueSince).ThenBy(c => c.Id).Take(MostAddresses).ToListAsync(ct);
        var latest = await claims.OrderByDescending(c => c.OverdueSince).ThenByDescending(c => c.Id).FirstOrDefaultAsync(ct);
        if (latest is null)
            return;   // closed meanwhile
        var resource = await db.Resources.AsNoTracking().SingleAsync(r => r.Id == id, ct);
        var letter = new RemovalFailing(
            resource.Name, [.. oldest.Select(c => c.Address.ToString()).Distinct()], await claims.CountAsync(ct) - oldest.Count, oldest[0].OverdueSince!.Value, oldest[0].ErrorMessage);
        var admins = await db.Users.Where(u => u.OrganizationId == resource.OrganizationId && u.Authority == Authority.Admin && u.Kind == UserKind.Person && u.IsActive && u.DeletedAt == null).Select(u => new { u.Id, u.Email }).ToListAsync(ct);
        foreach (var admin in admins)
            outbox.Add(db, resource.OrganizationId, admin.Email, letter, $"{latest.Id.Value:n}:{latest.OverdueSince!.Value.UtcTicks}:{admin.Id.Value:n}", now, id.Value);
    }

    private sealed record Ending(Session Session, string Email, List<string> Resources);
}

internal static partial class MailOccasionsLog
{
    [LoggerMessage(1561, LogLevel.Error, "What is to be said by mail could not be stored; it is tried again in a minute")]
    public static partial void NotStored(this ILogger log, Exception e);
}
