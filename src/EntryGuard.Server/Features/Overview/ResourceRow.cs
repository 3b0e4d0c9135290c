using System.Collections.Immutable;
using System.Linq.Expressions;
using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Domain.Providers;
using EntryGuard.Server.Data;

namespace EntryGuard.Server.Features.Overview;

/// <summary>Of a Resource, no more than the overview shows.</summary>
internal sealed class ResourceRow
{
    public required ResourceId Id { get; init; }
    public required string Name { get; init; }
    public required string Provider { get; init; }
    public required bool IsActive { get; init; }
    public required ResourceHealth Health { get; init; }
    public required string? HealthMessage { get; init; }
    public required DateTimeOffset? FrozenAt { get; init; }
    public required DateTimeOffset? ListedAt { get; init; }
    public required ImmutableArray<ForeignRule> ForeignRules { get; init; }
    public required ImmutableArray<RuleQuota> Quotas { get; init; }

    /// <summary>In SQL; finish with <see cref="ToResponse"/>.</summary>
    public static Expression<Func<Resource, ResourceRow>> Projection => r => new ResourceRow
    {
        Id = r.Id,
        Name = r.Name,
        Provider = r.Provider,
        IsActive = r.IsActive,
        Health = r.Health,
        HealthMessage = r.HealthMessage,
        FrozenAt = r.FrozenAt,
        ListedAt = r.ListedAt,
        ForeignRules = r.ForeignRules,
        Quotas = r.Quotas,
    };

    /// <param name="open">What is let in to it; null: for certain nobody is.</param>
    public ResourceFigures ToResponse(GetOverview.LetIn? open) => new()
    {
        Id = Id.Value,
        Name = Name,
        Provider = Provider,
        IsActive = IsActive,
        Health = Names.Wire(Health),
        HealthMessage = HealthMessage,
        FrozenAt = FrozenAt,
        ListedAt = ListedAt,
        ForeignRules = ForeignRules.Length,
        Capacity = [.. Quotas.Select(q => new CapacityResponse { IpVersion = q.IpVersion, Used = q.Used, Limit = q.Limit })],
        Sessions = open?.Sessions ?? 0,
        AddressesLetIn = open?.Addresses ?? 0,
        AddressesInDoubt = open?.InDoubt ?? 0,
    };
}
