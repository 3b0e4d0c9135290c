using EntryGuard.Domain;
using EntryGuard.Domain.Providers;
using EntryGuard.Domain.Retry;
using EntryGuard.Domain.Rules;
using EntryGuard.Domain.Sessions;
using EntryGuard.Server.Data;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Engine;

/// <summary>What the worker reads and writes: each method is one transaction, and none of them spans a provider call.</summary>
internal sealed class AllowListLedger(Databases databases, DatabaseClock clock, EngineMetrics metrics, Guid epoch)
{
    // At the third loss within this time the rule is somebody else's business: held, and alerted (E26).
    private static readonly TimeSpan LossWindow = TimeSpan.FromHours(1);
    private const int MostLosses = 3;

    private string? installation;

    /// <summary>Null if the allow-list does not exist or has nothing to do.</summary>
    /// <param name="key">Which.</param>
    /// <param name="everyLiveClaim">Whether all claims that are live are needed, also those that are settled.</param>
    /// <param name="isCompared">Whether it is to be compared with what the provider has: even if it has nothing to do.</param>
    /// <param name="ct">Cancels the read.</param>
    public async Task<LoadedAllowList?> LoadAsync(AllowListKey key, Func<ResourceType, bool> everyLiveClaim, Func<AllowList, bool> isCompared, CancellationToken ct)
    {
        await using var db = databases.OpenEngine();
        await using var read = await db.BeginReadAsync(ct);
        if (await db.AllowLists.AsNoTracking().SingleOrDefaultAsync(a => a.Key == key, ct) is not { } list)
            return null;
        installation ??= (await db.Installations.AsNoTracking().SingleAsync(ct)).Code;
        var type = TypeOf(list);
        List<Resource>? served = isCompared(list) ? await db.Resources.AsNoTracking().WithCredential()
            .Where(r => r.AllowListKey == key && r.DeletedAt == null && r.Identity == list.Identity).OrderBy(r => r.Id).ToListAsync(ct) : null;
        var rows = await ClaimsAsync(db, key, served is not null || everyLiveClaim(type), ct);
        served = served is { Count: > 0 } ? served : null;
        if (rows.Count == 0 && served is null)
            return null;
        var reached = served?.ToDictionary(r => r.Id) ?? [];
        var missing = rows.Select(c => c.ResourceId).Distinct().Where(id => !reached.ContainsKey(id)).ToList();
        if (missing.Count > 0)
        {
            foreach (var resource in await db.Resources.AsNoTracking().WithCredential().Where(r => missing.Contains(r.Id)).ToListAsync(ct))
                reached[resource.Id] = resource;
        }

        rows.ForEach(c => c.Resource = reached[c.ResourceId]);
        return new LoadedAllowList(
            key, type, installation, list.QuietAfter, [.. rows.Select(c => c.ToClaim())], rows.ToDictionary(c => c.Id, c => c.SessionId),
            reached.ToDictionary(r => r.Key, r => ResourceView.Of(r.Value)), [.. rows.Where(c => c.AttemptId is not null).Select(c => c.Id)])
        { Served = served, AskedAt = list.ReconcileAskedAt, IsUnbraked = list.ReconcileUnbraked };
    }

    private async Task<List<ResourceIp>> ClaimsAsync(EntryGuardDb db, AllowListKey key, bool all, CancellationToken ct)
    {
        var open = db.ResourceIps.AsNoTracking().Where(c => c.AllowListKey == key && c.DueAt != null);
        if (all)
            return await open.ToListAsync(ct);
        var now = clock.Now;
        var rows = await open.Where(c => c.Status != ResourceIpStatus.Applied || c.NextAttemptAt <= now).ToListAsync(ct);
        var ids = rows.Select(c => c.Id).ToHashSet();
        var addresses = rows.Select(c => c.Address).Distinct().ToList();
        var sharing = await open.Where(c => c.Status == ResourceIpStatus.Applied && addresses.Contains(c.Address)).ToListAsync(ct);
        rows.AddRange(sharing.Where(c => !ids.Contains(c.Id)));
        return rows;
    }

    /// <summary>What kind of allow-list it is, and a Resource in use through which it is reached; null: there is no such allow-list.</summary>
    public async Task<(ResourceType Type, ResourceView? Resource)?> FindServedAsync(AllowListKey key, CancellationToken ct)
    {
        await using var db = databases.OpenEngine();
        await using var read = await db.BeginReadAsync(ct);
        if (await db.AllowLists.AsNoTracking().SingleOrDefaultAsync(a => a.Key == key, ct) is not { } list)
            return null;
        var resource = await db.Resources.AsNoTracking().WithCredential()
            .Where(r => r.AllowListKey == key && r.IsActive && r.DeletedAt == null && r.Identity == list.Identity).OrderBy(r => r.Id).FirstOrDefaultAsync(ct);
        return (TypeOf(list), resource is null ? null : ResourceView.Of(resource));
    }

    /// <summary>Attempts of a dead or doubled worker become unanswered ones (E12).</summary>
    public Task TakeOverAsync(LoadedAllowList load, ProviderCapabilities capabilities, CancellationToken ct) =>
        WriteAsync(load, load.InFlight, async (db, write) =>
        {
            var list = await HoldAsync(db, load.Key, ct);
            foreach (var claim in Find(write, load, load.InFlight).Where(c => c.AttemptId is not null))
            {
                if (!capabilities.DiesWithProcess || databases.IsShared)
                    list.QuietAfter = Latest(list.QuietAfter, claim.AttemptDeadlineAt);
                Unanswered(write, claim, "An earlier call was interrupted; what it did is being read back.");
                claim.NextAttemptAt = claim.State.IsLeaving || claim.Status == ResourceIpStatus.Applied
                    ? write.Now
                    : Latest(write.Now, load.ProvableFrom(capabilities, databases.IsShared) is null ? null : list.QuietAfter + capabilities.ReadDelay);
            }
        }, ct);

    /// <summary>Writes what the plan decided without a call. False if nothing was to be written.</summary>
    public async Task<bool> SettleAsync(
        LoadedAllowList load, RulePlan plan, RuleSnapshot? snapshot, RuleFault? blind, PlanTerms terms, CancellationToken ct)
    {
        var blinded = blind is null ? [] : load.Claims.Where(c => c.State.IsLive && (c.State.Status != ResourceIpStatus.Applied || c.AwaitsList)
            && c.IsDue(clock.Now) && !plan.Additions.Any(a => a.Claims.Contains(c.Id))).Select(c => c.Id).ToList();
        // Compared as a whole, only those that wait for it: a comparison that finds nothing writes nothing.
        var seen = snapshot is null ? [] : load.Served is null ? plan.Seen : [.. plan.Seen.Where(id => load.ById[id].NextAttemptAt is not null)];
        var claims = plan.Settlements.SelectMany(s => s.Standing.Append(s.Claim)).Concat(plan.Unclear).Concat(blinded).Concat(seen).Distinct().ToList();
        if (claims.Count == 0)
            return false;
        await WriteAsync(load, claims, async (db, write) =>
        {
            var lost = await Eligibility.LostAsync(
                db, [.. plan.Settlements.Where(s => s.Event == RuleEvent.SeenPresent).Select(s => s.Claim)], ct);
            foreach (var claim in Find(write, load, seen))
                Saw(write, claim, snapshot!.AskedAt);
            foreach (var settlement in plan.Settlements)
                Settle(write, load, settlement, lost);
            foreach (var claim in Find(write, load, plan.Settlements.Select(s => s.Claim)).Where(c => snapshot is not null && c.RemovedAt == write.Now))
                claim.AllowedBy = AllowingAnyway(snapshot!, load.Installation, claim);
            foreach (var claim in Find(write, load, plan.Unclear).Where(c => IsAsPlanned(load, c)))
                LookAgain(write, claim, terms.ProvableFrom, null);
            foreach (var claim in Find(write, load, blinded).Where(c => IsAsPlanned(load, c)))
                LookAgain(write, claim, null, blind);
        }, ct);
        return true;
    }

    /// <summary>The call budget is used up, or the provider asked for a pause: these wait.</summary>
    public Task DeferAsync(LoadedAllowList load, RuleBatch batch, TimeSpan wait, CancellationToken ct) =>
        WriteAsync(load, [.. batch.Claims], (_, write) =>
        {
            foreach (var claim in Find(write, load, batch.Claims).Where(c => IsAsPlanned(load, c)))
            {
                claim.NextAttemptAt = Latest(claim.NextAttemptAt, write.Now + wait);
                write.Touch(claim);
            }

            return Task.CompletedTask;
        }, ct);

    /// <summary>Commits APPLYING or REMOVING with the attempt: from then on the call may go out (E11).</summary>
    /// <param name="load">What was planned on.</param>
    /// <param name="batch">What is to be called.</param>
    /// <param name="parent">The attempt whose refused batch this is a part of; null for a new one.</param>
    /// <param name="limit">How long the call may take.</param>
    /// <param name="ct">Cancels before the commit.</param>
    public async Task<Attempt> BeginAsync(LoadedAllowList load, RuleBatch batch, Guid? parent, TimeSpan limit, CancellationToken ct)
    {
        if (parent is null && batch.Claims.All(c => load.ById[c].State.IsLeaving))
            return await BeginClosingAsync(load, batch, limit, ct);
        var (id, taken, stood, wrote) = (Guid.NewGuid(), new HashSet<ResourceIpId>(), new HashSet<ResourceIpId>(), false);
        DateTimeOffset startedAt = default;
        await WriteAsync(load, [.. batch.Claims], async (db, write) =>
        {
            startedAt = write.Now;
            var opening = batch.Additions.SelectMany(a => a.Claims).ToHashSet();
            var lost = await Eligibility.LostAsync(db, opening, ct);
            foreach (var claim in Find(write, load, batch.Claims))
            {
                if (parent is null ? !IsAsPlanned(load, claim) : claim.AttemptId != parent)
                {
                    wrote = true;   // it moved: plan again
                    continue;
                }

                if (opening.Contains(claim.Id) && lost.Contains(claim.Id))
                {
                    (claim.AttemptId, claim.AttemptEpoch, claim.AttemptDeadlineAt) = (null, null, null);
                    write.End(claim, EndReason.AccessRevoked);
                    wrote = true;
                    continue;
                }

                if (claim.MayStand && (parent is null || load.ById[claim.Id].State.MayStand))
                    stood.Add(claim.Id);
                if (parent is null)
                {
                    write.Move(claim, opening.Contains(claim.Id) ? RuleEvent.ApplyStarted : RuleEvent.RemoveStarted);
                    claim.Attempts++;
                    claim.FirstAttemptAt ??= write.Now;
                }

                (claim.AttemptId, claim.AttemptEpoch, claim.AttemptDeadlineAt) = (id, epoch, write.Now + limit);
                write.Touch(claim);
                taken.Add(claim.Id);
            }
        }, ct);
        return new Attempt(id, startedAt, startedAt + limit, batch.Only(taken), stood, wrote);
    }

    // A closing that begins moves no status, so its claims are marked without being read: between a decision and its call every row read is
    // time that an address stays open.
    private async Task<Attempt> BeginClosingAsync(LoadedAllowList load, RuleBatch batch, TimeSpan limit, CancellationToken ct)
    {
        var claims = batch.Claims;
        await using var db = databases.OpenEngine();
        await using var work = await db.BeginWriteAsync(WritePriority.Closing, ct);
        var (id, now) = (Guid.NewGuid(), clock.Now);
        var taken = await SessionWrite.MarkLeavingAsync(
            db, [.. claims.Select(c => load.Owners[c])], claims.ToLookup(c => load.ById[c].State), new(id, epoch, now + limit), now, ct);
        await work.CommitAsync(ct);
        return new Attempt(id, now, now + limit, batch.Only(taken), taken, taken.Count < claims.Count);   // one that moved: plan again
    }

    /// <summary>Writes what a call did: facts always, the status only where the attempt is still the claim's (E07).</summary>
    public Task RecordAsync(
        LoadedAllowList load, Attempt attempt, IReadOnlyList<ClaimOutcome> outcomes, ProviderCapabilities capabilities, Sighting sight, string? identity,
        CancellationToken ct) =>
        WriteAsync(load, [.. outcomes.Select(o => o.Claim)], async (db, write) =>
        {
            var quiet = await QuietAsync(db, load, attempt, outcomes, capabilities, ct);
            var proof = capabilities.SuccessIsProof && !(quiet > attempt.StartedAt);
            foreach (var outcome in outcomes)
            {
                if (write.Find(load.Owners[outcome.Claim], outcome.Claim) is not { } claim)
                    continue;
                claim.Entries = [.. claim.Entries.Union(outcome.Entries)];
                claim.Identity = outcome.Closing ? claim.Identity : identity;
                if (outcome is { Closing: false, Stands: true })
                    claim.SeenAt = Latest(claim.SeenAt, write.Now);   // a list that may be older shows nothing about it
                write.Touch(claim);
                if (claim.AttemptId != attempt.Id)
                    continue;
                (claim.AttemptId, claim.AttemptEpoch, claim.AttemptDeadlineAt) = (null, null, null);
                var record = new OutcomeRecord(write, claim, outcome, attempt, capabilities, quiet);
                if (outcome.Closing)
                    record.Closing(proof && (!claim.AwaitsList || sight.IsConclusive), sight.Blind, StaysForOthers(load, claim), Heirs(write, load, claim));
                else
                    record.Opening(capabilities.SuccessIsProof && !HasUnansweredRemoval(load, claim));
            }
        }, ct);

    // From when on a list proves absence, after this call: the deadline of a call without an answer, plus the read delay (E12). Null: at once.
    // A call that was answered delays nobody else's proof: else two claims could keep each other waiting for ever.
    private async Task<DateTimeOffset?> QuietAsync(
        EntryGuardDb db, LoadedAllowList load, Attempt attempt, IReadOnlyList<ClaimOutcome> outcomes, ProviderCapabilities capabilities, CancellationToken ct)
    {
        if (capabilities.DiesWithProcess && !databases.IsShared)
            return null;
        var list = await HoldAsync(db, load.Key, ct);
        if (outcomes.Any(o => o.IsUnknown))
            list.QuietAfter = Latest(list.QuietAfter, attempt.DeadlineAt);
        return list.QuietAfter + capabilities.ReadDelay;
    }

    private static ResourceType TypeOf(AllowList list) => list.Type.Split('/') is [var provider, var kind] ? new ResourceType(provider, kind) : default;

    // quietAfter never goes back (E12): of two workers that move it, the second must see what the first wrote. After the owners, never before.
    private static async Task<AllowList> HoldAsync(EntryGuardDb db, AllowListKey key, CancellationToken ct)
    {
        await db.LockAsync(key, ct);
        return await db.AllowLists.SingleAsync(a => a.Key == key, ct);
    }

    private async Task WriteAsync(
        LoadedAllowList load, IReadOnlyCollection<ResourceIpId> claims, Func<EntryGuardDb, SessionWrite, Task> act, CancellationToken ct)
    {
        // What a call did must be written even if the server is stopping: the token may be cancelled, the record is not.
        var closing = load.Claims.Any(c => c.State.IsLeaving && claims.Contains(c.Id));
        for (var again = 0; ; again++)
        {
            try
            {
                await using var db = databases.OpenEngine();
                await using var work = await db.BeginWriteAsync(closing ? WritePriority.Closing : WritePriority.Other, ct);
                var write = await SessionWrite.LockAsync(db, claims.Select(c => load.Owners[c]), clock.Now, Actor.System, false, ct);
                await act(db, write);
                write.Complete();
                await work.CommitAsync(ct);
                metrics.Wrote(write);
                return;
            }
            catch (DbUpdateConcurrencyException) when (again < 3)
            {
                // A guarded row had moved under us: read again, decide again.
            }
        }
    }

    private static IEnumerable<ResourceIp> Find(SessionWrite write, LoadedAllowList load, IEnumerable<ResourceIpId> ids) =>
        ids.Select(id => write.Find(load.Owners[id], id)).OfType<ResourceIp>();

    // What was planned still holds: nobody moved the claim, or took it into a call, since it was read.
    private static bool IsAsPlanned(LoadedAllowList load, ResourceIp claim) =>
        claim.AttemptId is null && load.ById.TryGetValue(claim.Id, out var planned) && planned.State == claim.State && planned.EndsAt == claim.EndsAt;

    private static bool HasUnansweredRemoval(LoadedAllowList load, ResourceIp claim) =>
        load.Claims.Any(c => c.State.IsLeaving && c.AwaitsList && c.Address == claim.Address && c.Scopes.Intersect(claim.Scopes).Any());

    // Some of its rules stay because a claim that is not open yet wants them: it is not done until that one is.
    private static bool StaysForOthers(LoadedAllowList load, ResourceIp claim) =>
        load.Claims.Any(c => c.Id != claim.Id && c.State.IsLive && c.State.Status != ResourceIpStatus.Applied && c.Address == claim.Address
            && c.Scopes.Intersect(claim.Scopes).Any());

    private static List<ResourceIp> Heirs(SessionWrite write, LoadedAllowList load, ResourceIp claim) =>
        [.. Find(write, load, load.Claims.Where(c => c.Id != claim.Id && c.State.IsLive && c.State.Status == ResourceIpStatus.Applied
            && c.Address == claim.Address && c.Scopes.Intersect(claim.Scopes).Any()).Select(c => c.Id))];

    private static void Settle(SessionWrite write, LoadedAllowList load, Settlement settlement, HashSet<ResourceIpId> lost)
    {
        if (write.Find(load.Owners[settlement.Claim], settlement.Claim) is not { } claim || !IsAsPlanned(load, claim))
            return;
        var standing = Find(write, load, settlement.Standing).ToList();
        if (standing.Exists(c => c.Wanted != Wanted.Present || c.Status != ResourceIpStatus.Applied))
            return;
        switch (settlement.Event)
        {
            case RuleEvent.SeenPresent when lost.Contains(claim.Id):
                write.End(claim, EndReason.AccessRevoked);
                break;
            case RuleEvent.SeenPresent:
                (claim.HeldUntil, claim.Identity) = (settlement.HeldUntil, claim.Resource?.Identity);
                claim.Entries = [.. claim.Entries.Union(settlement.Entries)];
                claim.Rest();
                write.Move(claim, RuleEvent.SeenPresent);
                Saw(write, claim, settlement.SeenAt ?? write.Now);
                break;
            case RuleEvent.Kept:
                foreach (var heir in standing)
                    Inherit(write, heir, settlement.Entries);
                write.Move(claim, RuleEvent.Kept);
                write.Audit(claim, "RULE_KEPT");
                break;
            case RuleEvent.SeenGone:
                write.Move(claim, RuleEvent.SeenGone);
                write.Audit(claim, "RULE_REMOVED");
                break;
            case RuleEvent.Lost:
            case RuleEvent.HalfMade when claim.Status == ResourceIpStatus.Applied:
                Lose(write, claim, settlement.Entries);
                break;
            default:
                NotMade(write, claim, settlement);
                break;
        }
    }

    private static string? AllowingAnyway(RuleSnapshot snapshot, string installation, ResourceIp claim) =>
        snapshot.Rules.Where(r => !r.IsMarkedBy(installation) && r.Rule.Address.Contains(claim.Address) && claim.Scopes.Any(r.Rule.Scope.Overlaps))
            .OrderBy(r => r.Rule.Address.PrefixLength).Select(r => r.Rule.ToString()).FirstOrDefault();

    private static void NotMade(SessionWrite write, ResourceIp claim, Settlement settlement)
    {
        claim.AwaitsList = false;
        claim.Entries = [.. claim.Entries.Union(settlement.Entries)];
        (claim.ErrorCode, claim.ErrorMessage) = ("NOT_MADE", "The provider did not make the rule.");
        var half = settlement.Event == RuleEvent.HalfMade;
        if (Backoff.NextOpening(claim.Attempts, write.Now, null, write.Now) is { } next)
        {
            claim.NextAttemptAt = next;
            write.Move(claim, settlement.Event);
            write.Audit(claim, "RULE_APPLY_RETRY", "FAILURE");
        }
        else
        {
            write.Move(claim, half ? RuleEvent.MustUndo : RuleEvent.GaveUp);
        }
    }

    private static void Lose(SessionWrite write, ResourceIp claim, IReadOnlyList<RuleEntry> left)
    {
        if (claim.LossesSince is not { } since || since < write.Now - LossWindow)
            (claim.Losses, claim.LossesSince) = (0, write.Now);
        claim.Losses++;
        (claim.ErrorCode, claim.ErrorMessage) = ("RULE_LOST", "Somebody or something took the rule off at the provider.");
        claim.Entries = [.. left];
        var held = claim.Losses >= MostLosses || claim.Resource?.Policy == DriftPolicy.Observe;
        write.Move(claim, left.Count > 0 ? held ? RuleEvent.MustUndo : RuleEvent.HalfMade : held ? RuleEvent.LostForGood : RuleEvent.Lost);
        (claim.Attempts, claim.FirstAttemptAt) = (0, null);
        claim.NextAttemptAt = claim.State.IsSettled ? null : write.Now;
        write.Audit(claim, "RULE_LOST", "FAILURE");
    }

    internal static void Inherit(SessionWrite write, ResourceIp heir, IEnumerable<RuleEntry> entries)
    {
        heir.Entries = [.. heir.Entries.Union(entries.Where(e => heir.Scopes.Contains(e.Scope)))];
        heir.MoveEnd(write.Now);
        write.Touch(heir);
    }

    private static void Saw(SessionWrite write, ResourceIp claim, DateTimeOffset at)
    {
        claim.SeenAt = Latest(claim.SeenAt, at);
        write.Touch(claim);
    }

    // An unanswered opening, seen by a list that could not decide, or not seen at all: the opening steps, then every 5 min (E13).
    private static void LookAgain(SessionWrite write, ResourceIp claim, DateTimeOffset? provableFrom, RuleFault? blind)
    {
        if (provableFrom > write.Now)
        {
            claim.NextAttemptAt = provableFrom;
        }
        else
        {
            claim.Attempts++;
            claim.NextAttemptAt = Backoff.NextReadBack(claim.Attempts, write.Now, blind?.RetryAfter, write.Now);
            if (blind is not null)
                (claim.ErrorCode, claim.ErrorMessage) = (blind.Code, blind.Message);
            claim.ErrorCode ??= "NO_ANSWER";
            write.Audit(claim, "RULE_APPLY_RETRY", "FAILURE");
        }

        write.Touch(claim);
    }

    private static void Unanswered(SessionWrite write, ResourceIp claim, string message)
    {
        (claim.AttemptId, claim.AttemptEpoch, claim.AttemptDeadlineAt) = (null, null, null);
        claim.AwaitsList = claim.Status != ResourceIpStatus.Applied;
        if (claim.Status == ResourceIpStatus.Applied)
            claim.HeldUntil = null;
        else
            (claim.ErrorCode, claim.ErrorMessage) = ("NO_ANSWER", message);
        write.Touch(claim);
    }

    private static DateTimeOffset? Latest(DateTimeOffset? a, DateTimeOffset? b) => a is null || b > a ? b ?? a : a;
}
