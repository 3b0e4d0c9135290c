using System.Data.Common;
using EntryGuard.Server.Data;
using EntryGuard.Server.Data.Secrets;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Mail;
using EntryGuard.Server.Tests.Operations;
using EntryGuard.Testing;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace EntryGuard.Server.Tests.Mail;

/// <summary>What the engine says by mail of its own accord.</summary>
public sealed class OccasionTests
{
    [Theory, EveryDatabase]
    public async Task Ten_minutes_before_its_end_the_user_of_a_session_is_told_once_and_once_more_after_an_extension(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database, MailApp.On);
        var session = await app.As("ann").StartSession("web", "203.0.113.7", hours: 1);
        await app.RunUntilQuiet();
        await app.Advance(TimeSpan.FromMinutes(49));
        (await app.Mails()).ShouldBeEmpty();
        for (var minute = 0; minute < 5; minute++)
            await app.Advance(TimeSpan.FromMinutes(1));
        var mail = (await app.Mails()).ShouldHaveSingleItem();
        (mail.Kind, mail.To, mail.AboutId).ShouldBe((MailKind.SessionEnding, "ann@acme.example", session.Id));
        using (var message = app.Services.GetRequiredService<Outbox>().Write(mail))
        {
            message.Subject.ShouldBe("Your session ends at 2026-03-02 09:00 UTC");
            foreach (var fact in new[] { $"https://entryguard.example/sessions/{session.Id}", "web", "203.0.113.7" })
                message.TextBody!.ShouldContain(fact);
        }

        await app.As("ann").Extend(session, 1);
        await app.Advance(TimeSpan.FromMinutes(40));
        (await app.Mails()).Count.ShouldBe(1);
        await app.Advance(TimeSpan.FromMinutes(17));
        (await app.Mails()).Count.ShouldBe(2);
    }

    [Theory, EveryDatabase]
    public async Task Short_sessions_ended_ones_and_static_rules_end_without_a_mail(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database, MailApp.On);
        await app.As("ann").StartSession("web", "203.0.113.7", hours: 29.0 / 60);
        var stopped = await app.As("bob").StartSession("web", "203.0.113.8", hours: 1);
        await app.RunUntilQuiet();
        await app.As("bob").Stop(stopped);
        for (var minute = 0; minute < 62; minute++)
            await app.Advance(TimeSpan.FromMinutes(1));
        (await app.Mails()).ShouldBeEmpty();
    }

    [Theory, EveryDatabase]
    public async Task Every_active_admin_is_told_of_an_overdue_closing_once(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database, MailApp.On);
        var acme = await app.Seed.Organization("acme");
        var other = await app.Seed.Organization("other");
        await app.Seed.User(acme, "chief@acme.example", isAdmin: true);
        await app.Seed.User(acme, "deputy@acme.example", isAdmin: true);
        await app.Seed.User(other, "chief@other.example", isAdmin: true);
        var gone = await app.Seed.User(acme, "gone@acme.example", isAdmin: true);
        await app.Seed.Change(async db => (await db.Users.SingleAsync(u => u.Id == gone)).IsActive = false);
        await app.MakeOverdue();
        for (var minute = 0; minute < 5; minute++)
            await app.Advance(TimeSpan.FromMinutes(1));

        var mails = (await app.Mails()).Where(m => m.Kind == MailKind.RemovalFailing).ToList();
        mails.Select(m => m.To).Order().ShouldBe(["chief@acme.example", "deputy@acme.example"]);
        using var message = app.Services.GetRequiredService<Outbox>().Write(mails[0]);
        message.Subject.ShouldBe("A door may still be open: web");
        message.TextBody!.ShouldContain("203.0.113.7");
        message.TextBody!.ShouldContain("2026-03-02 09:03 UTC");

        // What becomes overdue later is told of as well, and what was said is not said again.
        await app.OpenWhileOverdue();
        app.Provider.OnApply = null;
        var bob = await app.As("bob").StartSession("web", "203.0.113.8", hours: 1);
        await app.RunUntilQuiet();
        app.Provider.OnApply = (_, _) => Testing.Providers.Script.Unavailable;
        await app.As("bob").Stop(bob);
        for (var minute = 0; minute < 8; minute++)
            await app.Advance(TimeSpan.FromMinutes(1));
        (await app.Mails()).Where(m => m.Kind == MailKind.RemovalFailing && m.To == "chief@acme.example").Count().ShouldBe(2);
    }

    [Theory, EveryDatabase]
    public async Task Two_nodes_that_find_the_same_say_it_once(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database, MailApp.On);
        await app.As("ann").StartSession("web", "203.0.113.7", hours: 1);
        await app.RunUntilQuiet();
        app.Time.Advance(TimeSpan.FromMinutes(55));
        await using var elsewhere = database.IsPostgres ? database.Open() : null;
        await Task.WhenAll(Occasions(app.Databases).StoreAsync(default), Occasions(elsewhere ?? app.Databases).StoreAsync(default));
        (await app.Mails()).Count.ShouldBe(1);
        app.Errors.ShouldBeEmpty();

        MailOccasions Occasions(Databases databases) => new(
            databases, app.Services.GetRequiredService<Outbox>(), app.Links(), app.Services.GetRequiredService<DatabaseClock>(), NullLogger<MailOccasions>.Instance);
    }

    [Theory, SqliteOnly]
    public async Task With_nothing_to_say_it_costs_three_statements_a_minute_and_none_at_all_without_a_mail_server(TestDatabase database)
    {
        var counter = new Counter();
        await using var databases = Databases.Sqlite(database.ConnectionString, counter);
        (await CostAsync(new MailSettings { Host = "127.0.0.1" })).ShouldBe(3);
        (await CostAsync(new MailSettings())).ShouldBe(0);

        async Task<int> CostAsync(MailSettings settings)
        {
            counter.Count = 0;
            var (time, right) = (new TestTime(new DateTimeOffset(2026, 3, 2, 8, 0, 0, TimeSpan.Zero)), new WriteRight());
            right.Grant();
            var (outbox, clock) = (new Outbox(settings, new SecretBox(new EphemeralDataProtectionProvider())), DatabaseClock.Of(databases, time));
            await new MailOccasions(databases, outbox, new Links(settings), clock, NullLogger<MailOccasions>.Instance).StoreAsync(default);
            using var metrics = new EngineMetrics();
            using var sender = new MailSender(databases, outbox, settings, clock, right, metrics, time, NullLogger<MailSender>.Instance);
            var asleep = time.Armed(TimeSpan.FromSeconds(60));
            await sender.StartAsync(default);
            await (outbox.IsOn ? asleep : sender.ExecuteTask!);
            await sender.StopAsync(default);
            return counter.Count;
        }
    }

    private sealed class Counter : DbCommandInterceptor
    {
        public int Count { get; set; }

        public override DbCommand CommandCreated(CommandEndEventData eventData, DbCommand result)
        {
            Count++;
            return result;
        }
    }
}
