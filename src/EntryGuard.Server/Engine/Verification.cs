using EntryGuard.Domain;
using EntryGuard.Domain.Providers;
using EntryGuard.Domain.Retry;
using EntryGuard.Domain.Sessions;
using EntryGuard.Server.Data;
using EntryGuard.Server.Data.Secrets;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Engine;

/// <summary>
/// Asks a provider whether opening and closing would work on a Resource, and writes the answer down as its health. The first good answer
/// gives the Resource its allow-list; a later one that proves another identity is a bad one (E08, E15).
/// </summary>
public sealed class Verification(
    Databases databases, ProviderSet providers, SecretBox secrets, CallBudget budget, DatabaseClock clock, TimeProvider time, EngineMetrics metrics,
    IEngine engine, ILogger<Verification> log)
{
    // The Resource is edited while the provider answers: the answer was about something else. Nobody edits this often.
    private const int MostRounds = 4;

    // Soon again, but not within the same round.
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(5);

    /// <summary>Verifies and records, on the server's own account: the audit log hears of it only if the health changed.</summary>
    /// <returns>What the provider, or this installation, says; null: there is no such Resource.</returns>
    public Task<VerifyReport?> VerifyAsync(ResourceId id, CancellationToken ct) => VerifyAsync(id, Actor.System, ct);

    /// <summary>Verifies and records on somebody's behalf.</summary>
    /// <inheritdoc cref="VerifyAsync(ResourceId, CancellationToken)" path="/returns"/>
    public async Task<VerifyReport?> VerifyAsync(ResourceId id, Actor actor, CancellationToken ct)
    {
        for (var round = 1; ; round++)
        {
            if (await ReadAsync(id, ct) is not { } asked)
                return null;
            if (WhyLater(asked, actor) is var (wait, why))
                return await PutOffAsync(asked, wait, why, ct);
            var report = await AskAsync(asked, () => ResourceView.Of(asked).Context(secrets), ct);
            if (await RecordAsync(asked, report, actor, round == MostRounds, ct) is { } recorded)
                return recorded;
        }
    }

    /// <summary>What each of these Resources would prove with another secret for its credential. Changes nothing.</summary>
    /// <param name="credential">Used by all of them.</param>
    /// <param name="secret">In clear.</param>
    /// <param name="ct">Cancels the calls.</param>
    /// <returns>In the order of the ids; a Resource that is gone is left out.</returns>
    public async Task<IReadOnlyList<Trial>> TryAsync(Credential credential, string secret, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(credential);
        List<Resource> resources;
        await using (var db = databases.OpenEngine())
        {
            await using var read = await db.BeginReadAsync(ct);
            resources = await db.Resources.AsNoTracking().WithCredential()
                .Where(r => r.CredentialId == credential.Id && (r.DeletedAt == null || db.ResourceIps.Any(c => c.ResourceId == r.Id && c.DueAt != null)))
                .OrderBy(r => r.Id).ToListAsync(ct);
        }

        return await Task.WhenAll(resources.Select(async resource =>
        {
            var report = await AskAsync(resource, () => ResourceView.Of(resource).Context(secret), ct);
            return new Trial(resource, report, report.IsValid ? ForeignIdentity(resource, report) : null);
        }));
    }

    /// <summary>What a Resource would prove that is not stored, or not so. Changes nothing.</summary>
    /// <param name="draft">As it is to be; the caller has seen that it may use its credential.</param>
    /// <param name="actor">Who asks.</param>
    /// <param name="ct">Cancels the call.</param>
    public async Task<VerifyReport> TryAsync(Resource draft, Actor actor, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(draft);
        if (WhyLater(draft, actor) is var (_, why))
            return VerifyReport.Unreachable($"{why} Try again in a few seconds.");
        await using var db = databases.OpenEngine();
        string externalId;
        Credential? credential;
        await using (await db.BeginReadAsync(ct))
        {
            externalId = await db.Organizations.Where(o => o.Id == draft.OrganizationId).Select(o => o.ExternalId).SingleAsync(ct);
            credential = await db.Credentials.AsNoTracking().SingleOrDefaultAsync(c => c.OrganizationId == draft.OrganizationId && c.Id == draft.CredentialId, ct);
        }

        var view = new ResourceView(draft.Id, draft.OrganizationId, credential, externalId, draft.ToConfig(), draft.AllowListKey, draft.Identity, draft.ThrottleKey);
        var report = await AskAsync(draft, () => view.Context(secrets), ct);
        if (!report.IsValid)
            return report;
        if (ForeignIdentity(draft, report) is { } other)
            return VerifyReport.Invalid(other);
        var provider = providers.Find(draft.Provider, draft.ResourceType)!;
        await using var read = await db.BeginReadAsync(ct);
        return provider.Capabilities.IsExclusive
            && await OwnedByAnotherAsync(db, draft, provider.KeysOf(draft.ToConfig(), report.Identity!).Serialization, report.Identity!, ct) is { } taken
            ? VerifyReport.Invalid(taken) : report;
    }

    private async Task<Resource?> ReadAsync(ResourceId id, CancellationToken ct)
    {
        await using var db = databases.OpenEngine();
        await using var read = await db.BeginReadAsync(ct);
        return await db.Resources.AsNoTracking().WithCredential().SingleOrDefaultAsync(r => r.Id == id, ct);
    }

    // Verification leaves closings the calls they need; and what lives in one node's process that node looks at, unless somebody asks here.
    private (TimeSpan Wait, string Why)? WhyLater(Resource resource, Actor actor)
    {
        if (providers.Find(resource.Provider, resource.ResourceType) is not { } provider)
            return null;
        if (actor == Actor.System && databases.IsShared && provider is IHoldsAllowLists holder && resource.AllowListKey is { } key && !holder.Holds(key))
            return (Soon, "Another node serves it.");
        return budget.Take(resource.ThrottleKey, provider.Capabilities.CallsPerSecond, closing: false) is { Ticks: > 0 } wait
            ? (wait > Soon ? wait : Soon, "The provider takes no more calls at the moment.")
            : null;
    }

    // Nothing was seen, so nothing is written down but when it is looked at.
    private async Task<VerifyReport> PutOffAsync(Resource asked, TimeSpan wait, string why, CancellationToken ct)
    {
        var at = clock.Now + wait;
        await using var db = databases.OpenEngine();
        await using var work = await db.BeginWriteAsync(WritePriority.Other, ct);
        await db.Resources.Where(r => r.Id == asked.Id).ExecuteUpdateAsync(set => set.SetProperty(r => r.VerifyAt, at), ct);
        await work.CommitAsync(ct);
        return VerifyReport.Unreachable($"{why} It is verified in about a minute.");
    }

    private async Task<VerifyReport> AskAsync(Resource resource, Func<ProviderContext> context, CancellationToken ct)
    {
        if (providers.Find(resource.Provider, resource.ResourceType) is not { } provider)
            return VerifyReport.Invalid($"This server has no provider for {resource.Provider}/{resource.ResourceType}.");
        if (provider.Capabilities.CredentialTypes.Count > 0 && resource.CredentialId is null)
            return VerifyReport.Invalid($"{provider.Type} needs a credential; give the Resource one.");
        var (report, fault) = await ProviderCall.AskAsync(
            limit => provider.VerifyAsync(context(), limit),
            "verify", provider.Type, metrics, time, log, ct);
        return report ?? VerifyReport.Unreachable(fault!.Message);
    }

    // Null: the Resource was changed since it was read, so the report is about something else.
    private async Task<VerifyReport?> RecordAsync(Resource asked, VerifyReport report, Actor actor, bool last, CancellationToken ct)
    {
        SessionWrite write;
        await using (var db = databases.OpenEngine())
        {
            await using var work = await db.BeginWriteAsync(WritePriority.Other, ct);
            if (asked.CredentialId is { } credential)
                await db.LockAsync(credential, ct);
            await db.LockAsync(asked.Id, ct);
            if (await db.Resources.Include(r => r.Credential).SingleOrDefaultAsync(r => r.Id == asked.Id, ct) is not { } resource)
                return report;
            if (IsOther(asked, resource))
            {
                if (!last)
                    return null;
                report = VerifyReport.Unreachable("It is being edited all the time; verify it again when that is over.");
            }

            // Owners before the allow-list, as the worker takes them.
            write = await SessionWrite.LockOwnersAsync(
                db, db.ResourceIps.Where(c => c.ResourceId == resource.Id && c.DueAt != null && (c.AllowListKey == null || (report.IsValid && c.MayStand)))
                    .Concat(db.ResourceIps.Where(c => report.IsValid && c.ResourceId == resource.Id && c.Grant == Grant.Static && c.Wanted == Wanted.Present
                        && c.Status == ResourceIpStatus.Failed && (c.ErrorCode == ClaimBirth.InvalidResource || c.ErrorCode == ClaimBirth.NotVerified))),
                clock.Now, actor, ct);
            if (report.IsValid)
                report = await TakeAsync(db, resource, report, ct);
            foreach (var claim in write.Sessions.Values.SelectMany(s => s.ResourceIps).Where(c => c.ResourceId == resource.Id))
            {
                if (claim is { AllowListKey: null, State.IsLive: true })
                    Answer(write, claim, resource, report);
                else if (report.IsValid && IsWaiting(claim))
                    Resume(write, claim, resource);
                else if (report.IsValid)
                    write.TryNow(claim);
            }

            await WriteHealthAsync(db, resource, report, actor, write.Now, ct);
            write.LookAt(resource);
            write.Complete();
            await work.CommitAsync(ct);
        }

        engine.Wake(write.Wake);
        return report;
    }

    // A static rule has no end at which somebody would try again: what failed only because the Resource was not valid is opened now that it is.
    private static bool IsWaiting(ResourceIp claim) => claim is { Grant: Grant.Static, State: { Wanted: Wanted.Present, Status: ResourceIpStatus.Failed, MayStand: false } }
        && claim.ErrorCode is ClaimBirth.InvalidResource or ClaimBirth.NotVerified;

    private static void Resume(SessionWrite write, ResourceIp claim, Resource resource)
    {
        if (!claim.Scopes.SequenceEqual(resource.Scopes) || !write.Move(claim, RuleEvent.Retried))
            return;
        claim.AllowListKey ??= resource.AllowListKey;
        (claim.ErrorCode, claim.ErrorMessage, claim.Attempts, claim.FirstAttemptAt, claim.NextAttemptAt) = (null, null, 0, null, write.Now);
    }

    private async Task<VerifyReport> TakeAsync(EntryGuardDb db, Resource resource, VerifyReport report, CancellationToken ct)
    {
        if (ForeignIdentity(resource, report) is { } words)
            return VerifyReport.Invalid(words);
        var provider = providers.Find(resource.Provider, resource.ResourceType)!;
        var keys = provider.KeysOf(resource.ToConfig(), report.Identity!);
        var type = provider.Type.ToString();

        // Two Resources may be verified for the first time at once: the row is made once, then held while it is decided whose it is.
        await db.Database.ExecuteSqlAsync(
            $"INSERT INTO allow_lists (key, type, identity) VALUES ({keys.Serialization.Value}, {type}, {report.Identity}) ON CONFLICT (key) DO NOTHING", ct);
        await db.LockAsync(keys.Serialization, ct);
        var list = await db.AllowLists.SingleAsync(a => a.Key == keys.Serialization, ct);
        if (provider.Capabilities.IsExclusive && await OwnedByAnotherAsync(db, resource, list.Key, report.Identity!, ct) is { } taken)
            return VerifyReport.Invalid(taken);
        list.Identity = report.Identity!;
        (resource.AllowListKey, resource.Identity, resource.ThrottleKey) = (keys.Serialization, report.Identity, keys.Throttle);
        return report;
    }

    // E01. A tombstone holds on to its allow-list while any of its claims is unsettled.
    private static async Task<string?> OwnedByAnotherAsync(EntryGuardDb db, Resource resource, AllowListKey key, string identity, CancellationToken ct)
    {
        var others = db.Resources.Where(r => r.Id != resource.Id && r.AllowListKey == key
            && (r.DeletedAt == null || db.ResourceIps.Any(c => c.ResourceId == r.Id && c.DueAt != null)));
        if (await others.AnyAsync(r => r.OrganizationId != resource.OrganizationId, ct))
            return $"{resource.Identifier} belongs to another organization of this installation; choose another one.";
        return await others.AnyAsync(r => r.Identity != identity, ct)
            ? $"{resource.Identifier} is used by another Resource with another configuration; make them equal, or choose another one."
            : null;
    }

    // E08: what a Resource is does not change under its claims.
    private string? ForeignIdentity(Resource resource, VerifyReport report)
    {
        if (resource.AllowListKey is not { } key || providers.Find(resource.Provider, resource.ResourceType) is not { } provider)
            return null;
        return resource.Identity == report.Identity && provider.KeysOf(resource.ToConfig(), report.Identity!).Serialization == key
            ? null
            : $"It now leads to {report.Identity}, but this Resource was first verified as {resource.Identity} and stays that. " +
              "Undo the change, or make a new Resource for the other one.";
    }

    private static bool IsOther(Resource asked, Resource now) =>
        asked.Config != now.Config || asked.CredentialId != now.CredentialId || asked.AllowListKey != now.AllowListKey
        || !(asked.Credential?.Secret ?? []).AsSpan().SequenceEqual(now.Credential?.Secret ?? []);

    // A claim that was born without an allow-list, because nobody could say yet whether it can be closed there. Its tries are those of any opening (E03).
    private static void Answer(SessionWrite write, ResourceIp claim, Resource resource, VerifyReport report)
    {
        if (report.IsValid)
        {
            (claim.AllowListKey, claim.Attempts, claim.FirstAttemptAt, claim.ErrorCode, claim.ErrorMessage) = (resource.AllowListKey, 0, null, null, null);
            claim.NextAttemptAt = write.Now;
            write.Touch(claim);
            return;
        }

        var isRefused = report.Outcome == VerifyOutcome.Invalid;
        if (!isRefused && claim.NextAttemptAt > write.Now)
            return;   // somebody else asked
        claim.Attempts++;
        claim.FirstAttemptAt ??= write.Now;
        (claim.ErrorCode, claim.ErrorMessage) = (isRefused ? ClaimBirth.InvalidResource : ClaimBirth.NotVerified, report.Message);
        if (isRefused || Backoff.NextOpening(claim.Attempts, write.Now, null, write.Now) is not { } next)
        {
            write.Move(claim, RuleEvent.GaveUp);
            return;
        }

        claim.NextAttemptAt = next;
        write.Touch(claim);
        write.Audit(claim, "RULE_APPLY_RETRY", "FAILURE");
    }

    private static async Task WriteHealthAsync(EntryGuardDb db, Resource resource, VerifyReport report, Actor actor, DateTimeOffset now, CancellationToken ct)
    {
        var (before, after) = (resource.Health, report.Outcome switch
        {
            VerifyOutcome.Valid => ResourceHealth.Valid,
            VerifyOutcome.Invalid => ResourceHealth.Invalid,
            VerifyOutcome.Unreachable => resource.Health,
        });
        var message = string.Join(' ', report.Warnings.Prepend(report.Message));
        if (actor != Actor.System || before != after)
        {
            var row = AuditRow.About(resource, actor, "RESOURCE_VERIFY", now, new
            {
                from = Names.Wire(before),
                to = Names.Wire(after),
                outcome = Names.Wire(report.Outcome),
                message,
            });
            (row.Result, row.ErrorMessage) = report.IsValid ? ("SUCCESS", null) : ("FAILURE", report.Message);
            db.Audit.Add(row);
        }

        if (report.IsValid)
            await HealthLedger.ResolveAsync(db, resource.Id, HealthCategory.Verify, now, ct);
        if (report.Outcome == VerifyOutcome.Unreachable)
        {
            await UnreachableAsync(db, resource, report, now, ct);
            return;
        }

        if (!report.IsValid)
            await HealthLedger.RaiseAsync(db, resource, HealthCategory.Verify, report.Message, now, ct);
        (resource.Health, resource.HealthMessage, resource.LastVerifiedAt, resource.VerifyAt) = (after, message, now, VerificationTimes.Next(resource.Id, now));
        if (report.Snapshot is { } snapshot)
            resource.Note(snapshot, (await db.Installations.AsNoTracking().SingleAsync(ct)).Code);
        if (resource.Credential is not { } credential)
            return;
        credential.LastVerifiedAt = now;
        credential.VerificationError = report.IsValid ? null : $"{resource.Name}: {report.Message}";

        // A Resource may fail for reasons of its own: what works elsewhere is not called invalid.
        credential.IsValid = report.IsValid
            || await db.Resources.AnyAsync(r => r.Id != resource.Id && r.CredentialId == credential.Id && r.DeletedAt == null && r.Health == ResourceHealth.Valid, ct);
    }

    // What was known before still is. What makes a Resource INVALID stays its message: claims fail with it.
    private static async Task UnreachableAsync(EntryGuardDb db, Resource resource, VerifyReport report, DateTimeOffset now, CancellationToken ct)
    {
        resource.VerifyAt = now + VerificationTimes.AfterUnreachable;
        if (resource.Health == ResourceHealth.Invalid)
            return;
        var known = resource.Health == ResourceHealth.Valid && resource.LastVerifiedAt is { } last
            ? $"The last good check was at {last:u}."
            : "It was never verified; it is tried again.";
        resource.HealthMessage = $"It could not be verified at {now:u}. {report.Message} {known}";
        await HealthLedger.RaiseAsync(db, resource, HealthCategory.Verify, $"It could not be verified: the provider gave no answer that counts. {report.Message}", now, ct);
    }
}

/// <summary>What a Resource would say with another secret.</summary>
/// <param name="Resource">As stored.</param>
/// <param name="Report">The provider's answer.</param>
/// <param name="OtherIdentity">Null, or how what it proves differs from what the Resource is.</param>
public sealed record Trial(Resource Resource, VerifyReport Report, string? OtherIdentity);
