using EntryGuard.Contracts;
using EntryGuard.Domain.Providers;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using Microsoft.AspNetCore.Http.HttpResults;

namespace EntryGuard.Server.Features.Providers;

/// <summary><c>GET /providers</c>: every provider's description of itself.</summary>
public static class ListProviders
{
    public static Ok<IReadOnlyList<ProviderResponse>> Handle(ProviderSet providers)
    {
        ArgumentNullException.ThrowIfNull(providers);
        return TypedResults.Ok<IReadOnlyList<ProviderResponse>>([.. providers.All.Select(Show)]);
    }

    private static ProviderResponse Show(IResourceProvider provider) => new()
    {
        Provider = provider.Type.Provider,
        ResourceType = provider.Type.Kind,
        Name = provider.Description.Name,
        IdentifiedBy = provider.Description.IdentifiedBy,
        ResourceFields = [.. provider.Description.ResourceFields.Select(Show)],
        Credentials =
        [
            .. provider.Description.Credentials.Select(c => new CredentialKindResponse
            {
                CredentialType = c.Type,
                Name = c.Name,
                Hint = c.Hint,
                NeedsExternalId = c.NeedsExternalId,
                Fields = [.. c.Fields.Select(Show)],
            }),
        ],
        UsualAddresses = [.. provider.Capabilities.UsualAddresses.Order().Select(Names.Wire)],
    };

    private static FieldResponse Show(FieldDescription field) => new()
    {
        Key = field.Key,
        Label = field.Label,
        Kind = Names.Wire(field.Kind),
        IsRequired = field.IsRequired,
        Hint = field.Hint,
        Example = field.Example,
        Choices = field.Choices,
        InsteadOf = field.InsteadOf,
    };
}
