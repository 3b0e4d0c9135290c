using EntryGuard.Domain;
using EntryGuard.Domain.Sessions;
using EntryGuard.Server.Data;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Engine;

/// <summary>What the clock and the sweep do about rows whose time has come (E22).</summary>
internal sealed class DueClaims(Databases databases, DatabaseClock clock, EngineMetrics metrics, VerificationRounds? verifications = null)
{
    /// <summary>Most claims in one transaction.</summary>
    public const int BatchSize = 500;

    /// <summary>When the next claim is due; null: none ever.</summary>
    public async Task<DateTimeOffset?> NextAsync(CancellationToken ct)
    {
        await using var db = databases.OpenEngine();
        await using var read = await db.BeginReadAsync(ct);
        return await db.ResourceIps.Where(c => c.DueAt != null).MinAsync(c => c.DueAt, ct);
    }

    /// <summary>Ends what is over and finds the allow-lists with something to do. Every node may do it at the same time.</summary>
    /// <returns>Allow-lists to wake, now that it is committed.</returns>
    public async Task<IReadOnlySet<AllowListKey>> ActAsync(CancellationToken ct)
    {
        var wake = new HashSet<AllowListKey>();
        var skipped = new HashSet<SessionId>();
        while (await BatchAsync(wake, skipped, ct))
        {
        }

        return wake;
    }

    private async Task<bool> BatchAsync(HashSet<AllowListKey> wake, HashSet<SessionId> skipped, CancellationToken ct)
    {
        await using var db = databases.OpenEngine();
        var now = clock.Now;
        List<(ResourceIpId Id, SessionId Session)> due;
        await using (await db.BeginReadAsync(ct))
        {
            due = [.. (await db.ResourceIps.AsNoTracking().Where(c => c.DueAt <= now && !skipped.Contains(c.SessionId))
                .OrderBy(c => c.DueAt).ThenBy(c => c.Id).Take(BatchSize).Select(c => new { c.Id, c.SessionId }).ToListAsync(ct)).Select(c => (c.Id, c.SessionId))];
        }

        if (due.Count == 0)
            return false;
        try
        {
            await using var work = await db.BeginWriteAsync(WritePriority.Closing, ct);
            var write = await SessionWrite.LockAsync(db, due.Select(d => d.Session), clock.Now, Actor.System, true, ct);
            skipped.UnionWith(due.Select(d => d.Session).Where(s => !write.Sessions.ContainsKey(s)));   // somebody else is at it
            var unverified = new HashSet<ResourceId>();
            foreach (var claim in due.Select(d => write.Find(d.Session, d.Id)).OfType<ResourceIp>().Where(c => c.DueAt <= write.Now))
            {
                if (claim.State.IsLive || claim is { Wanted: Wanted.Present, State.IsSettled: false })
                {
                    if (claim.EndsAt <= write.Now)
                    {
                        write.End(claim, EndReason.Expired);
                        continue;
                    }
                }

                write.TakeUp(claim);
                if (claim is { AllowListKey: null, State.IsLive: true })
                    unverified.Add(claim.ResourceId);   // a good verification gives it one
            }

            write.Complete();
            await work.CommitAsync(ct);
            metrics.Wrote(write);
            wake.UnionWith(write.Wake);
            verifications?.Ring(unverified);
            return due.Count == BatchSize || skipped.Count > 0;
        }
        catch (DbUpdateConcurrencyException)
        {
            return true;   // a guarded row had moved under us: read again
        }
    }
}
