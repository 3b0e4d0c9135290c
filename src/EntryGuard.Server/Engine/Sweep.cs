using EntryGuard.Domain;
using EntryGuard.Domain.Sessions;
using EntryGuard.Server.Data;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Engine;

/// <summary>
/// The safety net, which <see cref="SweepLoop"/> lets down every 60 s, at start-up and whenever a node comes or leaves. Nothing depends on it for speed, and it alone is enough to close
/// everything (E23). It acts on what is due, wakes every allow-list with something unsettled, ends claims that lost their grant
/// and static rules whose time is up, and recomputes the sessions that are PENDING, EXPIRING or changed since it last looked.
/// </summary>
internal sealed class Sweep(
    Databases databases, DueClaims due, ProviderSet providers, DatabaseClock clock, IEngine engine, EngineMetrics metrics, Reconciliation reconciliation,
    ILogger<Sweep> log)
{
    private static readonly TimeSpan Overlap = TimeSpan.FromMinutes(2);
    private DateTimeOffset lookedAt = DateTimeOffset.MinValue;

    /// <summary>One sweep. Returns the allow-lists that were woken.</summary>
    public async Task<IReadOnlySet<AllowListKey>> RunOnce(CancellationToken ct)
    {
        var startedAt = clock.Now;
        var wake = new HashSet<AllowListKey>(await due.ActAsync(ct));
        var reviewed = await EndIneligibleAsync(ct);
        wake.UnionWith(reviewed ?? new HashSet<AllowListKey>());
        await EndFailedRulesAsync(ct);
        wake.UnionWith(await RecomputeAsync(ct));
        wake.UnionWith(await UnsettledAsync(startedAt, ct));
        wake.UnionWith(await ComparableAsync(ct));
        lookedAt = startedAt - Overlap;
        metrics.Swept(clock.Now);
        if (wake.Count > 0 || reviewed is not null)   // what rests on another grant may end earlier: the clock is told
            engine.Wake(wake);
        return wake;
    }

    /// <summary>Every allow-list of a provider that died with the last process: to be rebuilt before anything else.</summary>
    public async Task<IReadOnlyList<AllowListKey>> RebuildableAsync(CancellationToken ct)
    {
        var types = providers.All.Where(p => p.Capabilities.DiesWithProcess).Select(p => p.Type.ToString()).ToList();
        await using var db = databases.OpenEngine();
        await using var read = await db.BeginReadAsync(ct);
        return await db.AllowLists.Where(a => types.Contains(a.Type)).Select(a => a.Key).ToListAsync(ct);
    }

    // Those whose turn has come, of providers where others may have been at work.
    private async Task<IEnumerable<AllowListKey>> ComparableAsync(CancellationToken ct)
    {
        var types = providers.All.Where(p => !p.Capabilities.IsOursAlone).Select(p => p.Type.ToString()).ToList();
        await using var db = databases.OpenEngine();
        await using var read = await db.BeginReadAsync(ct);
        var lists = await db.AllowLists.AsNoTracking()
            .Where(a => types.Contains(a.Type) && db.Resources.Any(r => r.AllowListKey == a.Key && r.DeletedAt == null)).ToListAsync(ct);
        return lists.Where(reconciliation.IsToBeRung).Select(a => a.Key).ToList();
    }

    private async Task<List<AllowListKey>> UnsettledAsync(DateTimeOffset now, CancellationToken ct)
    {
        await using var db = databases.OpenEngine();
        await using var read = await db.BeginReadAsync(ct);
        return await db.ResourceIps
            .Where(c => c.DueAt != null && c.AllowListKey != null && c.Status != ResourceIpStatus.Applied && (c.NextAttemptAt == null || c.NextAttemptAt <= now))
            .Select(c => c.AllowListKey!.Value).Distinct().ToListAsync(ct);
    }

    // Null: nothing had lost its grant.
    private async Task<IReadOnlySet<AllowListKey>?> EndIneligibleAsync(CancellationToken ct)
    {
        await using var db = databases.OpenEngine();
        List<(ResourceIpId Id, SessionId Session, OrganizationId Organization)> lost;
        await using (await db.BeginReadAsync(ct))
        {
            lost = [.. (await Eligibility.Lost(db).Take(DueClaims.BatchSize).Select(c => new { c.Id, c.SessionId, c.OrganizationId }).ToListAsync(ct)).Select(c => (c.Id, c.SessionId, c.OrganizationId))];
        }

        return lost.Count == 0 ? null : await WriteAsync(db, lost.Select(l => l.Session), async write =>
        {
            var still = await Eligibility.LostAsync(db, [.. lost.Select(l => l.Id)], ct);
            if (still.Count == 0)
                return;
            await Entitlements.ReviewAsync(db, write, ct);   // what another grant covers rests on that
            await db.SaveChangesAsync(ct);
            still = await Eligibility.LostAsync(db, [.. lost.Select(l => l.Id)], ct);
            foreach (var claim in lost.Where(l => still.Contains(l.Id)).Select(l => write.Find(l.Session, l.Id)).OfType<ResourceIp>())
                write.End(claim, EndReason.AccessRevoked);
        }, ct, lost.Select(l => l.Organization).Distinct().OrderBy(o => o.Value));
    }

    // A static rule that FAILED has no claim whose date could come: its own end is looked for here. Nothing of it stands that would be late.
    private async Task EndFailedRulesAsync(CancellationToken ct)
    {
        await using var db = databases.OpenEngine();
        var now = clock.Now;
        List<SessionId> over;
        await using (await db.BeginReadAsync(ct))
        {
            over = await db.StaticRules.Where(s => s.EndedAt == null && s.Status == SessionStatus.Failed && s.ExpiresAt <= now)
                .Select(s => s.Id).Take(DueClaims.BatchSize).ToListAsync(ct);
        }

        if (over.Count == 0)
            return;
        await WriteAsync(db, over, write =>
        {
            foreach (var rule in write.Sessions.Values.Where(s => s.ExpiresAt <= write.Now))
                write.End(rule, EndReason.Expired);
            return Task.CompletedTask;
        }, ct);
    }

    private async Task<IReadOnlySet<AllowListKey>> RecomputeAsync(CancellationToken ct)
    {
        await using var db = databases.OpenEngine();
        List<SessionId> moving;
        await using (await db.BeginReadAsync(ct))
        {
            moving = await db.Sessions
                .Where(s => s.EndedAt == null && (s.Status == SessionStatus.Pending || s.Status == SessionStatus.Expiring || s.ChangedAt >= lookedAt))
                .Select(s => s.Id).ToListAsync(ct);
        }

        // In order of age, but not by the database: asked for an order by id, SQLite may walk through the whole history by it.
        var wake = new HashSet<AllowListKey>();
        foreach (var some in moving.Order().Chunk(100))
        {
            wake.UnionWith(await WriteAsync(db, some, write =>
            {
                var before = write.Sessions.Values.ToDictionary(s => s.Id, s => s.Status);
                write.Complete();
                foreach (var session in write.Sessions.Values.Where(s => s.Status != before[s.Id]))
                    log.Corrected(session.Id.Value, before[session.Id], session.Status);
                return Task.CompletedTask;
            }, ct));
        }

        return wake;
    }

    /// <param name="turns">Organizations whose changes of access are kept out while it lasts; null: none.</param>
    private async Task<IReadOnlySet<AllowListKey>> WriteAsync(
        EntryGuardDb db, IEnumerable<SessionId> owners, Func<SessionWrite, Task> act, CancellationToken ct, IEnumerable<OrganizationId>? turns = null)
    {
        try
        {
            db.ChangeTracker.Clear();
            await using var work = await db.BeginWriteAsync(WritePriority.Closing, ct);
            foreach (var organization in turns ?? [])
                await db.ShareAsync(organization, ct);
            var write = await SessionWrite.LockAsync(db, owners, clock.Now, Actor.System, true, ct);
            await act(write);
            write.Complete();
            await work.CommitAsync(ct);
            metrics.Wrote(write);
            return write.Wake;
        }
        catch (DbUpdateConcurrencyException)
        {
            return new HashSet<AllowListKey>();   // somebody moved it first; the next sweep looks again
        }
    }
}

internal static partial class SweepLog
{
    [LoggerMessage(1202, LogLevel.Error, "Defect: session {Session} was left {Before} and is {After}; corrected")]
    public static partial void Corrected(this ILogger log, Guid session, SessionStatus before, SessionStatus after);
}
