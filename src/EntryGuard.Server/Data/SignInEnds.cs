using EntryGuard.Domain;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Data;

/// <summary>How sign-ins end: at the next request their tokens are worth nothing. Inside the transaction of what ends them.</summary>
public static class SignInEnds
{
    /// <summary>All of a user but one; whatever was handed out to go on with dies as well.</summary>
    /// <param name="except">Stays; null: none.</param>
    /// <returns>How many.</returns>
    public static async Task<int> OfUserAsync(EntryGuardDb db, UserId user, SignInEnd reason, DateTimeOffset now, SignInId? except, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(db);
        await db.OneTimeTokens.Where(t => t.UserId == user && t.UsedAt == null).ExecuteUpdateAsync(set => set.SetProperty(t => t.UsedAt, now), ct);
        return await EndAsync(db.SignIns.Where(s => s.UserId == user && s.Id != (except ?? default)), reason, now, ct);
    }

    /// <summary>Those of these that are on.</summary>
    /// <returns>How many.</returns>
    public static Task<int> EndAsync(IQueryable<SignIn> signIns, SignInEnd reason, DateTimeOffset now, CancellationToken ct) =>
        signIns.Where(s => s.EndedAt == null && s.ExpiresAt > now)
            .ExecuteUpdateAsync(set => set.SetProperty(s => s.EndedAt, now).SetProperty(s => s.EndReason, reason), ct);
}
