using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Data;

/// <summary>
/// Slows down guessing, per account and for the whole cluster: five tries are free, then each wrong one doubles the wait, from 30 s to
/// 15 min. Accounts that do not exist are counted in the same way, so the wait tells nobody which do.
/// </summary>
public sealed class SignInGuard(Databases databases)
{
    private const int FreeTries = 5;
    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(15);

    /// <summary>After so long without a try all is forgotten.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromHours(24);

    /// <summary>What an account is counted by: its hash, so that the table does not say who tried to sign in where.</summary>
    public static byte[] AccountOf(string slug, string email) => SHA256.HashData(Encoding.UTF8.GetBytes($"{slug}\n{email}"));

    /// <summary>
    /// Before a try: it counts as a wrong one until it is forgiven, so that a thousand at once are not all heard before the first has failed.
    /// </summary>
    /// <returns>How long to wait; null: go ahead.</returns>
    public async Task<TimeSpan?> TryAsync(byte[] account, DateTimeOffset now, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(account);
        await using var db = databases.OpenEngine();
        await using var work = await db.BeginWriteAsync(WritePriority.Other, ct);
        if (db.IsShared)   // there may be no row to lock yet
            await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock({BitConverter.ToInt64(account)})", ct);
        var row = await db.SignInFailures.SingleOrDefaultAsync(f => f.Account == account, ct);
        if (row is null)
            db.SignInFailures.Add(row = new SignInFailure { Account = account });
        if (row.LockedUntil > now)
            return row.LockedUntil - now;
        row.Count = now - row.LastAt > Memory ? 1 : row.Count + 1;
        row.LastAt = now;
        row.LockedUntil = row.Count < FreeTries ? now : now + Wait(row.Count);
        await work.CommitAsync(ct);
        return null;
    }

    /// <summary>The user is in: nothing was wrong.</summary>
    public async Task ForgiveAsync(byte[] account, CancellationToken ct)
    {
        await using var db = databases.OpenEngine();
        await using var work = await db.BeginWriteAsync(WritePriority.Other, ct);
        await db.SignInFailures.Where(f => f.Account == account).ExecuteDeleteAsync(ct);
        await work.CommitAsync(ct);
    }

    private static TimeSpan Wait(int count) =>
        count - FreeTries > 5 ? LongestWait : TimeSpan.FromTicks(Math.Min(FirstWait.Ticks << (count - FreeTries), LongestWait.Ticks));
}
