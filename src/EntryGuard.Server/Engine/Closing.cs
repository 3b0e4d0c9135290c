using EntryGuard.Domain;
using EntryGuard.Domain.Providers;
using EntryGuard.Domain.Rules;
using EntryGuard.Domain.Sessions;
using EntryGuard.Server.Data;
using EntryGuard.Server.Data.Secrets;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Engine;

/// <summary>
/// Closes from the database and the key alone, with the server down (E28): the same worker, under an epoch of its own, which removes and
/// never adds. Whatever it cannot finish stays recorded as the next server needs it.
/// </summary>
internal sealed class Closing(
    Databases databases, ProviderSet providers, SecretBox secrets, CallBudget budget, DatabaseClock clock, TimeProvider time, EngineMetrics metrics,
    WriteRight right, DueClaims due, ILoggerFactory logs)
{
    // A call of the dead server may be unanswered for 15 s more, and a provider that failed is asked again after 30 s.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(45);
    private const int BatchSize = 100;

    /// <summary>Closes what should be closed by now, or everything.</summary>
    /// <param name="all">End every session, and every claim of every static rule, first.</param>
    /// <param name="tell">A line per rule: closed, or still open and why.</param>
    /// <param name="ct">Stops it; what was done is recorded.</param>
    /// <returns>How many rules are still open.</returns>
    public Task<int> RunAsync(bool all, Action<string> tell, CancellationToken ct) => RunAsync(all, tell, Patience, ct);

    internal async Task<int> RunAsync(bool all, Action<string> tell, TimeSpan patience, CancellationToken ct)
    {
        var worker = new AllowListWorker(
            databases, new ProviderSet(providers.All.Select(p => p.Capabilities.DiesWithProcess ? new WithoutProcess(p, clock) : p)),
            secrets, budget, clock, time, metrics, right, logs.CreateLogger<AllowListWorker>())
        { OnlyCloses = true };
        await due.ActAsync(ct);
        if (all)
        {
            await RunningSessions.EndAsync(databases, clock, metrics, EndReason.Admin, ct);
            await RunningSessions.CloseStaticRulesAsync(databases, clock, metrics, ct);
        }

        var before = await LeavingAsync(null, ct);
        await TryNowAsync([.. before.Select(c => c.SessionId).Distinct()], ct);

        var (ids, keys, until) = (before.Select(c => c.Id).ToHashSet(), before.Select(c => c.AllowListKey).OfType<AllowListKey>().Distinct().ToList(), clock.Now + patience);
        List<ResourceIp> left;
        while (true)
        {
            foreach (var key in keys)
                await worker.RunOnce(key, ct);
            left = await LeavingAsync(ids, ct);
            var next = left.Min(c => c.NextAttemptAt ?? c.AttemptDeadlineAt);
            if (next is null || next >= until)
                break;
            if (next > clock.Now)
                await Task.Delay(next.Value - clock.Now, time, ct);
        }

        return Tell(before, left, tell);
    }

    private static int Tell(List<ResourceIp> before, List<ResourceIp> left, Action<string> tell)
    {
        var open = left.SelectMany(Rules).ToLookup(r => r.Rule, r => r.Claim);
        foreach (var rule in before.SelectMany(Rules).GroupBy(r => r.Rule).OrderBy(r => r.Key.ToString(), StringComparer.Ordinal))
        {
            var name = rule.First().Claim.Resource!.Name;
            tell(open[rule.Key].FirstOrDefault() is { } claim
                ? $"OPEN    {rule.Key.Rule} on {name} ({rule.Key.Key}): {claim.ErrorMessage ?? "somebody who has not ended wants it, or it could not be seen gone in time"}"
                : $"closed  {rule.Key.Rule} on {name} ({rule.Key.Key})");
        }

        tell(open.Count == 0 ? "Nothing is left open that should be closed." : $"{open.Count} rule(s) may still be open.");
        return open.Count;
    }

    private static IEnumerable<((AllowListKey Key, RuleKey Rule) Rule, ResourceIp Claim)> Rules(ResourceIp claim) =>
        claim.Scopes.Select(scope => ((claim.AllowListKey!.Value, new RuleKey(scope, claim.Address)), claim));

    private async Task TryNowAsync(IReadOnlyList<SessionId> owners, CancellationToken ct)
    {
        foreach (var some in owners.Chunk(BatchSize))
        {
            await using var db = databases.OpenEngine();
            await using var work = await db.BeginWriteAsync(WritePriority.Closing, ct);
            var write = await SessionWrite.LockAsync(db, some, clock.Now, Actor.System, false, ct);
            foreach (var claim in write.Sessions.Values.SelectMany(s => s.ResourceIps))
                write.TryNow(claim);
            write.Complete();
            await work.CommitAsync(ct);
        }
    }

    // Should be gone, and may stand.
    private async Task<List<ResourceIp>> LeavingAsync(HashSet<ResourceIpId>? among, CancellationToken ct)
    {
        await using var db = databases.OpenEngine();
        await using var read = await db.BeginReadAsync(ct);
        var open = await db.ResourceIps.AsNoTracking().Include(c => c.Resource)
            .Where(c => c.DueAt != null && c.AllowListKey != null && c.MayStand).OrderBy(c => c.Id).ToListAsync(ct);
        return [.. open.Where(c => c.State.IsLeaving && among?.Contains(c.Id) != false)];
    }

    /// <summary>A provider whose allow-lists live in a server's process, seen when no server runs: nothing stands there, and nothing can be made.</summary>
    private sealed class WithoutProcess(IResourceProvider provider, DatabaseClock clock) : IResourceProvider
    {
        public ResourceType Type => provider.Type;

        public ProviderCapabilities Capabilities => provider.Capabilities;

        public ProviderDescription Description => provider.Description;

        public ConfigReading Read(ResourceConfig config) => provider.Read(config);

        public string? CheckCredential(OrganizationId organization, string credentialType, string secret) => provider.CheckCredential(organization, credentialType, secret);

        public AllowListKeys KeysOf(ResourceConfig config, string identity) => provider.KeysOf(config, identity);

        public Task<VerifyReport> VerifyAsync(ProviderContext context, CancellationToken ct) => Task.FromResult(VerifyReport.Invalid("No server runs."));

        public Task<ListResult> ListAsync(ProviderContext context, CancellationToken ct) => Task.FromResult<ListResult>(new RuleSnapshot([], true, clock.Now));

        public Task<ApplyResult> ApplyAsync(ProviderContext context, RuleChanges changes, CancellationToken ct) => Task.FromResult(new ApplyResult(
            [.. changes.Removals.Select(_ => new RuleOutcome.AlreadyGone())],
            [.. changes.Additions.Select(_ => new RuleOutcome.Failed(new RuleFault("NO_SERVER", "No server runs.", false)))]));
    }
}
