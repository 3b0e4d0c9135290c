using EntryGuard.Domain;
using EntryGuard.Domain.Net;
using EntryGuard.Domain.Providers;
using EntryGuard.Server.Data;
using EntryGuard.Server.Data.Secrets;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Engine;

/// <summary>Looks at what stands at a provider, for people. Changes nothing, and leaves the calls to the engine that closings need.</summary>
public sealed class Inspection(
    Databases databases, ProviderSet providers, SecretBox secrets, CallBudget budget, TimeProvider time, EngineMetrics metrics, ILogger<Inspection> log)
{
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
        if (providers.Find(resource.Provider, resource.ResourceType) is not { } provider)
            return new Sight(installation, others, null, new RuleFault("NO_PROVIDER", $"This server has no provider for {resource.Provider}/{resource.ResourceType}.", true));
        if (databases.IsShared && provider is IHoldsAllowLists holder && !holder.Holds(resource.AllowListKey!.Value))
            return new Sight(installation, others, null, new RuleFault("ELSEWHERE", "Another node serves it, or none does at the moment.", false));
        if (budget.Take(resource.ThrottleKey, provider.Capabilities.CallsPerSecond, closing: false) is { Ticks: > 0 } wait)
            return new Sight(installation, others, null, new RuleFault("BUSY", $"The provider takes no more calls now; ask again in {Math.Ceiling(wait.TotalSeconds):0} s.", false));
        var (list, fault) = await ProviderCall.AskAsync(limit => provider.ListAsync(ResourceView.Of(resource).Context(secrets), limit), "list", provider.Type, metrics, time, log, ct);
        if (list?.Fault?.RetryAfter is { } pause)
            budget.Pause(resource.ThrottleKey, pause);
        return new Sight(installation, others, list?.Snapshot, fault ?? list?.Fault);
    }
}

/// <summary>What was seen at a provider.</summary>
/// <param name="Installation">Part of our owner marks.</param>
/// <param name="OtherOrganizations">Live or unsettled claims of other organizations that cover the address.</param>
/// <param name="Snapshot">Null exactly if there is a <paramref name="Fault"/>.</param>
public sealed record Sight(string Installation, int OtherOrganizations, RuleSnapshot? Snapshot, RuleFault? Fault);
