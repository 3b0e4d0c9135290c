using EntryGuard.Server.Data;
using EntryGuard.Server.Mail;
using Microsoft.EntityFrameworkCore;
using MimeKit;

namespace EntryGuard.Server.Engine;

/// <summary>
/// Sends what is in the outbox: when mail was committed on this node, when the next try is due, and else once a minute. Every node does it;
/// whoever moves a mail's date has it. A mail is sent at least once, and always under the same Message-ID.
/// </summary>
internal sealed class MailSender(
    Databases databases, Outbox outbox, MailSettings settings, DatabaseClock clock, WriteRight right, EngineMetrics metrics, TimeProvider time, ILogger<MailSender> log)
    : BackgroundService
{
    /// <summary>After so long without success it is given up, unless it is of no use before that.</summary>
    public static readonly TimeSpan GivesUpAfter = TimeSpan.FromDays(3);

    /// <summary>For how long a mail belongs to the node that took it: longer than a try may last.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan LookAtLeast = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LookAtMost = TimeSpan.FromSeconds(1);
    private readonly ClockBell bell = new(time);

    /// <summary>Sends what is due now.</summary>
    /// <returns>How long to wait for more, unless the bell rings.</returns>
    public async Task<TimeSpan> SendDueAsync(CancellationToken ct)
    {
        var next = await NextAsync(ct);
        if (next is null || next > clock.Now)
            return WaitFor(next);
        await using (var server = new SmtpConnection(settings, time))
        {
            while (!ct.IsCancellationRequested && await TakeAsync(ct) is { } mail)
            {
                if (!await TryAsync(mail, server, ct))
                {
                    await NextAsync(ct);
                    return LookAtLeast;   // nobody else's mail would get through
                }
            }
        }

        return WaitFor(await NextAsync(ct));
    }

    public override void Dispose()
    {
        bell.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!outbox.IsOn)
            return;
        foreach (var trouble in settings.UnusableFiles())
            log.UnusableFile(trouble);
        var ct = stoppingToken;
        await right.WaitAsync(ct);   // a copy of the database is not to send everything again
        databases.MailStored += bell.Ring;
        try
        {
            while (!ct.IsCancellationRequested)
            {
                var wait = LookAtLeast;
                try
                {
                    wait = await SendDueAsync(ct);
                }
                catch (Exception e) when (e is not OperationCanceledException || !ct.IsCancellationRequested)
                {
                    log.SenderFailed(e);
                }

                await bell.WaitAsync(wait, ct);
            }
        }
        finally
        {
            databases.MailStored -= bell.Ring;
        }
    }

    /// <summary>1, 2, 4, ... minutes, at most an hour.</summary>
    internal static TimeSpan Backoff(int attempts) => TimeSpan.FromMinutes(attempts > 6 ? 60 : 1 << (Math.Max(attempts, 1) - 1));

    private static TimeSpan IsOfUseFor(MailKind kind) => kind switch
    {
        MailKind.PasswordReset => Outbox.ResetIsValidFor,
        MailKind.SessionEnding => MailOccasions.BeforeTheEnd,
        MailKind.Invitation or MailKind.PasswordChanged or MailKind.MfaReset or MailKind.NewSignIn or MailKind.RemovalFailing => GivesUpAfter,
    };

    private TimeSpan WaitFor(DateTimeOffset? next)
    {
        var wait = next is { } at ? at - clock.Now : LookAtLeast;
        return wait < LookAtMost ? LookAtMost : wait > LookAtLeast ? LookAtLeast : wait;
    }

    // One statement says when something is due and what waits.
    private async Task<DateTimeOffset?> NextAsync(CancellationToken ct)
    {
        await using var db = databases.OpenEngine();
        await using var read = await db.BeginReadAsync(ct);
        var waiting = await db.OutboxMails.Where(m => m.NextAttemptAt != null).GroupBy(_ => 1)
            .Select(g => new { Count = g.Count(), Oldest = g.Min(m => m.CreatedAt), Next = g.Min(m => m.NextAttemptAt) }).SingleOrDefaultAsync(ct);
        metrics.MailWaits(waiting?.Count ?? 0, waiting is null ? TimeSpan.Zero : clock.Now - waiting.Oldest);
        return waiting?.Next;
    }

    // The oldest that is due, once its date is moved: by nobody else, then.
    private async Task<OutboxMail?> TakeAsync(CancellationToken ct)
    {
        while (true)
        {
            await using var db = databases.OpenEngine();
            var now = clock.Now;
            OutboxMail? mail;
            await using (await db.BeginReadAsync(ct))
                mail = await db.OutboxMails.AsNoTracking().Where(m => m.NextAttemptAt <= now).OrderBy(m => m.NextAttemptAt).ThenBy(m => m.Id).FirstOrDefaultAsync(ct);
            if (mail is null)
                return null;
            var (before, until) = (mail.NextAttemptAt, now + Lease);
            await using var work = await db.BeginWriteAsync(WritePriority.Other, ct);
            var taken = await db.OutboxMails.Where(m => m.Id == mail.Id && m.NextAttemptAt == before)
                .ExecuteUpdateAsync(set => set.SetProperty(m => m.NextAttemptAt, until).SetProperty(m => m.Attempts, m => m.Attempts + 1), ct);
            await work.CommitAsync(ct);
            if (taken == 0)
                continue;
            (mail.NextAttemptAt, mail.Attempts) = (until, mail.Attempts + 1);
            return mail;
        }
    }

    // False: the mail server takes none at all.
    private async Task<bool> TryAsync(OutboxMail mail, SmtpConnection server, CancellationToken ct)
    {
        if (clock.Now - mail.CreatedAt >= IsOfUseFor(mail.Kind))
        {
            await GiveUpAsync(mail, mail.Error ?? "It could not be sent in time.");
            return true;
        }

        MimeMessage message;
        try
        {
            message = outbox.Write(mail);
        }
        catch (FormatException e)
        {
            await GiveUpAsync(mail, e.Message);
            return true;
        }

        using (message)
        {
            var fault = await server.SendAsync(message, ct);
            if (fault is null)
                await SentAsync(mail);
            else if (ct.IsCancellationRequested)
                return false;   // it may have been taken; whoever has it next repeats it under the same id
            else if (fault.IsFinal)
                await GiveUpAsync(mail, fault.Error);
            else
                await RetryAsync(mail, fault.Error);
            return fault is not { IsServers: true };
        }
    }

    // What came of a try is written down even if the server stops: it is known, and the next start would only repeat it.
    private async Task SentAsync(OutboxMail mail)
    {
        var now = clock.Now;
        await using var db = databases.OpenEngine();
        await using var work = await db.BeginWriteAsync(WritePriority.Other, CancellationToken.None);
        await db.OutboxMails.Where(m => m.Id == mail.Id && m.SentAt == null).ExecuteUpdateAsync(
            set => set.SetProperty(m => m.SentAt, now).SetProperty(m => m.NextAttemptAt, (DateTimeOffset?)null).SetProperty(m => m.GaveUpAt, (DateTimeOffset?)null)
                .SetProperty(m => m.Error, (string?)null).SetProperty(m => m.Letter, (byte[]?)null), CancellationToken.None);
        await work.CommitAsync(CancellationToken.None);
        metrics.Mailed(mail.Kind, "sent");
        log.Sent(mail.Id, Names.Wire(mail.Kind));
    }

    private async Task RetryAsync(OutboxMail mail, string error)
    {
        var next = clock.Now + Backoff(mail.Attempts);
        await using var db = databases.OpenEngine();
        await using var work = await db.BeginWriteAsync(WritePriority.Other, CancellationToken.None);
        await Mine(db, mail).ExecuteUpdateAsync(set => set.SetProperty(m => m.NextAttemptAt, next).SetProperty(m => m.Error, error), CancellationToken.None);
        await work.CommitAsync(CancellationToken.None);
        metrics.Mailed(mail.Kind, "retried");
        log.NotSent(mail.Id, Names.Wire(mail.Kind), mail.Attempts, error, next);
    }

    private async Task GiveUpAsync(OutboxMail mail, string error)
    {
        var now = clock.Now;
        await using var db = databases.OpenEngine();
        await using var work = await db.BeginWriteAsync(WritePriority.Other, CancellationToken.None);
        var given = await Mine(db, mail).ExecuteUpdateAsync(
            set => set.SetProperty(m => m.GaveUpAt, now).SetProperty(m => m.NextAttemptAt, (DateTimeOffset?)null)
                .SetProperty(m => m.Error, error).SetProperty(m => m.Letter, (byte[]?)null), CancellationToken.None);
        if (given == 0)
            return;
        var row = AuditRow.Of(
            mail.OrganizationId, Actor.System, "MAIL_FAILED", now, new AuditSubject("MAIL", mail.Id.ToString(), null),
            new { kind = Names.Wire(mail.Kind), to = mail.To, attempts = mail.Attempts });
        (row.Result, row.ErrorMessage) = ("FAILURE", error);
        db.Audit.Add(row);
        await work.CommitAsync(CancellationToken.None);
        metrics.Mailed(mail.Kind, "given_up");
        log.GivenUp(mail.Id, Names.Wire(mail.Kind), mail.Attempts, error);
    }

    // Unless its lease ran out and another node has it now.
    private static IQueryable<OutboxMail> Mine(EntryGuardDb db, OutboxMail mail) => db.OutboxMails.Where(m => m.Id == mail.Id && m.NextAttemptAt == mail.NextAttemptAt);
}

internal static partial class MailSenderLog
{
    [LoggerMessage(1551, LogLevel.Information, "Mail {Mail} ({Kind}) was sent")]
    public static partial void Sent(this ILogger log, Guid mail, string kind);

    [LoggerMessage(1552, LogLevel.Warning, "Mail {Mail} ({Kind}) was not sent, try {Attempts}: {Error} It is tried again at {NextAt:u}")]
    public static partial void NotSent(this ILogger log, Guid mail, string kind, int attempts, string error, DateTimeOffset nextAt);

    [LoggerMessage(1553, LogLevel.Error, "Mail {Mail} ({Kind}) was given up at try {Attempts}: {Error}")]
    public static partial void GivenUp(this ILogger log, Guid mail, string kind, int attempts, string error);

    [LoggerMessage(1554, LogLevel.Error, "The outbox could not be worked on; it is tried again in a minute")]
    public static partial void SenderFailed(this ILogger log, Exception e);

    [LoggerMessage(1555, LogLevel.Error, "{Trouble} No mail is sent until it can be")]
    public static partial void UnusableFile(this ILogger log, string trouble);
}
