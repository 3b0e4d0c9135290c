using System.Data.Common;
using EntryGuard.Domain;
using EntryGuard.Domain.Providers;
using EntryGuard.Server.Data;
using EntryGuard.Simulation.Clouds;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;

namespace EntryGuard.Simulation.Sabotages;

/// <summary>One defect, planted from outside: production code stays as it is.</summary>
internal sealed record Sabotage
{
    public bool IsClockOff { get; init; }

    public bool IsSweepOff { get; init; }

    /// <summary>What the engine believes of a provider.</summary>
    public Func<ProviderCapabilities, ProviderCapabilities>? Believe { get; init; }

    /// <summary>What is sent instead of what the engine planned.</summary>
    public Func<ProviderContext, RuleChanges, RuleChanges>? Send { get; init; }

    /// <summary>What the engine hears of one rule, added (true) or removed.</summary>
    public Func<RuleOutcome, bool, RuleOutcome>? Hear { get; init; }

    /// <summary>What the engine sees of an allow-list.</summary>
    public Func<ProviderContext, RuleSnapshot, RuleSnapshot>? See { get; init; }

    /// <summary>The key of the n-th Resource's allow-list.</summary>
    public Func<Cloud, int, AllowListKey>? Key { get; init; }

    /// <summary>SQL that is run once, on the fresh database.</summary>
    public string? Schema { get; init; }

    /// <summary>What is about to be read.</summary>
    public Action<DbCommand>? Read { get; init; }

    /// <summary>What is about to be saved.</summary>
    public Action<ChangeTracker>? Save { get; init; }

    /// <summary>What is not saved at all, though the caller thinks so.</summary>
    public Func<ChangeTracker, bool>? Forget { get; init; }

    /// <summary>A defect in what is written of a claim.</summary>
    public static Sabotage OfClaims(Action<EntityEntry<ResourceIp>> write) => new()
    {
        Save = tracker =>
        {
            foreach (var claim in tracker.Entries<ResourceIp>().Where(e => e.State is EntityState.Added or EntityState.Modified).ToList())
                write(claim);
        },
    };

    public IResourceProvider Wrap(IResourceProvider provider) => new Altered(provider, this);

    private sealed class Altered(IResourceProvider provider, Sabotage sabotage) : IResourceProvider
    {
        public ResourceType Type => provider.Type;

        public ProviderCapabilities Capabilities { get; } = sabotage.Believe?.Invoke(provider.Capabilities) ?? provider.Capabilities;

        public ProviderDescription Description => provider.Description;

        public ConfigReading Read(ResourceConfig config) => provider.Read(config);

        public string? CheckCredential(OrganizationId organization, string credentialType, string secret) => provider.CheckCredential(organization, credentialType, secret);

        public AllowListKeys KeysOf(ResourceConfig config, string identity) => provider.KeysOf(config, identity);

        public Task<VerifyReport> VerifyAsync(ProviderContext context, CancellationToken ct) => provider.VerifyAsync(context, ct);

        public async Task<ListResult> ListAsync(ProviderContext context, CancellationToken ct)
        {
            var list = await provider.ListAsync(context, ct);
            return list.Snapshot is { } snapshot && sabotage.See is { } see ? see(context, snapshot) : list;
        }

        public async Task<ApplyResult> ApplyAsync(ProviderContext context, RuleChanges changes, CancellationToken ct)
        {
            var result = await provider.ApplyAsync(context, sabotage.Send?.Invoke(context, changes) ?? changes, ct);
            return sabotage.Hear is not { } hear ? result
                : result with { Additions = [.. result.Additions.Select(o => hear(o, true))], Removals = [.. result.Removals.Select(o => hear(o, false))] };
        }
    }
}
