using System.Collections.Concurrent;
using EntryGuard.Domain;
using EntryGuard.Domain.Providers;
using EntryGuard.Domain.Rules;
using EntryGuard.Domain.Sessions;
using EntryGuard.Server.Data;
using EntryGuard.Server.Data.Secrets;

namespace EntryGuard.Server.Engine;

/// <summary>
/// Makes one allow-list what live claims want it to be. Knows nothing of who calls it: a grain, the simulation, or the command line. One
/// call per key at a time is the caller's business; a second one at the same time is wasteful, never wrong (E11, E12).
/// </summary>
internal sealed class AllowListWorker(
    Databases databases, ProviderSet providers, SecretBox secrets, CallBudget budget, DatabaseClock clock, TimeProvider time, EngineMetrics metrics,
    WriteRight right, ILogger<AllowListWorker> log, Reconciliation? reconciliation = null)
{
    /// <summary>Hard limit of every provider call (E11); what a provider asks for beyond it is cut.</summary>
    public static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(15);

    // Far above what any plan needs: a plan that is never empty would be a defect, not a reason to spin.
    private const int MostPasses = 200;

    private readonly ConcurrentDictionary<AllowListKey, bool> rebuilt = new();
    private readonly AllowListLedger ledger = new(databases, clock, metrics, Guid.NewGuid());

    /// <summary>Removes, and never adds: for the command line, after which nobody would be there to close.</summary>
    public bool OnlyCloses { get; init; }

    /// <summary>Works until nothing is due on the allow-list. A wake that finds nothing to do is a success.</summary>
    public Task RunOnce(AllowListKey key, CancellationToken ct) => RunOnce(key, CancellationToken.None, ct);

    /// <inheritdoc cref="RunOnce(AllowListKey, CancellationToken)"/>
    /// <param name="key">The allow-list.</param>
    /// <param name="leaving">Somebody else takes over: no further change is begun; one that is out is waited for, at most until its time limit, and recorded.</param>
    /// <param name="ct">Gives up at once; what a call did is then found out by whoever comes next.</param>
    public async Task RunOnce(AllowListKey key, CancellationToken leaving, CancellationToken ct)
    {
        if (!right.IsGranted)
            return;
        using var trace = EngineTrace.Pass(key);
        try
        {
            for (var pass = 0; pass < MostPasses; pass++)
            {
                ct.ThrowIfCancellationRequested();
                if (leaving.IsCancellationRequested || !await PassAsync(key, leaving, ct))
                    return;
            }

            log.NeverQuiet(key);
        }
        catch (OperationCanceledException) when (leaving.IsCancellationRequested && !ct.IsCancellationRequested)
        {
            // While looking: nothing was begun.
        }
    }

    /// <summary>This process does not serve the allow-list any more: what it knows of it is forgotten.</summary>
    public void Forget(AllowListKey key) => rebuilt.TryRemove(key, out _);

    private async Task<bool> PassAsync(AllowListKey key, CancellationToken leaving, CancellationToken ct)
    {
        var load = await ledger.LoadAsync(key, type => MustRebuild(key, type), IsToBeCompared, ct);
        if (load is null)
            await HoldAsync(key, ct);
        if (load is null || providers.Find(load.Type.Provider, load.Type.Kind) is not { } provider)
            return false;
        if (load.InFlight.Count > 0)
        {
            // Ours are recorded before the pass ends: these belong to a dead or doubled worker, or their record failed.
            await ledger.TakeOverAsync(load, provider.Capabilities, ct);
            return true;
        }

        var terms = new PlanTerms(key, load.Installation, provider.Capabilities, load.ProvableFrom(provider.Capabilities, databases.IsShared), MustRebuild(key, load.Type, provider));
        var now = clock.Now;
        var plan = RulePlan.From(load.Claims, null, terms, now);
        RuleSnapshot? snapshot = null;
        RuleFault? blind = null;
        var compares = load.Served is not null && (plan.NeedsList || MayLook(load, provider));
        if (plan.NeedsList || compares)
        {
            using var looking = CancellationTokenSource.CreateLinkedTokenSource(leaving, ct);
            (snapshot, blind) = await ListAsync(provider, load, now, looking.Token);
            if (snapshot is not null)
                plan = RulePlan.From(load.Claims, snapshot, terms, now);
        }

        if (terms.Rebuild && snapshot is not null && load.Claims.Where(c => c.State.Status == ResourceIpStatus.Applied).All(c => plan.Seen.Contains(c.Id)))
            rebuilt[key] = true;
        var wrote = await ledger.SettleAsync(load, plan, snapshot, blind, terms, ct);
        if (compares)
            wrote |= await reconciliation!.RecordAsync(load, snapshot, blind, terms, plan.Settlements.Any(s => s.Event is RuleEvent.Lost or RuleEvent.HalfMade), ct);
        var failed = new Dictionary<CredentialId, RuleFault>();
        var sight = new Sighting(snapshot is { IsComplete: true } && (terms.ProvableFrom is not { } from || snapshot.AskedAt >= from), blind);
        foreach (var batch in RuleBatch.From(OnlyCloses ? plan with { Additions = [] } : plan, provider.Capabilities.BatchSize))
        {
            if (leaving.IsCancellationRequested)
                return wrote;
            wrote |= await RunAsync(provider, load, batch, null, terms, sight, failed, ct);
        }

        return wrote;
    }

    // Nobody wants anything there. What lives in this process is there all the same, shut, as long as a Resource is in use; then it goes.
    private async Task HoldAsync(AllowListKey key, CancellationToken ct)
    {
        if (await ledger.FindServedAsync(key, ct) is not var (type, resource))
            return;
        if (providers.Find(type.Provider, type.Kind) is not { } provider || provider is not IHoldsAllowLists holder)
            return;
        if (resource is null)
        {
            Forget(key);
            await holder.ReleaseAsync(key);
        }
        else if (MustRebuild(key, type, provider))
        {
            var (list, _) = await ProviderCall.AskAsync(
                limit => provider.ListAsync(resource.Context(secrets), limit), "list", provider.Type, metrics, time, log, ct);
            if (list?.Snapshot is not null)
                rebuilt[key] = true;
        }
    }

    private bool MustRebuild(AllowListKey key, ResourceType type) => providers.Find(type.Provider, type.Kind) is { } provider && MustRebuild(key, type, provider);

    private bool MustRebuild(AllowListKey key, ResourceType type, IResourceProvider provider) =>
        provider.Capabilities.DiesWithProcess && provider.Type == type && !rebuilt.ContainsKey(key);

    private async Task<bool> RunAsync(
        IResourceProvider provider, LoadedAllowList load, RuleBatch batch, Guid? parent, PlanTerms terms, Sighting sight,
        Dictionary<CredentialId, RuleFault> failed, CancellationToken ct)
    {
        var resource = load.Resources[batch.Asking.Resource];
        if (parent is null)
        {
            var (go, wait) = Budgeted(batch, resource.ThrottleKey, provider.Capabilities);
            if (wait is not null)
                await ledger.DeferAsync(load, wait.Value.Batch, wait.Value.For, ct);
            if (go.Count == 0)
                return wait is not null;
            batch = go;
        }

        var attempt = await ledger.BeginAsync(load, batch, parent, LimitOf(provider), ct);
        if (attempt.Batch.Count == 0)
            return attempt.Wrote;
        batch = attempt.Batch;
        ApplyResult result;
        if (batch.Asking.Credential is { } credential && failed.TryGetValue(credential, out var known))
            result = ApplyResult.Refused(known);   // the one probe of this pass was made (E16)
        else
            result = await CallAsync(provider, load, resource, batch, attempt.DeadlineAt, ct);

        if (result.RefusedWhole is { } refused)
        {
            if (refused.RetryAfter is { } pause)
                budget.Pause(resource.ThrottleKey, pause);
            if (refused.IsCredentialFault && batch.Asking.Credential is { } bad)
                failed[bad] = refused;
            else if (refused.IsPermanent && batch.Halves() is { Count: > 1 } halves)
            {
                foreach (var half in halves)
                    await RunAsync(provider, load, half, attempt.Id, terms, sight, failed, ct);
                return true;
            }
        }

        foreach (var pause in result.Additions.Concat(result.Removals).OfType<RuleOutcome.Failed>().Select(f => f.Fault.RetryAfter).OfType<TimeSpan>())
            budget.Pause(resource.ThrottleKey, pause);
        await ledger.RecordAsync(load, attempt, ClaimOutcome.From(batch, result), provider.Capabilities, sight, resource.Identity, ct);
        return true;
    }

    // Where nobody else can have been at work there is nothing to compare.
    private bool IsToBeCompared(AllowList list) => reconciliation?.IsDue(list) == true
        && providers.All.FirstOrDefault(p => p.Type.ToString() == list.Type) is { Capabilities.IsOursAlone: false };

    // A comparison waits for its turn among the openings; it is asked for again with the next round.
    private bool MayLook(LoadedAllowList load, IResourceProvider provider) =>
        budget.Take(load.Served![0].ThrottleKey, provider.Capabilities.CallsPerSecond, closing: false) <= TimeSpan.Zero;

    private (RuleBatch Go, (RuleBatch Batch, TimeSpan For)? Wait) Budgeted(RuleBatch batch, string? throttleKey, ProviderCapabilities capabilities)
    {
        var closing = batch.Removals.Count > 0;
        var wait = budget.Take(throttleKey, capabilities.CallsPerSecond, closing);
        return wait > TimeSpan.Zero ? (new RuleBatch([], []), (batch, wait)) : (batch, null);
    }

    private async Task<(RuleSnapshot? Snapshot, RuleFault? Fault)> ListAsync(
        IResourceProvider provider, LoadedAllowList load, DateTimeOffset now, CancellationToken ct)
    {
        var asking = load.Claims.Where(c => c.IsDue(now)).OrderByDescending(c => c.State.IsLeaving).Select(c => (ResourceId?)c.Resource).FirstOrDefault();
        var resource = load.Resources[asking ?? load.Served?.OrderByDescending(r => r.Health == ResourceHealth.Valid).FirstOrDefault()?.Id ?? load.Claims[0].Resource];
        using var trace = EngineTrace.Call("list", provider.Type, resource.Id, load.Owners.Values);
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
            var list = provider.ListAsync(resource.Context(secrets), limit.Token);
            var result = await Limited(list, LimitOf(provider), limit, ct);
            if (result.Fault?.RetryAfter is { } pause)
                budget.Pause(resource.ThrottleKey, pause);
            metrics.Called(provider.Type, "list", result.Fault?.Code);
            trace.Failed(result.Fault?.Code);
            return (result.Snapshot, result.Fault);
        }
        catch (TimeoutException)
        {
            metrics.Called(provider.Type, "list", "TIMEOUT");
            trace.Failed("TIMEOUT");
            return (null, new RuleFault("TIMEOUT", "The provider did not answer in time.", false));
        }
        catch (Exception e) when (e is not OperationCanceledException || !ct.IsCancellationRequested)
        {
            log.CallFailed(e, load.Key, "list");
            metrics.Called(provider.Type, "list", "ERROR");
            trace.Failed("ERROR");
            return (null, new RuleFault("PROVIDER_ERROR", "The call failed; the server's log says how.", false));
        }
    }

    private async Task<ApplyResult> CallAsync(
        IResourceProvider provider, LoadedAllowList load, ResourceView resource, RuleBatch batch, DateTimeOffset deadline, CancellationToken ct)
    {
        var changes = batch.Changes;
        var left = deadline - clock.Now;
        if (left <= TimeSpan.Zero)   // suspended since the commit: by now it is nobody's call, and a list may have been believed
            return ApplyResult.All(changes, new RuleOutcome.Failed(new RuleFault("NOT_SENT", "The server was held up; nothing was sent.", false) { IsUnsent = true }));
        using var trace = EngineTrace.Call("apply", provider.Type, resource.Id, batch.Claims.Select(c => load.Owners[c]));
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
            var result = await Limited(provider.ApplyAsync(resource.Context(secrets), changes, limit.Token), left, limit, ct);
            metrics.Called(provider.Type, "apply", result.RefusedWhole?.Code);
            trace.Failed(result.RefusedWhole?.Code);
            return result;
        }
        catch (TimeoutException)
        {
            metrics.Called(provider.Type, "apply", "TIMEOUT");
            trace.Failed("TIMEOUT");
            return ApplyResult.All(changes, new RuleOutcome.Unknown("The provider did not answer in time; what it did is being read back."));
        }
        catch (Exception e) when (e is not OperationCanceledException || !ct.IsCancellationRequested)
        {
            // A defect in a provider, after anything may have been sent.
            log.CallFailed(e, load.Key, "apply");
            metrics.Called(provider.Type, "apply", "ERROR");
            trace.Failed("ERROR");
            return ApplyResult.All(changes, new RuleOutcome.Unknown("The call failed on our side; what it did is being read back."));
        }
    }

    private static TimeSpan LimitOf(IResourceProvider provider) =>
        provider.Capabilities.CallTimeout is var wish && wish < CallTimeout ? wish : CallTimeout;

    // A provider that does not heed its token is left behind: its answer would come after the deadline, when nobody may trust it.
    private async Task<T> Limited<T>(Task<T> call, TimeSpan most, CancellationTokenSource limit, CancellationToken ct)
    {
        try
        {
            return await call.WaitAsync(most, time, ct);
        }
        catch (TimeoutException)
        {
            await limit.CancelAsync();
            _ = call.ContinueWith(t => _ = t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            throw;
        }
    }
}

/// <summary>What this pass could see.</summary>
/// <param name="IsConclusive">A complete list, made when no call of ours was unanswered.</param>
/// <param name="Blind">Why there was no list although one was needed; null if there was.</param>
internal readonly record struct Sighting(bool IsConclusive, RuleFault? Blind);

/// <summary>A Resource as a call needs it.</summary>
internal sealed record ResourceView(
    ResourceId Id, OrganizationId Organization, Credential? Credential, string ExternalId, ResourceConfig Config, AllowListKey? Key, string? Identity, string? ThrottleKey)
{
    /// <summary>Needs what <see cref="ResourceQueries.WithCredential"/> loads.</summary>
    public static ResourceView Of(Resource resource) => new(
        resource.Id, resource.OrganizationId, resource.Credential, resource.Organization!.ExternalId,
        resource.ToConfig(), resource.AllowListKey, resource.Identity, resource.ThrottleKey);

    /// <summary>For one call: the secret is read now, and kept by nobody.</summary>
    public ProviderContext Context(SecretBox secrets) =>
        Context(Credential is { } stored ? secrets.Unprotect(Organization, stored.Id, stored.Secret) : null);

    /// <summary>For one call with a secret that is not stored, or not yet; null: with none.</summary>
    public ProviderContext Context(string? secret) => new(
        Organization, Id, Config, Key, Credential is { } kind && secret is not null ? new ProviderCredential(kind.Id, kind.CredentialType, secret, ExternalId) : null);

    /// <summary>Without the secret, so that a log of the record leaks nothing.</summary>
    public override string ToString() => $"{Key?.Value ?? Config.Identifier} ({Id.Value})";
}

internal static partial class WorkerLog
{
    [LoggerMessage(1001, LogLevel.Error, "Allow-list {Key} was never quiet: its plan does not come to an end")]
    public static partial void NeverQuiet(this ILogger log, AllowListKey key);

    [LoggerMessage(1002, LogLevel.Error, "Call {Call} on allow-list {Key} failed")]
    public static partial void CallFailed(this ILogger log, Exception e, AllowListKey key, string call);
}
