using EntryGuard.Domain;
using EntryGuard.Server.Data;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Engine;

/// <summary>
/// Verifies Resources by themselves: those whose date has come, after each sweep, on every node; and those that a claim waits for, when
/// rung for. Whoever moves the date makes the check. The sweep waits for no provider: checks go on beside it.
/// </summary>
internal sealed class VerificationRounds(Databases databases, Verification verification, DatabaseClock clock, ILogger<VerificationRounds> log)
{
    /// <summary>Checks at the same time. Each is over within 15 s, so one provider that hangs holds the others up for no longer.</summary>
    public const int MostAtOnce = 16;

    // Overdue by more than this when the node starts: nobody was there to check. All of them at once would be a burst.
    private static readonly TimeSpan Missed = TimeSpan.FromMinutes(5);
    private readonly Lock guard = new();
    private readonly HashSet<ResourceId> rung = [];
    private readonly HashSet<Task> checks = [];
    private Task round = Task.CompletedTask;
    private bool hasBegun;

    /// <summary>After a sweep: takes what is due and begins to check it. Finding nothing costs one statement.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        try
        {
            if (!round.IsCompleted)
                return;
            var due = await TakeAsync(ct);
            hasBegun = true;
            if (due.Count > 0)
                round = Beside(() => RoundAsync(due, ct));
        }
        catch (Exception e) when (e is not OperationCanceledException || !ct.IsCancellationRequested)
        {
            log.RoundFailed(e);
        }
    }

    /// <summary>Claims wait for these: each is checked now, once at a time. A ring that is lost is rung again by the clock.</summary>
    public void Ring(IEnumerable<ResourceId> resources)
    {
        ArgumentNullException.ThrowIfNull(resources);
        lock (guard)
        {
            checks.RemoveWhere(c => c.IsCompleted);
            foreach (var id in resources.Where(rung.Add))
                checks.Add(Beside(() => CheckRungAsync(id)));
        }
    }

    /// <summary>Nothing of it runs any more.</summary>
    public async Task QuietAsync()
    {
        Task[] rings;
        lock (guard)
            rings = [.. checks];
        await Task.WhenAll([round, .. rings]);
    }

    private async Task RoundAsync(IReadOnlyList<ResourceId> due, CancellationToken ct)
    {
        try
        {
            while (due.Count > 0)
            {
                await Task.WhenAll(due.Select(id => CheckAsync(id, ct)));
                due = await TakeAsync(ct);
            }
        }
        catch (Exception e)
        {
            if (!ct.IsCancellationRequested)
                log.RoundFailed(e);
        }
    }

    private async Task CheckRungAsync(ResourceId id)
    {
        try
        {
            await CheckAsync(id, CancellationToken.None);
        }
        finally
        {
            lock (guard)
                rung.Remove(id);
        }
    }

    private async Task CheckAsync(ResourceId id, CancellationToken ct)
    {
        try
        {
            await verification.VerifyAsync(id, ct);
        }
        catch (Exception e)
        {
            if (!ct.IsCancellationRequested)
                log.CheckFailed(e, id.Value);   // its date is two minutes on
        }
    }

    // Those that are to be checked, and whose date we moved. Oldest date first, so nobody is passed over for ever.
    private async Task<IReadOnlyList<ResourceId>> TakeAsync(CancellationToken ct)
    {
        while (true)
        {
            await using var db = databases.OpenEngine();
            var now = clock.Now;
            List<Due> rows;
            await using (await db.BeginReadAsync(ct))
            {
                rows = await db.Resources.Where(r => r.DeletedAt == null && r.VerifyAt <= now).OrderBy(r => r.VerifyAt).ThenBy(r => r.Id).Take(MostAtOnce)
                    .Select(r => new Due(r.Id, r.VerifyAt, r.LastVerifiedAt != null,
                        r.IsActive || db.ResourceIps.Any(c => c.ResourceId == r.Id && c.DueAt != null && c.MayStand))).ToListAsync(ct);
            }

            if (rows.Count == 0)
                return [];
            var taken = new List<ResourceId>();
            await using (var work = await db.BeginWriteAsync(WritePriority.Other, ct))
            {
                foreach (var row in rows.OrderBy(r => r.Id))   // as everybody locks Resources
                {
                    var skipped = !row.IsUsed || (!hasBegun && row.WasVerified && row.VerifyAt < now - Missed);
                    var next = skipped ? VerificationTimes.Next(row.Id, now) : now + VerificationTimes.Taken;
                    var moved = await db.Resources.Where(r => r.Id == row.Id && r.VerifyAt == row.VerifyAt)
                        .ExecuteUpdateAsync(set => set.SetProperty(r => r.VerifyAt, next), ct);
                    if (moved == 1 && !skipped)
                        taken.Add(row.Id);
                }

                await work.CommitAsync(ct);
            }

            if (taken.Count > 0)
                return taken;
        }
    }

    // The caller's flow stays here: it may still be inside the write gate.
    private static Task Beside(Func<Task> run)
    {
        if (ExecutionContext.IsFlowSuppressed())
            return Task.Run(run);
        using (ExecutionContext.SuppressFlow())
            return Task.Run(run);
    }

    private sealed record Due(ResourceId Id, DateTimeOffset VerifyAt, bool WasVerified, bool IsUsed);
}

internal static partial class VerificationRoundsLog
{
    [LoggerMessage(1541, LogLevel.Error, "Due verifications could not be taken; it is tried again after the next sweep")]
    public static partial void RoundFailed(this ILogger log, Exception e);

    [LoggerMessage(1542, LogLevel.Error, "Resource {Resource} could not be verified; it is tried again in two minutes")]
    public static partial void CheckFailed(this ILogger log, Exception e, Guid resource);
}
