using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using EntryGuard.Domain;
using EntryGuard.Domain.Providers;
using EntryGuard.Domain.Rules;
using EntryGuard.Domain.Sessions;
using EntryGuard.Server.Data;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Engine;

/// <summary>
/// Compares every allow-list with what live claims want, every 10 min and on demand, and writes down what is to be done about it; the
/// allow-list's own worker calls it with the list it made, and then does it. A comparison that finds nothing writes nothing: whose turn it
/// is follows from the time alone.
/// </summary>
public sealed class Reconciliation(Databases databases, DatabaseClock clock, EngineMetrics metrics, DriftBrake brake)
{
    /// <summary>From one comparison of an allow-list to the next.</summary>
    public static readonly TimeSpan Every = TimeSpan.FromMinutes(10);

    // The turn in which this process last compared, or first met, an allow-list: what was missed while nobody ran comes with the next turn.
    private readonly ConcurrentDictionary<AllowListKey, long> turns = new();

    // The turn in which this process last rang for it. In a cluster every node rings, and the one that works on it compares.
    private readonly ConcurrentDictionary<AllowListKey, long> rings = new();

    /// <summary>Its turn has come, or an admin asked.</summary>
    public bool IsDue(AllowList list)
    {
        ArgumentNullException.ThrowIfNull(list);
        var turn = Turn(list.Key);
        return list.ReconcileAskedAt is not null || turns.GetOrAdd(list.Key, turn) < turn;
    }

    /// <summary>Its turn has come since this was last asked, if ever, or an admin asked. Once in a turn: a ring that is lost costs one comparison.</summary>
    public bool IsToBeRung(AllowList list)
    {
        ArgumentNullException.ThrowIfNull(list);
        var turn = Turn(list.Key);
        if (rings.TryGetValue(list.Key, out var last) && last == turn)
            return list.ReconcileAskedAt is not null;
        rings[list.Key] = turn;
        return true;
    }

    /// <summary>What an admin asked for is to be done; the caller wakes the allow-list after the commit.</summary>
    /// <param name="key">Which.</param>
    /// <param name="unbraked">It may remove more than the brake lets pass.</param>
    /// <param name="audit">Who asked, for which Resource; null: nobody is to be told.</param>
    /// <param name="ct">Cancels before the commit.</param>
    public async Task AskAsync(AllowListKey key, bool unbraked, AuditEntry? audit, CancellationToken ct)
    {
        await using var db = databases.OpenEngine();
        await using var work = await db.BeginWriteAsync(WritePriority.Other, ct);
        await db.LockAsync(key, ct);
        var list = await db.AllowLists.SingleAsync(a => a.Key == key, ct);
        (list.ReconcileAskedAt, list.ReconcileUnbraked) = (clock.Now, unbraked || list.ReconcileUnbraked);
        if (audit is not null)
            db.Audit.Add(audit);
        await work.CommitAsync(ct);
    }

    /// <summary>What would be done about what was found, and why the rest is not.</summary>
    /// <param name="key">The allow-list.</param>
    /// <param name="drift">What was found.</param>
    /// <param name="served">The Resources in use that lead there.</param>
    /// <param name="unbraked">An admin said that it may remove more than the brake lets pass.</param>
    /// <param name="goneBefore">A rule seen gone later than this may still be in the list.</param>
    /// <param name="ct">Cancels the read.</param>
    internal async Task<DriftDecision> DecideAsync(
        AllowListKey key, Drift drift, IReadOnlyList<Resource> served, bool unbraked, DateTimeOffset goneBefore, CancellationToken ct)
    {
        var addresses = drift.Unwanted.Select(e => e.Rule.Address).Distinct().ToList();
        List<EndedClaim> ended = [];
        if (addresses.Count > 0)
        {
            await using var db = databases.OpenEngine();
            await using var read = await db.BeginReadAsync(ct);
            ended = await db.ResourceIps.AsNoTracking()
                .Where(c => c.AllowListKey == key && addresses.Contains(c.Address) && c.RemovedAt != null)
                .Select(c => new EndedClaim(c.Id, c.OrganizationId, c.SessionId, c.ResourceId, c.Address, c.Scopes, c.RemovedAt!.Value)).ToListAsync(ct);
        }

        return DriftDecision.Of(drift, ended, goneBefore, served, unbraked, brake);
    }

    /// <summary>Records a comparison: claims that take off what should not be there, what others have there, and how it stands with the Resources.</summary>
    /// <param name="load">What was planned on.</param>
    /// <param name="snapshot">What the provider showed; null: it could not be asked.</param>
    /// <param name="fault">Why not.</param>
    /// <param name="terms">What was planned with.</param>
    /// <param name="lost">Rules of live claims were seen to be missing.</param>
    /// <param name="ct">Cancels before the commit.</param>
    /// <returns>Whether there is something to do now.</returns>
    internal async Task<bool> RecordAsync(LoadedAllowList load, RuleSnapshot? snapshot, RuleFault? fault, PlanTerms terms, bool lost, CancellationToken ct)
    {
        turns[load.Key] = Turn(load.Key);
        var known = await KnownAsync(load, lost, ct);
        if (snapshot is null)
            return await WriteAsync(load, null, null, [], $"It could not be compared with what should stand there. {fault?.Message}", known, ct);

        // What was removed a moment ago may still be listed, and what a lost call did may not be listed yet.
        var drift = Drift.From(load.Claims, snapshot, terms);
        var decision = await DecideAsync(load.Key, drift, load.Served!, load.IsUnbraked, snapshot.AskedAt - terms.Capabilities.ReadDelay, ct);
        var words = string.Join(' ', new[] { decision.Words, known.HeldWords }.OfType<string>()) is { Length: > 0 } said ? said : null;
        return await WriteAsync(load, drift, snapshot, terms.ProvableFrom > snapshot.AskedAt ? [] : decision.Finds(load, terms), words, known, ct);
    }

    private async Task<Known> KnownAsync(LoadedAllowList load, bool lost, CancellationToken ct)
    {
        var ids = load.Served!.Select(r => r.Id).ToList();
        await using var db = databases.OpenEngine();
        await using var read = await db.BeginReadAsync(ct);
        var open = await db.HealthEvents.AsNoTracking().Where(e => e.ResolvedAt == null && ids.Contains(e.ResourceId)
            && (e.Category == HealthCategory.Reconcile || e.Category == HealthCategory.StaleCidrs)).ToListAsync(ct);

        // Claims that were held have no date: they are looked for only where one was held, or has just been. Told for an hour after it, at least.
        var since = clock.Now - TimeSpan.FromHours(1);
        var held = !lost && !open.Exists(e => e.Category == HealthCategory.Reconcile) ? 0 : await db.ResourceIps.CountAsync(c => c.AllowListKey == load.Key
            && c.Status == ResourceIpStatus.Failed && !c.MayStand && c.ErrorCode == "RULE_LOST"
            && (c.LossesSince > since || (c.Wanted == Wanted.Present && c.Session!.EndedAt == null)), ct);
        return new Known(open, held == 0 ? null
            : $"{held} claim(s) lost their rules and these are not put back any more: somebody or something takes them off, or the Resource is only observed. Retry them when that is settled.");
    }

    private async Task<bool> WriteAsync(
        LoadedAllowList load, Drift? drift, RuleSnapshot? snapshot, IReadOnlyList<DriftFind> finds, string? words, Known known, CancellationToken ct)
    {
        if (load.AskedAt is null && finds.Count == 0 && load.Served!.All(r => IsAsKnown(r, drift, snapshot, words, known.Open)))
            return false;
        var ids = load.Served!.Select(r => r.Id).ToList();
        await using var db = databases.OpenEngine();
        await using var work = await db.BeginWriteAsync(WritePriority.Closing, ct);
        foreach (var id in ids.Order())   // before their claims' owners, as everybody (E18)
            await db.LockAsync(id, ct);
        var write = await SessionWrite.LockAsync(db, finds.Select(f => f.Owner).OfType<SessionId>(), clock.Now, Actor.System, false, ct);
        var added = await AddAsync(db, write, load, finds, ct);
        await db.LockAsync(load.Key, ct);
        var list = await db.AllowLists.SingleAsync(a => a.Key == load.Key, ct);
        if (list.ReconcileAskedAt == load.AskedAt)   // else somebody asked again since: that is to be done yet
            (list.ReconcileAskedAt, list.ReconcileUnbraked) = (null, false);
        foreach (var resource in await db.Resources.Where(r => ids.Contains(r.Id)).OrderBy(r => r.Id).ToListAsync(ct))
            await TellAsync(db, resource, drift, snapshot, load.Installation, words, known.Open, write.Now, ct);
        write.Complete();
        await work.CommitAsync(ct);
        metrics.Wrote(write);
        return added;
    }

    private static async Task<bool> AddAsync(EntryGuardDb db, SessionWrite write, LoadedAllowList load, IReadOnlyList<DriftFind> finds, CancellationToken ct)
    {
        if (finds.Count == 0)
            return false;

        // A claim may have come to want it, or another comparison to take it off, since it was listed.
        var addresses = finds.Select(f => f.Entry.Rule.Address).Distinct().ToList();
        var now = await db.ResourceIps.AsNoTracking().Include(c => c.Resource).Where(c => c.AllowListKey == load.Key && c.DueAt != null && addresses.Contains(c.Address)).ToListAsync(ct);
        var resources = (await db.Resources.Where(r => r.AllowListKey == load.Key).OrderBy(r => r.Id).ToListAsync(ct)).ToDictionary(r => r.Id);
        Session? strays = null;
        var added = false;
        foreach (var find in finds)
        {
            if (now.Exists(c => c.Address == find.Entry.Rule.Address && c.Scopes.Contains(find.Entry.Rule.Scope) && (c.State.IsLive || c.State.IsLeaving)))
                continue;
            var owner = find.Owner is { } known && write.Sessions.TryGetValue(known, out var session) ? session : null;
            var through = find.Resource is { } old && resources.TryGetValue(old, out var its) && its.DeletedAt is null ? its
                : resources.Values.FirstOrDefault(r => r.DeletedAt is null && (owner is null || r.OrganizationId == owner.OrganizationId));
            if (through is null)
                (owner, through) = (null, resources.Values.First(r => r.DeletedAt is null));
            owner ??= strays ??= write.AddDriftOwner(through.OrganizationId);
            if (owner.OrganizationId != through.OrganizationId)
                owner = write.AddDriftOwner(through.OrganizationId);
            var claim = write.AddDrift(owner, through, find.Entry, find.MarkToTake(load), find.Kind == DriftKind.FoundAgain ? find.Of : null);
            write.Audit(claim, $"RULE_{Names.Wire(find.Kind)}", "FAILURE", new
            {
                rule = find.Entry.Rule.ToString(),
                providerRuleId = find.Entry.Id,
                mark = find.Entry.Mark,
                resourceIpId = find.Of?.Value,
                allowList = load.Key.Value,
            });
            added = true;
        }

        return added;
    }

    private static async Task TellAsync(
        EntryGuardDb db, Resource resource, Drift? drift, RuleSnapshot? snapshot, string installation, string? words, List<HealthEvent> open, DateTimeOffset now,
        CancellationToken ct)
    {
        if (drift is not null && snapshot is not null && (!resource.ForeignIn(drift.Foreign).SequenceEqual(resource.ForeignRules) || !snapshot.Quotas.SequenceEqual(resource.Quotas)))
            resource.Note(snapshot, installation);
        await SayAsync(HealthCategory.Reconcile, words);
        if (drift is not null)
            await SayAsync(HealthCategory.StaleCidrs, StaleWords(resource, drift));

        async Task SayAsync(HealthCategory category, string? message)
        {
            if (message is not null)
                await HealthLedger.RaiseAsync(db, resource, category, message, now, ct);
            else if (open.Exists(e => e.ResourceId == resource.Id && e.Category == category))
                await HealthLedger.ResolveAsync(db, resource.Id, category, now, ct);
        }
    }

    // Said already, and not so long ago that it is to be said again.
    private bool IsAsKnown(Resource resource, Drift? drift, RuleSnapshot? snapshot, string? words, List<HealthEvent> open)
    {
        bool IsSaid(HealthCategory category, string? message) => open.Find(e => e.ResourceId == resource.Id && e.Category == category) is { } said
            ? said.Message == message && said.LastSeenAt > clock.Now - HealthLedger.Repeat : message is null;
        return IsSaid(HealthCategory.Reconcile, words)
            && (drift is null || (IsSaid(HealthCategory.StaleCidrs, StaleWords(resource, drift)) && resource.ForeignIn(drift.Foreign).SequenceEqual(resource.ForeignRules)))
            && (snapshot is null || snapshot.Quotas.SequenceEqual(resource.Quotas));
    }

    private static string? StaleWords(Resource resource, Drift drift)
    {
        var foreign = resource.ForeignIn(drift.Foreign);
        return foreign.Length == 0 ? null
            : $"The provider lets in {foreign.Length} address(es) that nobody here tracks: {string.Join(", ", foreign.Take(5).Select(f => f.Rule.ToString()))}"
                + (foreign.Length > 5 ? ", ..." : "") + ". They stay whatever happens here; take them off there, or make static rules of them.";
    }

    // Turns change at another moment for each allow-list, so that not all are compared at once.
    private long Turn(AllowListKey key)
    {
        var offset = BinaryPrimitives.ReadUInt32LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(key.Value))) % (uint)Every.TotalMilliseconds;
        return (long)((clock.Now - DateTimeOffset.UnixEpoch).TotalMilliseconds + offset) / (long)Every.TotalMilliseconds;
    }

    private sealed record Known(List<HealthEvent> Open, string? HeldWords);
}
