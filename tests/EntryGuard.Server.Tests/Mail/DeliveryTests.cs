using System.Net;
using System.Net.Sockets;
using EntryGuard.Domain.Net;
using EntryGuard.Gate;
using EntryGuard.Server.Data;
using EntryGuard.Server.Data.Secrets;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Mail;
using EntryGuard.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using MimeKit;

namespace EntryGuard.Server.Tests.Mail;

/// <summary>Through a real mail server, into the maildir it delivers to.</summary>
public sealed class DeliveryTests
{
    private static TestMail Server => TestMail.Here!;

    [Theory, EveryDatabaseWithMail]
    public async Task An_invitation_arrives_with_both_parts_its_link_and_the_id_of_its_row(TestDatabase database)
    {
        var log = new TestLog();
        await using var app = await TestApp.StartAsync(database, Server.Settings, log: log);
        var ann = MailApp.Somebody();
        await app.Invite(ann, "to/ken+");
        await app.Send();

        using var message = (await Server.Arrived(ann)).ShouldHaveSingleItem();
        const string Link = "https://entryguard.example/accept-invitation?token=to%2Fken%2B";
        message.Subject.ShouldBe("You are invited to Acme");
        message.From.ToString().ShouldBe("\"EntryGuard\" <door@entryguard.example>");
        message.To.ToString().ShouldBe(ann);
        message.Body.ShouldBeOfType<MultipartAlternative>().Select(part => part.ContentType.MimeType).ShouldBe(["text/plain", "text/html"]);
        message.TextBody!.ShouldContain(Link);
        message.HtmlBody!.ShouldContain($"href=\"{Link}\"");
        message.TextBody!.ShouldContain("boss@acme.example");
        message.TextBody!.ShouldContain("2026-03-09 08:00 UTC");

        var mail = (await app.Mails()).ShouldHaveSingleItem();
        message.MessageId.ShouldBe($"{mail.Id:n}@entryguard.example");
        (mail.SentAt, mail.NextAttemptAt, mail.Letter, mail.Error, mail.Attempts).ShouldBe((app.Time.GetUtcNow(), null, null, null, 1));
        log.Lines.ShouldNotContain(line => line.Contains("to%2Fken", StringComparison.Ordinal) || line.Contains("to/ken", StringComparison.Ordinal)
            || line.Contains(Server.Password, StringComparison.Ordinal));
    }

    [Theory, EveryDatabaseWithMail]
    public async Task A_wrong_password_is_told_and_tried_again_until_it_is_right(TestDatabase database)
    {
        var log = new TestLog();
        var file = Path.Combine(database.Directory, "password");
        await File.WriteAllTextAsync(file, "sesame\n");
        var settings = Server.Settings;
        settings.Remove("EntryGuard:Mail:Password");
        settings["EntryGuard:Mail:PasswordFile"] = file;
        await using var app = await TestApp.StartAsync(database, settings, log: log);
        var ann = MailApp.Somebody();
        await app.Invite(ann);
        await app.Send();
        var mail = (await app.Mails()).ShouldHaveSingleItem();
        mail.Error!.ShouldContain("535");
        (mail.Attempts, mail.NextAttemptAt, mail.GaveUpAt).ShouldBe((1, app.Time.GetUtcNow().AddMinutes(1), null));
        log.Lines.ShouldNotContain(line => line.Contains("sesame", StringComparison.Ordinal));
        (await Server.Read(ann)).ShouldBeEmpty();

        await File.WriteAllTextAsync(file, $"{Server.Password}\n");
        app.Time.Advance(TimeSpan.FromMinutes(1));
        await app.Send();
        (await Server.Arrived(ann)).Count.ShouldBe(1);
        (await app.Mails())[0].Error.ShouldBeNull();
    }

    [Theory, EveryDatabaseWithMail]
    public async Task What_could_not_be_sent_while_the_mail_server_was_down_arrives_when_it_is_back(TestDatabase database)
    {
        var door = new IPEndPoint(IPAddress.Loopback, FreePort());
        var settings = Server.Settings;
        settings["EntryGuard:Mail:Port"] = door.Port.ToString(System.Globalization.CultureInfo.InvariantCulture);
        await using var app = await TestApp.StartAsync(database, settings);
        var ann = MailApp.Somebody();
        await app.Invite(ann);
        await app.Send();
        (await app.Mails())[0].Error!.ShouldContain("refused");

        using var table = new AllowTable(TimeProvider.System);
        await using var gate = TcpGate.Start(new GateOptions { Listen = door, Target = new IPEndPoint(IPAddress.Loopback, Server.Port) }, table, TimeProvider.System);
        table.Put(Cidr.Parse("127.0.0.1"), TimeProvider.System.GetUtcNow().AddHours(1), "test");
        await app.Send();
        (await app.Mails())[0].SentAt.ShouldBeNull();   // not before its time
        app.Time.Advance(TimeSpan.FromMinutes(1));
        await app.Send();
        (await Server.Arrived(ann)).Count.ShouldBe(1);
        (await app.Mails())[0].Attempts.ShouldBe(2);
    }

    [Theory, EveryDatabaseWithMail]
    public async Task A_recipient_the_mail_server_refuses_for_good_is_given_up_at_once_and_the_others_get_theirs(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database, Server.Settings);
        var (nobody, ann) = (MailApp.Somebody("elsewhere.test"), MailApp.Somebody());
        await app.Invite(nobody);
        app.Time.Advance(TimeSpan.FromSeconds(1));
        await app.Invite(ann);
        await app.Send();
        (await Server.Arrived(ann)).Count.ShouldBe(1);
        var refused = (await app.Mails()).Single(m => m.To == nobody);
        (refused.GaveUpAt, refused.NextAttemptAt, refused.Letter, refused.Attempts).ShouldBe((app.Time.GetUtcNow(), null, null, 1));
        refused.Error!.ShouldStartWith("550 ");
        var row = (await app.Failures()).ShouldHaveSingleItem();
        (row.Result, row.ErrorMessage, row.OrganizationId).ShouldBe(("FAILURE", refused.Error, refused.OrganizationId));
        row.Details!.ShouldContain(nobody);
    }

    [Theory, EveryDatabaseWithMail]
    public async Task A_mail_server_whose_certificate_nobody_we_trust_has_signed_gets_no_mail(TestDatabase database)
    {
        var settings = Server.Settings;
        settings.Remove("EntryGuard:Mail:CaFile");
        await using var app = await TestApp.StartAsync(database, settings);
        var ann = MailApp.Somebody();
        await app.Invite(ann);
        await app.Send();
        var mail = (await app.Mails()).ShouldHaveSingleItem();
        mail.Error!.ShouldContain("certificate");
        (mail.SentAt, mail.GaveUpAt).ShouldBe((null, null));
        (await Server.Read(ann)).ShouldBeEmpty();
    }

    [Theory, EveryDatabaseWithMail]
    public async Task Nor_does_one_whose_certificate_is_for_another_name(TestDatabase database)
    {
        var settings = Server.Settings;
        settings["EntryGuard:Mail:Host"] = Dns.GetHostName();
        var door = new IPEndPoint((await Dns.GetHostAddressesAsync(Dns.GetHostName(), AddressFamily.InterNetwork))[0], FreePort());
        settings["EntryGuard:Mail:Port"] = door.Port.ToString(System.Globalization.CultureInfo.InvariantCulture);
        using var table = new AllowTable(TimeProvider.System);
        await using var gate = TcpGate.Start(new GateOptions { Listen = door, Target = new IPEndPoint(IPAddress.Loopback, Server.Port) }, table, TimeProvider.System);
        foreach (var from in new[] { "127.0.0.0/8", door.Address.ToString() })
            table.Put(Cidr.Parse(from), TimeProvider.System.GetUtcNow().AddHours(1), from);
        await using var app = await TestApp.StartAsync(database, settings);
        await app.Invite(MailApp.Somebody());
        await app.Send();
        (await app.Mails()).ShouldHaveSingleItem().Error!.ShouldContain("certificate");
    }

    [Theory, EveryDatabaseWithMail]
    public async Task A_committed_mail_rings_the_sender_which_sends_it_at_once(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database, Server.Settings);
        var ann = MailApp.Somebody();
        var sender = app.Sender();
        var looked = app.Time.Armed(TimeSpan.FromSeconds(60));
        await sender.StartAsync(default);
        await looked;   // there was nothing; now it sleeps, and the clock stands still
        await app.Invite(ann);
        (await Server.Arrived(ann)).Count.ShouldBe(1);
        await sender.StopAsync(default);
        (await app.Mails())[0].SentAt.ShouldNotBeNull();
    }

    [Theory, EveryDatabaseWithMail]
    public async Task Two_nodes_send_each_mail_once(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database, Server.Settings);
        var people = Enumerable.Range(0, 12).Select(_ => MailApp.Somebody()).ToList();
        foreach (var email in people)
            await app.Invite(email);
        await using var elsewhere = database.IsPostgres ? database.Open() : null;
        using var metrics = new EngineMetrics();
        using var other = new MailSender(
            elsewhere ?? database.Databases, app.Services.GetRequiredService<Outbox>(), app.Services.GetRequiredService<MailSettings>(), app.Services.GetRequiredService<DatabaseClock>(),
            app.Services.GetRequiredService<WriteRight>(), metrics, app.Time, NullLogger<MailSender>.Instance);
        await Task.WhenAll(app.Send(), Task.Run(() => other.SendDueAsync(default)));
        foreach (var email in people)
            (await Server.Arrived(email)).Count.ShouldBe(1);
        (await app.Mails()).ShouldAllBe(m => m.Attempts == 1 && m.SentAt != null);
    }

    [Theory, EveryDatabaseWithMail]
    public async Task A_mail_whose_sender_died_is_sent_by_another_after_two_minutes_under_the_same_id(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database, Server.Settings);
        var ann = MailApp.Somebody();
        await app.Invite(ann);
        await app.Send();
        var first = (await Server.Arrived(ann))[0];
        var box = app.Services.GetRequiredService<SecretBox>();
        await app.Seed.Change(async db =>   // the mail server took it, and the node died before it wrote that down
        {
            var mail = await db.OutboxMails.SingleAsync();
            mail.Letter = box.ProtectLetter(mail.OrganizationId, mail.Id, new MfaReset(app.Time.GetUtcNow(), "x").ToJson());
            (mail.Kind, mail.SentAt, mail.NextAttemptAt) = (MailKind.MfaReset, null, app.Time.GetUtcNow() + MailSender.Lease);
        });
        await app.Send();
        (await app.Mails())[0].SentAt.ShouldBeNull();
        app.Time.Advance(MailSender.Lease);
        await app.Send();
        var both = await Server.Arrived(ann, 2);
        both.Select(m => m.MessageId).Distinct().ShouldBe([first.MessageId]);
    }

    [Theory, EveryDatabase]
    public async Task A_mail_server_that_never_answers_holds_a_mail_up_for_twenty_seconds(TestDatabase database)
    {
        using var silent = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        silent.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        silent.Listen();
        var settings = MailApp.On;
        settings["EntryGuard:Mail:Port"] = ((IPEndPoint)silent.LocalEndPoint!).Port.ToString(System.Globalization.CultureInfo.InvariantCulture);
        await using var app = await TestApp.StartAsync(database, settings);
        await app.Invite("ann@acme.example");
        var armed = app.Time.Armed(SmtpConnection.Most);
        var sending = app.Send();
        await armed;
        using var caller = await silent.AcceptAsync();
        app.Time.Advance(SmtpConnection.Most);
        await sending;
        (await app.Mails()).ShouldHaveSingleItem().Error.ShouldBe("The mail server did not answer within 20 s.");
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
