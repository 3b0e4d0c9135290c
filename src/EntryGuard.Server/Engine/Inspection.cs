using EntryGuard.Domain;
using EntryGuard.Domain.Net;
using EntryGuard.Domain.Providers;
using EntryGuard.Domain.Rules;
using EntryGuard.Server.Data;
using EntryGuard.Server.Data.Secrets;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Engine;

/// <summary>Looks at what stands at a provider, for people. Changes nothing, and leaves the calls to the engine that closings need.</summary>
public sealed class Inspection(
    Databases databases, ProviderSet providers, SecretBox secrets, CallBudget budget, TimeProvider time, EngineMetrics metrics, Reconciliation reconciliation,
    ILogger<Inspection> log)
{
    private static readonly HashSet<RuleKey> NoRules = [];
    private static readonly HashSet<string> NoMarks = [];

    /// <summary>Compares the Resource's allow-list with what live claims want, as a reconciliation would, and says what that would do.</summary>
    /// <param name="id">Whose list; the caller has seen to it that whoever asks may see it.</param>
    /// <param name="unbraked">As if the brake did not hold.</param>
    /// <param name="ct">Cancels the call.</param>
    public async Task<Comparison> CompareAsync(ResourceId id, bool unbraked, CancellationToken ct)
    {
        Resource? resource;
        List<Resource> served;
        List<ResourceIp> rows;
        string installation;
        AllowList list;
        await using (var db = databases.OpenEngine())
        {
            await using var read = await db.BeginReadAsync(ct);
            resource = await db.Resources.AsNoTracking().WithCredential().SingleOrDefaultAsync(r => r.Id == id, ct);
            if (resource?.AllowListKey is not { } key)
                return new Comparison(resource, null, null, NoRules, NoMarks, null, new RuleFault("NOT_VERIFIED", "The Resource was never verified.", true));
            installation = (await db.Installations.AsNoTracking().SingleAsync(ct)).Code;
            list = await db.AllowLists.AsNoTracking().SingleAsync(a => a.Key == key, ct);
            served = await db.Resources.AsNoTracking().Where(r => r.AllowListKey == key && r.DeletedAt == null).OrderBy(r => r.Id).ToListAsync(ct);
            rows = await db.ResourceIps.AsNoTracking().Include(c => c.Resource).Where(c => c.AllowListKey == key && c.DueAt != null).ToListAsync(ct);
        }

        var (snapshot, fault) = await ListAsync(resource, ct);
        if (snapshot is null || providers.Find(resource.Provider, resource.ResourceType) is not { } provider)
            return new Comparison(resource, null, null, NoRules, NoMarks, null, fault);
        var claims = rows.ConvertAll(c => c.ToClaim());
        var drift = Drift.From(claims, snapshot, new PlanTerms(list.Key, installation, provider.Capabilities, list.QuietAfter + provider.Capabilities.ReadDelay));
        var decision = await reconciliation.DecideAsync(list.Key, drift, served, unbraked, snapshot.AskedAt - provider.Capabilities.ReadDelay, ct);
        var own = rows.Where(c => c.OrganizationId == resource.OrganizationId).SelectMany(c => c.Scopes.Select(scope => new RuleKey(scope, c.Address))).ToHashSet();
        return new Comparison(resource, drift, decision, own, own.Select(rule => rule.OwnerMark(installation, list.Key)).ToHashSet(), snapshot.AskedAt, null);
    }

    /// <summary>Asks the provider what is on the Resource's allow-list.</summary>
    /// <param name="id">Whose list; the caller has seen to it that whoever asks may see it.</param>
    /// <param name="address">Claims of other organizations are counted if they cover it.</param>
    /// <param name="ct">Cancels the call.</param>
    public async Task<Sight> LookAsync(ResourceId id, Cidr address, CancellationToken ct)
    {
        Resource? resource;
        string installation;
        var others = 0;
        await using (var db = databases.OpenEngine())
        {
            await using var read = await db.BeginReadAsync(ct);
            installation = (await db.Installations.AsNoTracking().SingleAsync(ct)).Code;
            resource = await db.Resources.AsNoTracking().WithCredential().SingleOrDefaultAsync(r => r.Id == id, ct);
            if (resource?.AllowListKey is { } key)
                others = (await db.ResourceIps.Where(c => c.AllowListKey == key && c.DueAt != null && c.OrganizationId != resource.OrganizationId)
                    .Select(c => c.Address).ToListAsync(ct)).Count(a => a.Contains(address));
        }

        if (resource?.AllowListKey is null)
            return new Sight(installation, others, null, new RuleFault("NOT_VERIFIED", "The Resource was never verified.", true));
        var (snapshot, fault) = await ListAsync(resource, ct);
        return new Sight(installation, others, snapshot, fault);
    }

    private async Task<(RuleSnapshot? Snapshot, RuleFault? Fault)> ListAsync(Resource resource, CancellationToken ct)
    {
        if (providers.Find(resource.Provider, resource.ResourceType) is not { } provider)
            return (null, new RuleFault("NO_PROVIDER", $"This server has no provider for {resource.Provider}/{resource.ResourceType}.", true));
        if (databases.IsShared && provider is IHoldsAllowLists holder && !holder.Holds(resource.AllowListKey!.Value))
            return (null, new RuleFault("ELSEWHERE", "Another node serves it, or none does at the moment.", false));
        if (budget.Take(resource.ThrottleKey, provider.Capabilities.CallsPerSecond, closing: false) is { Ticks: > 0 } wait)
            return (null, new RuleFault("BUSY", $"The provider takes no more calls now; ask again in {Math.Ceiling(wait.TotalSeconds):0} s.", false));
        var (list, fault) = await ProviderCall.AskAsync(limit => provider.ListAsync(ResourceView.Of(resource).Context(secrets), limit), "list", provider.Type, metrics, time, log, ct);
        if (list?.Fault?.RetryAfter is { } pause)
            budget.Pause(resource.ThrottleKey, pause);
        return (list?.Snapshot, fault ?? list?.Fault);
    }
}

/// <summary>What was seen at a provider.</summary>
/// <param name="Installation">Part of our owner marks.</param>
/// <param name="OtherOrganizations">Live or unsettled claims of other organizations that cover the address.</param>
/// <param name="Snapshot">Null exactly if there is a <paramref name="Fault"/>.</param>
public sealed record Sight(string Installation, int OtherOrganizations, RuleSnapshot? Snapshot, RuleFault? Fault);

/// <summary>What a comparison found.</summary>
/// <param name="Resource">Asked about; null: there is none.</param>
/// <param name="Drift">How the list differs; null exactly if there is a <paramref name="Fault"/>.</param>
/// <param name="Decision">What a reconciliation would do about it; null if there is no <paramref name="Drift"/>.</param>
/// <param name="OwnRules">Rules of the organization's own claims.</param>
/// <param name="OwnMarks">The marks of those.</param>
/// <param name="ListedAt">When the provider was asked.</param>
public sealed record Comparison(
    Resource? Resource, Drift? Drift, DriftDecision? Decision, IReadOnlySet<RuleKey> OwnRules, IReadOnlySet<string> OwnMarks, DateTimeOffset? ListedAt, RuleFault? Fault);
