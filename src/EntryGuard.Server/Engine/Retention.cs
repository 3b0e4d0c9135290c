using EntryGuard.Domain.Sessions;
using EntryGuard.Server.Data;
using EntryGuard.Server.Mail;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace EntryGuard.Server.Engine;

/// <summary>Configuration section <c>EntryGuard:Retention</c>. 0: for ever.</summary>
public sealed class RetentionSettings
{
    /// <summary>Days a session is kept after its end; and what was deleted, once nothing refers to it.</summary>
    public int SessionDays { get; set; } = 90;

    /// <summary>Days of the audit log.</summary>
    public int AuditDays { get; set; } = 365;
}

/// <summary>Lets go of what is over and old (E29): a bounded piece at a time, and never anything that is unsettled.</summary>
public sealed class Retention(Databases databases, DatabaseClock clock, IOptions<RetentionSettings> settings, ILogger<Retention> log, Outbox? outbox = null)
{
    /// <summary>Days that a mail is remembered after it was sent, or given up.</summary>
    public const int MailDays = 7;

    /// <summary>Most rows of a kind in one run; what is left goes with the next.</summary>
    public const int BatchSize = 1000;

    private const int MostFailures = 100_000;

    /// <summary>One run.</summary>
    /// <returns>True if there may be more to do.</returns>
    public async Task<bool> PruneAsync(CancellationToken ct)
    {
        var sessions = settings.Value.SessionDays > 0 ? await SessionsAsync(clock.Now.AddDays(-settings.Value.SessionDays), ct) : 0;
        sessions = Math.Max(sessions, settings.Value.SessionDays > 0 ? await FormerClaimsAsync(clock.Now.AddDays(-settings.Value.SessionDays), ct) : 0);
        var deleted = settings.Value.SessionDays > 0 ? await TombstonesAsync(clock.Now.AddDays(-settings.Value.SessionDays), ct) : 0;
        var audit = settings.Value.AuditDays > 0 ? await AuditAsync(clock.Now.AddDays(-settings.Value.AuditDays), ct) : 0;
        if (settings.Value.AuditDays > 0)
            await HealthEventsAsync(clock.Now.AddDays(-settings.Value.AuditDays), ct);
        var signIns = await SignInsAsync(clock.Now, ct);
        var mails = outbox is { IsOn: true } ? await MailsAsync(clock.Now.AddDays(-MailDays), ct) : 0;
        if (sessions + deleted + audit > 0)
            log.Pruned(sessions, deleted, audit);
        return sessions == BatchSize || deleted == BatchSize || audit == BatchSize || mails == BatchSize || signIns == BatchSize;
    }

    // What nobody can sign in with any more. A sign-in that is over is kept as long as a session, for whoever asks who was in.
    private async Task<int> SignInsAsync(DateTimeOffset now, CancellationToken ct)
    {
        var (day, old) = (now.AddDays(-1), now.AddDays(-settings.Value.SessionDays));
        await using var db = databases.OpenEngine();
        await using var work = await db.BeginWriteAsync(WritePriority.Other, ct);
        var tokens = await db.RefreshTokens.Where(t => t.ExpiresAt < day).OrderBy(t => t.ExpiresAt).Take(BatchSize).ExecuteDeleteAsync(ct);
        await db.OneTimeTokens.Where(t => t.ExpiresAt < day).ExecuteDeleteAsync(ct);
        await db.SignInFailures.Where(f => f.LastAt < now - SignInGuard.Memory).ExecuteDeleteAsync(ct);
        var tooMany = await db.SignInFailures.OrderByDescending(f => f.LastAt).Skip(MostFailures).Select(f => (DateTimeOffset?)f.LastAt).FirstOrDefaultAsync(ct);
        if (tooMany is { } oldest)   // names made up by whoever has many addresses
            await db.SignInFailures.Where(f => f.LastAt <= oldest).ExecuteDeleteAsync(ct);
        var gone = settings.Value.SessionDays == 0 ? [] : await db.SignIns.Where(s => s.ExpiresAt < old).OrderBy(s => s.ExpiresAt).Take(BatchSize).Select(s => s.Id).ToListAsync(ct);
        await db.SignIns.Where(s => gone.Contains(s.Id)).ExecuteDeleteAsync(ct);
        await work.CommitAsync(ct);
        return Math.Max(tokens, gone.Count);
    }

    private async Task<int> SessionsAsync(DateTimeOffset before, CancellationToken ct)
    {
        await using var db = databases.OpenEngine();
        await using var work = await db.BeginWriteAsync(WritePriority.Other, ct);
        var old = await db.Sessions
            .Where(s => (s.Status == SessionStatus.Expired || s.Status == SessionStatus.Cancelled || s.Status == SessionStatus.Failed) && s.EndedAt < before)
            .Where(s => !s.ResourceIps.Any(c => c.DueAt != null || c.OverdueSince != null
                || !(c.Status == ResourceIpStatus.Removed || (c.Status == ResourceIpStatus.Failed && !c.MayStand))))
            .OrderBy(s => s.Id).Take(BatchSize).Select(s => s.Id).ToListAsync(ct);
        if (old.Count == 0)
            return 0;
        await db.ResourceIps.Where(c => old.Contains(c.SessionId)).ExecuteDeleteAsync(ct);
        var gone = await db.Sessions.Where(s => old.Contains(s.Id)).ExecuteDeleteAsync(ct);
        await work.CommitAsync(ct);
        return gone;
    }

    // A static rule may never end: what it once wanted goes by itself, and with it the tombstones of Resources. What tells that it still
    // names a Resource which is switched off, or was closed by hand, stays.
    private async Task<int> FormerClaimsAsync(DateTimeOffset before, CancellationToken ct)
    {
        await using var db = databases.OpenEngine();
        await using var work = await db.BeginWriteAsync(WritePriority.Other, ct);
        var old = await db.ResourceIps
            .Where(c => c.Session!.Kind == OwnerKind.StaticRule && c.Wanted == Wanted.Absent && c.EndingAt < before && c.DueAt == null && c.OverdueSince == null
                && (c.Status == ResourceIpStatus.Removed || (c.Status == ResourceIpStatus.Failed && !c.MayStand)))
            .Where(c => c.EndReason == EndReason.Superseded || c.EndReason == EndReason.Manual || c.Resource!.DeletedAt != null)
            .OrderBy(c => c.Id).Take(BatchSize).Select(c => c.Id).ToListAsync(ct);
        var gone = old.Count == 0 ? 0 : await db.ResourceIps.Where(c => old.Contains(c.Id)).ExecuteDeleteAsync(ct);
        await work.CommitAsync(ct);
        return gone;
    }

    // A Resource stays as long as a claim names it, a credential as long as a Resource does, a user as long as a session does.
    private async Task<int> TombstonesAsync(DateTimeOffset before, CancellationToken ct)
    {
        await using var db = databases.OpenEngine();
        await using var work = await db.BeginWriteAsync(WritePriority.Other, ct);
        var resources = await db.Resources.Where(r => r.DeletedAt < before && !db.ResourceIps.Any(c => c.ResourceId == r.Id))
            .OrderBy(r => r.Id).Take(BatchSize).Select(r => r.Id).ToListAsync(ct);
        await db.UserResources.Where(g => resources.Contains(g.ResourceId)).ExecuteDeleteAsync(ct);
        await db.Resources.Where(r => resources.Contains(r.Id)).ExecuteDeleteAsync(ct);
        var credentials = await db.Credentials.Where(c => c.DeletedAt < before && !db.Resources.Any(r => r.CredentialId == c.Id))
            .OrderBy(c => c.Id).Take(BatchSize).Select(c => c.Id).ToListAsync(ct);
        await db.Credentials.Where(c => credentials.Contains(c.Id)).ExecuteDeleteAsync(ct);
        var users = await db.Users.Where(u => u.DeletedAt < before && !db.Sessions.Any(s => s.UserId == u.Id || s.AnswersFor == u.Id))
            .OrderBy(u => u.Id).Take(BatchSize).Select(u => u.Id).ToListAsync(ct);
        await db.Users.Where(u => users.Contains(u.Id)).ExecuteDeleteAsync(ct);
        await work.CommitAsync(ct);
        return Math.Max(users.Count, Math.Max(resources.Count, credentials.Count));
    }

    // What was wrong with a Resource is kept as long as what happened to it.
    private async Task HealthEventsAsync(DateTimeOffset before, CancellationToken ct)
    {
        await using var db = databases.OpenEngine();
        await using var work = await db.BeginWriteAsync(WritePriority.Other, ct);
        var old = await db.HealthEvents.Where(e => e.ResolvedAt < before).OrderBy(e => e.Id).Take(BatchSize).Select(e => e.Id).ToListAsync(ct);
        await db.HealthEvents.Where(e => old.Contains(e.Id)).ExecuteDeleteAsync(ct);
        await work.CommitAsync(ct);
    }

    private async Task<int> MailsAsync(DateTimeOffset before, CancellationToken ct)
    {
        await using var db = databases.OpenEngine();
        await using var work = await db.BeginWriteAsync(WritePriority.Other, ct);
        var old = await db.OutboxMails.Where(m => m.SentAt < before || m.GaveUpAt < before).OrderBy(m => m.Id).Take(BatchSize).Select(m => m.Id).ToListAsync(ct);
        var gone = await db.OutboxMails.Where(m => old.Contains(m.Id)).ExecuteDeleteAsync(ct);
        await work.CommitAsync(ct);
        return gone;
    }

    // What is written about a session that has not come to its end stays, however old.
    private async Task<int> AuditAsync(DateTimeOffset before, CancellationToken ct)
    {
        await using var db = databases.OpenEngine();
        await using var work = await db.BeginWriteAsync(WritePriority.Other, ct);
        var old = await db.Audit.Where(a => a.CreatedAt < before && !db.Sessions.Any(s => s.Id == a.SessionId && s.EndedAt == null))
            .OrderBy(a => a.CreatedAt).Take(BatchSize).Select(a => a.Id).ToListAsync(ct);
        var gone = await db.Audit.Where(a => old.Contains(a.Id)).ExecuteDeleteAsync(ct);
        await work.CommitAsync(ct);
        return gone;
    }
}

internal static partial class RetentionLog
{
    [LoggerMessage(1521, LogLevel.Information, "Pruned {Sessions} sessions, {Deleted} deleted things, {Audit} audit rows")]
    public static partial void Pruned(this ILogger log, int sessions, int deleted, int audit);
}
