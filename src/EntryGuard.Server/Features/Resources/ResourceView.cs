using System.Linq.Expressions;
using System.Text.Json;
using EntryGuard.Contracts;
using EntryGuard.Server.Data;

namespace EntryGuard.Server.Features.Resources;

/// <summary>How a Resource is shown.</summary>
public static class ResourceView
{
    /// <summary>In SQL; finish with <see cref="Row.ToResponse"/>.</summary>
    public static Expression<Func<Resource, Row>> Projection => r => new Row
    {
        Resource = r,
        CredentialName = r.Credential == null ? null : r.Credential.Name,
    };

    /// <summary>Room at the provider.</summary>
    public static IReadOnlyList<CapacityResponse> Capacity(Resource resource)
    {
        ArgumentNullException.ThrowIfNull(resource);
        return [.. resource.Quotas.Select(q => new CapacityResponse { IpVersion = q.IpVersion, Used = q.Used, Limit = q.Limit })];
    }

    /// <summary>What the database gives.</summary>
    public sealed class Row
    {
        public required Resource Resource { get; init; }
        public required string? CredentialName { get; init; }

        public ResourceResponse ToResponse() => new()
        {
            Id = Resource.Id.Value,
            OrganizationId = Resource.OrganizationId.Value,
            Name = Resource.Name,
            CredentialId = Resource.CredentialId?.Value,
            CredentialName = CredentialName,
            Provider = Resource.Provider,
            ResourceType = Resource.ResourceType,
            ResourceIdentifier = Resource.Identifier,
            Region = Resource.Region,
            Config = JsonSerializer.Deserialize<JsonElement>(Resource.Config),
            IsActive = Resource.IsActive,
            FrozenAt = Resource.FrozenAt,
            Health = Names.Wire(Resource.Health),
            HealthMessage = Resource.HealthMessage,
            LastVerifiedAt = Resource.LastVerifiedAt,
            Policy = Names.Wire(Resource.Policy),
            ListedAt = Resource.ListedAt,
            ForeignRules =
            [
                .. Resource.ForeignRules.Select(f => new ForeignRuleResponse { Rule = f.Rule.Scope.ToString(), Address = f.Rule.Address.ToCidrString(), ProviderRuleId = f.Id }),
            ],
            AllowedAddresses = Resource.AllowedAddresses,
            Rules = [.. Resource.Scopes.Select(s => s.ToString())],
            Capacity = Capacity(Resource),
            CreatedAt = Resource.CreatedAt,
            UpdatedAt = Resource.UpdatedAt,
        };
    }
}
