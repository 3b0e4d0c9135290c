using EntryGuard.Contracts;
using EntryGuard.Server.Data;
using EntryGuard.Server.Hosting.SignIns;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features;

/// <summary>Links by which somebody gets a password: sent to them, or, where no mail can be sent, shown to the admin who asked.</summary>
public sealed class HandOver(Letters letters, IConfiguration configuration)
{
    private static readonly TimeSpan InvitationLife = TimeSpan.FromDays(7);
    private static readonly TimeSpan ResetLife = TimeSpan.FromHours(1);

    /// <summary>An earlier invitation is void from now on.</summary>
    public async Task<HandOverResponse> InviteAsync(EntryGuardDb db, User user, DateTimeOffset now, CancellationToken ct)
    {
        var (token, end) = await MakeAsync(db, user, TokenPurpose.Invitation, InvitationLife, now, ct);
        return Show(letters.Invite(db, user, token.Text, end), "set-password", token, end);
    }

    /// <summary>An earlier link is void from now on.</summary>
    public async Task<HandOverResponse> ResetPasswordAsync(EntryGuardDb db, User user, DateTimeOffset now, CancellationToken ct)
    {
        var (token, end) = await MakeAsync(db, user, TokenPurpose.PasswordReset, ResetLife, now, ct);
        return Show(letters.ResetPassword(db, user, token.Text, end), "reset-password", token, end);
    }

    private static async Task<(TokenText Token, DateTimeOffset End)> MakeAsync(
        EntryGuardDb db, User user, TokenPurpose purpose, TimeSpan life, DateTimeOffset now, CancellationToken ct)
    {
        await db.OneTimeTokens.Where(t => t.UserId == user.Id && t.Purpose == purpose && t.UsedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(t => t.UsedAt, now), ct);
        return (OneTime.Make(db, user, purpose, life, now), now + life);
    }

    private HandOverResponse Show(bool isSent, string page, TokenText token, DateTimeOffset end) => new()
    {
        IsSent = isSent,
        Token = isSent ? null : token.Text,
        Link = isSent || configuration["EntryGuard:PublicUrl"] is not { Length: > 0 } url ? null : $"{url.TrimEnd('/')}/{page}?token={token.Text}",
        ExpiresAt = end,
    };
}
