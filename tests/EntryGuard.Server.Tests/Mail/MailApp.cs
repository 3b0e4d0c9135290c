using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Mail;
using EntryGuard.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace EntryGuard.Server.Tests.Mail;

internal static class MailApp
{
    /// <summary>Mail is stored; nobody answers where it would be sent to.</summary>
    public static Dictionary<string, string> On => new()
    {
        ["EntryGuard:PublicUrl"] = "https://entryguard.example",
        ["EntryGuard:Mail:Host"] = "127.0.0.1",
        ["EntryGuard:Mail:Port"] = "1",
        ["EntryGuard:Mail:From"] = "door@entryguard.example",
    };

    /// <summary>An address that no other test writes to.</summary>
    public static string Somebody(string domain = "acme.example") => $"u{Guid.NewGuid():n}@{domain}";

    public static MailSender Sender(this TestApp app) => app.Services.GetRequiredService<MailSender>();

    public static Links Links(this TestApp app) => app.Services.GetRequiredService<Links>();

    /// <summary>Puts mail into the outbox as a request would: in a transaction of the tenant's.</summary>
    public static async Task<bool> Put(this TestApp app, string email, Func<Outbox, EntryGuardDb, User, DateTimeOffset, bool> put, bool commit = true)
    {
        var organization = await app.Seed.Organization("acme");
        var id = await app.Seed.User(organization, email);
        await using var db = app.Databases.OpenTenant(organization);
        await using var work = await db.BeginWriteAsync(WritePriority.Other, CancellationToken.None);
        var stored = put(app.Services.GetRequiredService<Outbox>(), db, await db.Users.SingleAsync(u => u.Id == id), app.Time.GetUtcNow());
        await db.SaveChangesAsync();
        if (commit)
            await work.CommitAsync(CancellationToken.None);
        return stored;
    }

    /// <summary>An invitation with a link of its own.</summary>
    public static Task<bool> Invite(this TestApp app, string email, string token = "secret-token", bool commit = true) =>
        app.Put(email, (outbox, db, user, now) => outbox.Invite(db, user, "Acme", app.Links().AcceptInvitation(token), "boss@acme.example", now), commit);

    /// <summary>What is in the outbox, in the order of storing.</summary>
    public static async Task<List<OutboxMail>> Mails(this TestApp app)
    {
        await using var db = app.Databases.OpenEngine();
        await using var read = await db.BeginReadAsync(CancellationToken.None);
        return await db.OutboxMails.AsNoTracking().OrderBy(m => m.CreatedAt).ThenBy(m => m.Id).ToListAsync();
    }

    public static async Task<List<AuditEntry>> Failures(this TestApp app)
    {
        await using var db = app.Databases.OpenEngine();
        await using var read = await db.BeginReadAsync(CancellationToken.None);
        return await db.Audit.AsNoTracking().Where(a => a.EventType == "MAIL_FAILED").ToListAsync();
    }

    public static Task<TimeSpan> Send(this TestApp app) => app.Sender().SendDueAsync(CancellationToken.None);
}
