using System.Text;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Mail;
using EntryGuard.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace EntryGuard.Server.Tests.Mail;

public sealed class OutboxTests
{
    [Theory, EveryDatabase]
    public async Task A_mail_is_stored_exactly_if_the_change_commits(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database, MailApp.On);
        var rung = 0;
        database.Databases.MailStored += () => rung++;
        (await app.Invite("ann@acme.example", commit: false)).ShouldBeTrue();
        (await app.Mails()).ShouldBeEmpty();
        rung.ShouldBe(0);
        (await app.Invite("ann@acme.example")).ShouldBeTrue();
        var mail = (await app.Mails()).ShouldHaveSingleItem();
        (mail.Kind, mail.To, mail.Attempts, mail.NextAttemptAt, mail.SentAt).ShouldBe((MailKind.Invitation, "ann@acme.example", 0, app.Time.GetUtcNow(), null));
        rung.ShouldBe(1);
    }

    [Theory, EveryDatabase]
    public async Task Every_call_of_the_sign_in_stores_a_mail_of_its_kind(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database, MailApp.On);
        await app.Put("ann@acme.example", (outbox, db, user, now) =>
            outbox.Invite(db, user, "Acme", app.Links().AcceptInvitation("t"), "boss@acme.example", now)
            && outbox.ResetPassword(db, user, app.Links().ResetPassword("t"), "203.0.113.7", now)
            && outbox.PasswordChanged(db, user, "203.0.113.7", now)
            && outbox.MfaReset(db, user, "boss@acme.example", now)
            && outbox.NewSignIn(db, user, "203.0.113.7", new string('x', 5000), now));
        (await app.Mails()).Select(m => m.Kind).ShouldBe(
            [MailKind.Invitation, MailKind.PasswordReset, MailKind.PasswordChanged, MailKind.MfaReset, MailKind.NewSignIn], ignoreOrder: true);
    }

    [Theory, EveryDatabase]
    public async Task Without_a_mail_server_nothing_is_stored_and_callers_are_told(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        app.Services.GetRequiredService<Outbox>().IsOn.ShouldBeFalse();
        (await app.Invite("ann@acme.example")).ShouldBeFalse();
        (await app.Mails()).ShouldBeEmpty();
    }

    [Theory, EveryDatabase]
    public async Task What_a_mail_says_is_not_in_clear_in_the_database(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database, MailApp.On);
        await app.Invite("ann@acme.example", "hunter2hunter2");
        var mail = (await app.Mails()).ShouldHaveSingleItem();
        Encoding.UTF8.GetString(mail.Letter!).ShouldNotContain("hunter2hunter2");
        $"{mail.IdempotencyKey} {mail.Error} {mail.To}".ShouldNotContain("hunter2hunter2");
        if (!database.IsPostgres)
        {
            foreach (var file in Directory.GetFiles(database.Directory, "entryguard.db*"))
                Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file)).ShouldNotContain("hunter2hunter2");
        }
    }

    [Theory, EveryDatabase]
    public async Task The_same_thing_is_not_said_twice(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database, MailApp.On);
        await app.Invite("ann@acme.example", "one");
        UniqueNames.Refused(await Should.ThrowAsync<DbUpdateException>(() => app.Invite("ann@acme.example", "one"))).ShouldBeTrue();
        await app.Invite("ann@acme.example", "two");
        await app.Invite("bob@acme.example", "one");
        (await app.Mails()).Count.ShouldBe(3);
    }

    [Theory, EveryDatabase]
    public async Task Another_organization_sees_no_mail(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database, MailApp.On);
        await app.Invite("ann@acme.example");
        var other = await app.Seed.Organization("other");
        await using var db = database.Databases.OpenTenant(other);
        await using (await db.BeginReadAsync(default))
            (await db.OutboxMails.CountAsync()).ShouldBe(0);
        if (database.IsPostgres)
        {
            await using (await db.BeginReadAsync(default))
                (await db.Database.SqlQuery<int>($"SELECT count(*)::int AS \"Value\" FROM outbox_mails").ToListAsync()).ShouldBe([0]);
        }
    }

    [Theory, EveryDatabase]
    public async Task A_mail_that_is_of_no_use_any_more_is_given_up_unsent_and_written_down(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database, MailApp.On);
        await app.Put("ann@acme.example", (outbox, db, user, now) => outbox.ResetPassword(db, user, "link", "203.0.113.7", now));
        app.Time.Advance(TimeSpan.FromSeconds(1));
        await app.Invite("ann@acme.example");
        app.Time.Advance(Outbox.ResetIsValidFor);
        await app.Send();
        var mails = await app.Mails();
        var reset = mails.Single(m => m.Kind == MailKind.PasswordReset);
        (reset.GaveUpAt, reset.NextAttemptAt, reset.Letter, reset.Error).ShouldBe((app.Time.GetUtcNow(), null, null, "It could not be sent in time."));
        mails.Single(m => m.Kind == MailKind.Invitation).GaveUpAt.ShouldBeNull();
        var failure = (await app.Failures()).ShouldHaveSingleItem();
        (failure.Result, failure.ResourceType, failure.ResourceId, failure.ErrorMessage).ShouldBe(("FAILURE", "MAIL", reset.Id.ToString(), "It could not be sent in time."));
    }

    [Theory, EveryDatabase]
    public async Task A_try_is_repeated_after_1_2_4_minutes_and_so_on_and_given_up_after_three_days(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database, MailApp.On);
        await app.Invite("ann@acme.example");
        var waits = new List<double>();
        while ((await app.Mails())[0] is { NextAttemptAt: { } next })
        {
            if (next > app.Time.GetUtcNow())
            {
                waits.Add((next - app.Time.GetUtcNow()).TotalMinutes);
                app.Time.SetUtcNow(next);
            }

            await app.Send();
        }

        waits.Take(8).ShouldBe([1, 2, 4, 8, 16, 32, 60, 60]);
        waits.Sum().ShouldBeInRange(MailSender.GivesUpAfter.TotalMinutes, MailSender.GivesUpAfter.TotalMinutes + 60);
        var mail = (await app.Mails()).ShouldHaveSingleItem();
        (mail.SentAt, mail.Letter).ShouldBe((null, null));
        mail.Error!.ShouldContain("refused");   // the last word of the network stays the reason
        (await app.Failures()).Count.ShouldBe(1);
    }

    [Theory, EveryDatabase]
    public async Task While_the_mail_server_takes_nothing_it_is_asked_once_in_a_round(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database, MailApp.On);
        foreach (var name in new[] { "ann", "bob", "cid" })
            await app.Invite($"{name}@acme.example");
        (await app.Send()).ShouldBe(TimeSpan.FromSeconds(60));
        (await app.Mails()).Select(m => m.Attempts).ShouldBe([1, 0, 0], ignoreOrder: true);
        await app.Send();
        (await app.Mails()).Select(m => m.Attempts).ShouldBe([1, 1, 0], ignoreOrder: true);
    }

    [Theory, EveryDatabase]
    public async Task Sent_and_given_up_mail_is_forgotten_after_a_week(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database, MailApp.On);
        foreach (var name in new[] { "sent", "given-up", "waiting" })
            await app.Invite($"{name}@acme.example");
        var now = app.Time.GetUtcNow();
        await app.Seed.Change(async db =>
        {
            (await db.OutboxMails.SingleAsync(m => m.To == "sent@acme.example")).SentAt = now;
            (await db.OutboxMails.SingleAsync(m => m.To == "given-up@acme.example")).GaveUpAt = now;
        });
        var retention = app.Services.GetRequiredService<Retention>();
        app.Time.Advance(TimeSpan.FromDays(7));
        await retention.PruneAsync(default);
        (await app.Mails()).Count.ShouldBe(3);
        app.Time.Advance(TimeSpan.FromSeconds(1));
        await retention.PruneAsync(default);
        (await app.Mails()).Select(m => m.To).ShouldBe(["waiting@acme.example"]);
    }

    [Fact]
    public void The_back_off_is_bounded_however_often_it_was_tried() =>
        new[] { 0, 1, 2, 3, 6, 7, 100_000 }.Select(n => MailSender.Backoff(n).TotalMinutes).ShouldBe([1, 1, 2, 4, 32, 60, 60]);
}
