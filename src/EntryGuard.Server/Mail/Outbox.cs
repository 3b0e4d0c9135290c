using System.Security.Cryptography;
using System.Text;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Data.Secrets;
using MimeKit;

namespace EntryGuard.Server.Mail;

/// <summary>
/// Where mail is put: in the caller's own transaction, so that it is sent exactly if that commits. Each call adds one mail, to be saved with
/// the rest, and is false, with nothing added, if no mail is configured.
/// </summary>
public sealed class Outbox(MailSettings settings, SecretBox box)
{
    /// <summary>How long the link of an invitation works.</summary>
    public static readonly TimeSpan InvitationIsValidFor = TimeSpan.FromDays(7);

    /// <summary>How long the link to a new password works.</summary>
    public static readonly TimeSpan ResetIsValidFor = TimeSpan.FromHours(1);

    /// <summary>Mail can be sent; if not, nothing is stored.</summary>
    public bool IsOn => settings.IsConfigured;

    /// <param name="db">In a write transaction.</param>
    /// <param name="user">Who is invited; may be as new as the mail.</param>
    /// <param name="organization">Its name.</param>
    /// <param name="link">See <see cref="Links.AcceptInvitation"/>; it must stop working after <see cref="InvitationIsValidFor"/>.</param>
    /// <param name="invitedBy">E-mail address of whoever did it.</param>
    /// <param name="now">Database time.</param>
    public bool Invite(EntryGuardDb db, User user, string organization, string link, string invitedBy, DateTimeOffset now) =>
        Tell(db, user, new Invitation(link, invitedBy, organization, now + InvitationIsValidFor), now);

    /// <param name="link">See <see cref="Links.ResetPassword"/>; it must stop working after <see cref="ResetIsValidFor"/>.</param>
    /// <param name="requestedFrom">Address of whoever asked.</param>
    public bool ResetPassword(EntryGuardDb db, User user, string link, string requestedFrom, DateTimeOffset now) =>
        Tell(db, user, new PasswordReset(link, requestedFrom, now + ResetIsValidFor), now);

    /// <param name="address">Of whoever did it.</param>
    public bool PasswordChanged(EntryGuardDb db, User user, string address, DateTimeOffset now) => Tell(db, user, new PasswordChanged(now, address), now);

    /// <param name="resetBy">E-mail address of whoever did it.</param>
    public bool MfaReset(EntryGuardDb db, User user, string resetBy, DateTimeOffset now) => Tell(db, user, new MfaReset(now, resetBy), now);

    /// <param name="address">From where.</param>
    /// <param name="browser">As it calls itself; of any length.</param>
    public bool NewSignIn(EntryGuardDb db, User user, string address, string browser, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(browser);
        return Tell(db, user, new NewSignIn(now, address, browser.Length > 300 ? $"{browser[..300]}…" : browser), now);
    }

    /// <summary>Any letter.</summary>
    /// <param name="db">In a write transaction.</param>
    /// <param name="organization">Whose mail it is.</param>
    /// <param name="to">One e-mail address.</param>
    /// <param name="letter">What it says.</param>
    /// <param name="key">What it is to be said once for; a second mail of the same key fails the transaction.</param>
    /// <param name="now">Database time.</param>
    /// <param name="about">The session or Resource; null: none.</param>
    public bool Add(EntryGuardDb db, OrganizationId organization, string to, Letter letter, string key, DateTimeOffset now, Guid? about = null)
    {
        ArgumentNullException.ThrowIfNull(db);
        ArgumentNullException.ThrowIfNull(letter);
        if (!IsOn)
            return false;
        var id = Guid.CreateVersion7(now);
        db.OutboxMails.Add(new OutboxMail
        {
            Id = id,
            OrganizationId = organization,
            Kind = letter.Kind,
            To = to,
            AboutId = about,
            IdempotencyKey = $"{letter}:{key}",
            Letter = box.ProtectLetter(organization, id, letter.ToJson()),
            CreatedAt = now,
            NextAttemptAt = now,
        });
        db.StoresMail = true;
        return true;
    }

    /// <summary>A stored mail as it goes out.</summary>
    /// <exception cref="FormatException">There is nobody it could be sent to, or it cannot be read any more: no later try would go better.</exception>
    internal MimeMessage Write(OutboxMail mail)
    {
        ArgumentNullException.ThrowIfNull(mail);
        if (!MailboxAddress.TryParse(mail.To, out var to) || to.Address != mail.To)
            throw new FormatException("The recipient is no e-mail address.");
        var (from, text) = (MailboxAddress.Parse(settings.From!), Read(mail).Text);
        var message = new MimeMessage
        {
            Subject = LetterText.OneLine(text.Subject),
            Date = mail.CreatedAt,
            MessageId = $"{mail.Id:n}@{from.Domain}",   // the same with each try
            Body = new BodyBuilder { TextBody = text.ToPlain(), HtmlBody = text.ToHtml() }.ToMessageBody(),
        };
        message.From.Add(from);
        message.To.Add(to);
        message.Headers.Add(HeaderId.AutoSubmitted, "auto-generated");   // RFC 3834: nobody's holiday notice answers it
        return message;
    }

    private Letter Read(OutboxMail mail)
    {
        try
        {
            return Letter.FromJson(mail.Kind, box.UnprotectLetter(mail.OrganizationId, mail.Id, mail.Letter!));
        }
        catch (Exception e) when (e is CryptographicException or System.Text.Json.JsonException)
        {
            throw new FormatException("What it says cannot be read any more.", e);
        }
    }

    // Two mails that say the same to the same user are one; of what they say the key holds a hash.
    private bool Tell(EntryGuardDb db, User user, Letter letter, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(user);
        return Add(db, user.OrganizationId, user.Email, letter, $"{user.Id.Value:n}:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(letter.ToJson())))}", now);
    }
}
