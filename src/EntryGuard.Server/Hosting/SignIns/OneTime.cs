using System.Security.Cryptography;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Hosting.SignIns;

/// <summary>One-time tokens: handed out, and taken back once.</summary>
internal static class OneTime
{
    /// <summary>Adds it; it is there once the transaction commits.</summary>
    public static TokenText Make(EntryGuardDb db, User user, TokenPurpose purpose, TimeSpan life, DateTimeOffset now)
    {
        var token = TokenText.New(TokenText.OneTime, user.OrganizationId);
        db.OneTimeTokens.Add(new OneTimeToken
        {
            Hash = token.Hash,
            OrganizationId = user.OrganizationId,
            UserId = user.Id,
            Purpose = purpose,
            CreatedAt = now,
            ExpiresAt = now + life,
        });
        return token;
    }

    /// <summary>Whose it is; null: it does not work, for this purpose or any more. Nothing is taken yet.</summary>
    public static async Task<UserId?> PeekAsync(EntryGuardDb db, byte[] hash, TokenPurpose purpose, DateTimeOffset now, CancellationToken ct)
    {
        var found = await db.OneTimeTokens.AsNoTracking()
            .SingleOrDefaultAsync(t => t.Hash == hash && t.Purpose == purpose && t.UsedAt == null && t.ExpiresAt > now, ct);
        return found is not null && CryptographicOperations.FixedTimeEquals(found.Hash, hash) ? found.UserId : null;
    }

    /// <summary>False: somebody else was faster.</summary>
    public static async Task<bool> TakeAsync(EntryGuardDb db, byte[] hash, DateTimeOffset now, CancellationToken ct) =>
        await db.OneTimeTokens.Where(t => t.Hash == hash && t.UsedAt == null).ExecuteUpdateAsync(set => set.SetProperty(t => t.UsedAt, now), ct) == 1;
}
