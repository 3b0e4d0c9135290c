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
    public async Task<SignInTry> TryAsync(byte[] account, DateTimeOffset now, CancellationToken ct)
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
            return new SignInTry(account, row.LockedUntil - now, 0, now);
        row.Count = now - row.LastAt > Memory ? 1 : row.Count + 1;
        row.LastAt = now;
        row.LockedUntil = row.Count < FreeTries ? now : now + Wait(row.Count);
        await work.CommitAsync(ct);
        return new SignInTry(account, null, row.Count, now);
    }

    /// <summary>
    /// The try was right, but the user is not in yet: it does not count, and those before it stay. Else whoever is asked for more than a
    /// password would wait for their own.
    /// </summary>
    public async Task ForgetAsync(SignInTry what, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(what);
        await using var db = databases.OpenEngine();
        await using var work = await db.BeginWriteAsync(WritePriority.Other, ct);
        await db.SignInFailures.Where(f => f.Account == what.Account && f.Count == what.Count && f.LastAt == what.At)   // none came meanwhile
            .ExecuteUpdateAsync(set => set.SetProperty(f => f.Count, f => f.Count - 1).SetProperty(f => f.LockedUntil, what.At), ct);
        await work.CommitAsync(ct);
    }

    /// <summary>The user is in: nothing was wrong.</summary>
    public async Task ForgiveAsync(byte[] account, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(account);
        await using var db = databases.OpenEngine();
        await using var work = await db.BeginWriteAsync(WritePriority.Other, ct);
        await db.SignInFailures.Where(f => f.Account == account).ExecuteDeleteAsync(ct);
        await work.CommitAsync(ct);
    }

    private static TimeSpan Wait(int count) =>
        count - FreeTries > 5 ? LongestWait : TimeSpan.FromTicks(Math.Min(FirstWait.Ticks << (count - FreeTries), LongestWait.Ticks));
}

/// <summary>One try at an account.</summary>
/// <param name="Account">What it is counted by.</param>
/// <param name="Wait">It is not heard for so long; null: go ahead.</param>
/// <param name="Count">Tries in a row that were not right, this one included.</param>
/// <param name="At">When.</param>
public sealed record SignInTry(byte[] Account, TimeSpan? Wait, int Count, DateTimeOffset At);
