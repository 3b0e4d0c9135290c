using EntryGuard.Contracts;
using EntryGuard.Server.Data;
using EntryGuard.Server.Hosting.SignIns;
using EntryGuard.Server.Mail;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features;

/// <summary>Links by which somebody gets a password: sent to them, or, where no mail can be sent, shown to the admin who asked.</summary>
public sealed class HandOver(Outbox outbox, Links links, MailSettings settings)
{
    /// <summary>An earlier invitation is void from now on.</summary>
    /// <param name="by">Who invites.</param>
    public async Task<HandOverResponse> InviteAsync(EntryGuardDb db, User user, Actor by, DateTimeOffset now, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(db);
        ArgumentNullException.ThrowIfNull(by);
        var (token, end) = await MakeAsync(db, user, TokenPurpose.Invitation, Outbox.InvitationIsValidFor, now, ct);
        var (link, organization) = (links.AcceptInvitation(token.Text), await db.Organizations.Select(o => o.Name).SingleAsync(ct));
        return Show(outbox.Invite(db, user, organization, link, by.Email!, now), link, token, end);
    }

    /// <summary>An earlier link is void from now on.</summary>
    /// <param name="by">Who asks for it.</param>
    public async Task<HandOverResponse> ResetPasswordAsync(EntryGuardDb db, User user, Actor by, DateTimeOffset now, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(by);
        var (token, end) = await MakeAsync(db, user, TokenPurpose.PasswordReset, Outbox.ResetIsValidFor, now, ct);
        var link = links.ResetPassword(token.Text);
        return Show(outbox.ResetPassword(db, user, link, by.IpAddress!, now), link, token, end);
    }

    private static async Task<(TokenText Token, DateTimeOffset End)> MakeAsync(
        EntryGuardDb db, User user, TokenPurpose purpose, TimeSpan life, DateTimeOffset now, CancellationToken ct)
    {
        await db.OneTimeTokens.Where(t => t.UserId == user.Id && t.Purpose == purpose && t.UsedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(t => t.UsedAt, now), ct);
        return (OneTime.Make(db, user, purpose, life, now), now + life);
    }

    private HandOverResponse Show(bool isSent, string link, TokenText token, DateTimeOffset end) => new()
    {
        IsSent = isSent,
        Token = isSent ? null : token.Text,
        Link = isSent || settings.PublicUrl is not { Length: > 0 } ? null : link,
        ExpiresAt = end,
    };
}
