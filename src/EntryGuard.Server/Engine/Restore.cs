using EntryGuard.Domain;
using EntryGuard.Domain.Providers;
using EntryGuard.Domain.Rules;
using EntryGuard.Domain.Sessions;
using EntryGuard.Server.Data;
using EntryGuard.Server.Data.Secrets;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Engine;

/// <summary>
/// After a backup was restored (E27): what the database says and what stands at the providers are from different times. Ends every live
/// session; then closes every entry that carries our mark, whether the database knows it or not, but those a static rule wants. Opens
/// nothing: what a static rule wants and does not have waits for an admin.
/// </summary>
public sealed class Restore(
    Databases databases, ProviderSet providers, SecretBox secrets, DatabaseClock clock, EngineMetrics metrics, TimeProvider time, ILogger<Restore> log)
{
    private readonly RestoredRules rules = new(databases, clock, metrics);

    /// <summary>May be run again until it succeeds.</summary>
    /// <param name="tell">A line per entry, and one per session count.</param>
    /// <param name="ct">Gives up.</param>
    /// <exception cref="RefusedToStartException">Something could not be looked at, or is still there.</exception>
    public async Task RunAsync(Action<string> tell, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(tell);
        tell($"ended {await RunningSessions.EndAsync(databases, clock, metrics, EndReason.Restored, ct)} live session(s)");
        var left = new List<string>();
        foreach (var resource in (await ResourcesAsync(ct)).DistinctBy(r => (r.AllowListKey, r.CredentialId)))
        {
            // What lives in a server's process died with it.
            if (providers.Find(resource.Provider, resource.ResourceType) is { Capabilities.DiesWithProcess: false } provider)
                left.AddRange(await CloseAsync(provider, ResourceView.Of(resource), resource.Name, tell, ct));
            else if (providers.Find(resource.Provider, resource.ResourceType) is not null)
                await rules.KeepAsync(resource.AllowListKey!.Value, [], tell, ct);
        }

        if (left.Count > 0)
        {
            throw new RefusedToStartException(
                $"The restore is not finished: {string.Join(" ", left.Distinct())} Repair that and start with --restored again; or close these by hand and start with --take-over.");
        }
    }

    private async Task<List<Resource>> ResourcesAsync(CancellationToken ct)
    {
        await using var db = databases.OpenEngine();
        await using var read = await db.BeginReadAsync(ct);

        // Tombstones too: the backup may be older than what was opened through them, and closed since.
        return await db.Resources.AsNoTracking().WithCredential().Where(r => r.AllowListKey != null)
            .OrderBy(r => r.DeletedAt != null).ThenBy(r => r.Id).ToListAsync(ct);
    }

    // What is wrong, in sentences; empty if nothing of ours is left there but what static rules want.
    private async Task<List<string>> CloseAsync(IResourceProvider provider, ResourceView resource, string name, Action<string> tell, CancellationToken ct)
    {
        var (ours, fault) = await OursAsync(provider, resource, ct);
        if (fault is not null)
            return [$"{name} ({resource.Key}) could not be listed: {fault}"];
        var kept = await rules.KeepAsync(resource.Key!.Value, ours, tell, ct);
        ours = ours.FindAll(o => !kept.Contains(o.Rule));
        foreach (var some in ours.Chunk(Math.Max(1, provider.Capabilities.BatchSize)))
        {
            var changes = new RuleChanges(
                [.. some.Select(o => new RuleRemoval(o.Rule, o.Mark!, o.Id is null ? [] : [new RuleEntry(o.Id, o.Rule.Scope)]))], []);
            await QuietAsync(resource.Key.Value, ct);
            var (_, failed) = await ProviderCall.AskAsync(
                limit => provider.ApplyAsync(resource.Context(secrets), changes, limit), "apply", provider.Type, metrics, time, log, ct);
            if (failed is not null)
                return [$"{name} ({resource.Key}) could not be changed: {failed.Message}"];
        }

        if (ours.Count == 0)
            return [];
        await Task.Delay(provider.Capabilities.ReadDelay, time, ct);
        var (still, blind) = await OursAsync(provider, resource, ct);
        if (blind is not null)
            return [$"{name} ({resource.Key}) was changed, but could not be listed afterwards: {blind}"];
        still = still.FindAll(s => !kept.Contains(s.Rule));
        foreach (var gone in ours.Where(o => !still.Any(s => s.Rule == o.Rule && s.Mark == o.Mark)))
            tell($"closed {gone.Rule} on {name} ({resource.Key})");
        foreach (var open in still)
            tell($"STILL OPEN {open.Rule} on {name} ({resource.Key})");
        return [.. still.Select(s => $"{s.Rule} still stands on {name} ({resource.Key}).")];
    }

    private async Task<(List<ObservedRule> Ours, string? Fault)> OursAsync(IResourceProvider provider, ResourceView resource, CancellationToken ct)
    {
        var (list, fault) = await ProviderCall.AskAsync(limit => provider.ListAsync(resource.Context(secrets), limit), "list", provider.Type, metrics, time, log, ct);
        if ((fault ?? list!.Fault) is { } why)
            return ([], why.Message);
        if (!list!.Snapshot!.IsComplete)
            return ([], "The list was not complete.");
        var installation = await InstallationAsync(ct);
        return ([.. list.Snapshot.Rules.Where(r => r.IsMarkedBy(installation))], null);
    }

    private async Task<string> InstallationAsync(CancellationToken ct)
    {
        await using var db = databases.OpenEngine();
        await using var read = await db.BeginReadAsync(ct);
        return (await db.Installations.AsNoTracking().SingleAsync(ct)).Code;
    }

    // Before the call: should its answer be lost, no absence is believed before its deadline (E12).
    private async Task QuietAsync(AllowListKey key, CancellationToken ct)
    {
        await using var db = databases.OpenEngine();
        await using var work = await db.BeginWriteAsync(WritePriority.Closing, ct);
        await db.LockAsync(key, ct);
        var list = await db.AllowLists.SingleAsync(a => a.Key == key, ct);
        if (clock.Now + AllowListWorker.CallTimeout is var deadline && (list.QuietAfter is null || list.QuietAfter < deadline))
            list.QuietAfter = deadline;
        await work.CommitAsync(ct);
    }
}
