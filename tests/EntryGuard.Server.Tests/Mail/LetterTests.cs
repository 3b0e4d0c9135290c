using System.Text;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Data.Secrets;
using EntryGuard.Server.Mail;
using Microsoft.AspNetCore.DataProtection;
using MimeKit;

namespace EntryGuard.Server.Tests.Mail;

public sealed class LetterTests
{
    private const string Evil = "<b>x</b> & \"y\"\r\nBcc: evil@example.org\r\n\r\nWords of ours\u2028\u202eback";
    private static readonly DateTimeOffset Noon = new(2026, 3, 2, 12, 0, 0, TimeSpan.Zero);
    private static readonly SecretBox Box = new(new EphemeralDataProtectionProvider());

    public static TheoryData<Letter, string[]> Letters => new()
    {
        { new Invitation("https://eg.example/accept-invitation?token=t", "boss@acme.example", "Acme", Noon.AddDays(7)), ["https://eg.example/accept-invitation?token=t", "boss@acme.example", "Acme", "2026-03-09 12:00 UTC"] },
        { new PasswordReset("https://eg.example/reset-password?token=t", "203.0.113.7", Noon.AddHours(1)), ["https://eg.example/reset-password?token=t", "203.0.113.7", "2026-03-02 13:00 UTC"] },
        { new PasswordChanged(Noon, "203.0.113.7"), ["2026-03-02 12:00 UTC", "203.0.113.7"] },
        { new MfaReset(Noon, "boss@acme.example"), ["2026-03-02 12:00 UTC", "boss@acme.example"] },
        { new NewSignIn(Noon, "203.0.113.7", "Firefox 140"), ["2026-03-02 12:00 UTC", "203.0.113.7", "Firefox 140"] },
        { new SessionEnding("https://eg.example/sessions/1", ["db", "web"], ["203.0.113.7"], Noon), ["https://eg.example/sessions/1", "db, web", "203.0.113.7", "2026-03-02 12:00 UTC"] },
        { new RemovalFailing("web", ["203.0.113.7/32"], 3, Noon, "Access denied."), ["web", "203.0.113.7/32 and 3 more", "2026-03-02 12:00 UTC", "Access denied."] },
    };

    [Theory, MemberData(nameof(Letters))]
    public void Each_letter_says_what_it_knows_in_plain_text_and_in_HTML_that_fetches_nothing(Letter letter, string[] facts)
    {
        var message = Write(letter);
        message.Body.ShouldBeOfType<MultipartAlternative>();
        message.Subject.ShouldNotBeNullOrWhiteSpace();
        foreach (var fact in facts)
        {
            message.TextBody!.ShouldContain(fact);
            message.HtmlBody!.ShouldContain(fact);
        }

        foreach (var remote in new[] { "src=", "url(", "<link", "<script", "<img", "@import" })
            message.HtmlBody!.ShouldNotContain(remote);
    }

    [Fact]
    public void There_is_a_letter_of_each_kind() =>
        Letters.Select(row => row.Data.Item1.Kind).ShouldBe(Enum.GetValues<MailKind>(), ignoreOrder: true);

    [Fact]
    public void What_others_wrote_is_neither_markup_nor_a_line_nor_a_header()
    {
        foreach (var letter in new Letter[]
        {
            new Invitation("https://eg.example/?a=1&b=\"><b>", Evil, Evil, Noon), new NewSignIn(Noon, Evil, Evil), new RemovalFailing(Evil, [Evil], 0, Noon, Evil), new MfaReset(Noon, Evil),
        })
        {
            var message = Write(letter);
            message.Headers.Select(h => h.Field).ShouldNotContain("Bcc");
            message.Bcc.ShouldBeEmpty();
            message.GetRecipients().Count.ShouldBe(1);
            message.Subject!.ShouldNotContain('\n');
            message.HtmlBody!.ShouldNotContain("<b>");
            $"{message.Subject}{message.HtmlBody}{message.TextBody}".ShouldNotContain('\u202e');
            message.TextBody!.Split('\n').ShouldNotContain(line => line.StartsWith("Bcc:") || line.StartsWith("Words of ours"));
        }
    }

    [Theory]
    [InlineData("ann@acme.example\r\nBcc: evil@example.org")]
    [InlineData("ann@acme.example, evil@example.org")]
    [InlineData("Ann <ann@acme.example>")]
    [InlineData("ann@acme.example\nDATA")]
    [InlineData("")]
    public void A_recipient_that_is_more_or_less_than_one_address_gets_no_mail(string to) =>
        Should.Throw<FormatException>(() => Write(new MfaReset(Noon, "x"), to));

    [Fact]
    public void A_mail_names_its_row_and_that_no_person_wrote_it()
    {
        var message = Write(new MfaReset(Noon, "boss@acme.example"));
        message.MessageId.ShouldBe("0198c2f47d3a7c1e9b523f6d8a4e1b07@entryguard.example");
        message.From.ToString().ShouldBe("\"EntryGuard\" <door@entryguard.example>");
        message.To.ToString().ShouldBe("ann@acme.example");
        message.Date.ShouldBe(Noon);
        message.Headers[HeaderId.AutoSubmitted].ShouldBe("auto-generated");
    }

    [Fact]
    public void No_letter_shows_its_link_where_it_is_logged() => $"{new PasswordReset("https://eg.example/?token=t", "x", Noon)}".ShouldBe("PASSWORD_RESET");

    [Fact]
    public void A_letter_of_another_mail_cannot_be_read()
    {
        var (mail, other) = (Row(new MfaReset(Noon, "x"), "ann@acme.example", Guid.NewGuid()), Row(new MfaReset(Noon, "x"), "ann@acme.example", Guid.NewGuid()));
        mail.Letter = other.Letter;
        Should.Throw<FormatException>(() => Outbox().Write(mail)).Message.ShouldBe("What it says cannot be read any more.");
    }

    [Fact]
    public void Links_lead_to_the_public_address_and_carry_any_token()
    {
        var links = new Links(Settings());
        links.AcceptInvitation("a+b/c=&d").ShouldBe("https://entryguard.example/accept-invitation?token=a%2Bb%2Fc%3D%26d");
        links.ResetPassword("t").ShouldBe("https://entryguard.example/reset-password?token=t");
        links.Session(new SessionId(Guid.Empty)).ShouldBe("https://entryguard.example/sessions/00000000-0000-0000-0000-000000000000");
        new Links(new MailSettings()).ResetPassword("t").ShouldBe("/reset-password?token=t");
    }

    // As it comes out at the other end.
    private static MimeMessage Write(Letter letter, string to = "ann@acme.example")
    {
        using var bytes = new MemoryStream();
        using (var message = Outbox().Write(Row(letter, to, Guid.Parse("0198c2f4-7d3a-7c1e-9b52-3f6d8a4e1b07"))))
            message.WriteTo(bytes);
        Encoding.UTF8.GetString(bytes.ToArray()).Split("\n\n")[0].Split("\r\n\r\n")[0].ShouldNotContain("\nBcc:");
        bytes.Position = 0;
        return MimeMessage.Load(bytes);
    }

    private static OutboxMail Row(Letter letter, string to, Guid id) => new()
    {
        Id = id,
        Kind = letter.Kind,
        To = to,
        IdempotencyKey = "k",
        CreatedAt = Noon,
        Letter = Box.ProtectLetter(default, id, letter.ToJson()),
    };

    private static Outbox Outbox() => new(Settings(), Box);

    private static MailSettings Settings() => MailSettings.Read(new Microsoft.Extensions.Configuration.ConfigurationManager
    {
        ["EntryGuard:PublicUrl"] = "https://entryguard.example/",
        ["EntryGuard:Mail:Host"] = "localhost",
        ["EntryGuard:Mail:From"] = "EntryGuard <door@entryguard.example>",
    });
}
