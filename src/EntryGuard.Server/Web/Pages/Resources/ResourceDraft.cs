using System.Text.Json;
using EntryGuard.Contracts;
using EntryGuard.Server.Web.Parts;

namespace EntryGuard.Server.Web.Pages.Resources;

/// <summary>A Resource as it is being written.</summary>
internal sealed class ResourceDraft
{
    private const string Config = "config.";

    public string Name { get; set; } = "";

    public Guid? CredentialId { get; set; }

    public bool IsActive { get; set; } = true;

    public string Policy { get; set; } = "REPAIR";

    public HashSet<string> Allowed { get; } = [];

    /// <summary>What the provider describes.</summary>
    public FieldDraft Fields { get; } = new();

    /// <summary>A new one: where nothing is chosen, the first choice holds.</summary>
    public void Begin(ProviderResponse provider)
    {
        foreach (var field in provider.ResourceFields.Where(f => f.Choices.Count > 0 && Fields[f.Key].Length == 0))
            Fields[field.Key] = field.Choices[0];
    }

    /// <summary>As it is stored.</summary>
    public static ResourceDraft Of(ResourceResponse stored, ProviderResponse? provider)
    {
        var draft = new ResourceDraft { Name = stored.Name, CredentialId = stored.CredentialId, IsActive = stored.IsActive, Policy = stored.Policy };
        draft.Allowed.UnionWith(stored.AllowedAddresses);
        foreach (var setting in stored.Config.EnumerateObject())
            draft.Fields[Config + setting.Name] = FieldDraft.Read(setting.Value) ?? "";
        draft.Fields["region"] = stored.Region ?? "";
        draft.Fields[provider?.IdentifiedBy ?? "resourceIdentifier"] = stored.ResourceIdentifier;
        if (provider is not null)
            draft.Begin(provider);
        return draft;
    }

    /// <summary>As the browser keeps it: no secrets.</summary>
    /// <param name="provider">Null: not chosen yet, or not of this server.</param>
    /// <param name="etag">Of the version it was begun on; null: a new one.</param>
    public KeptResource Keep(ProviderResponse? provider, string? etag) =>
        new(provider is null ? null : $"{provider.Provider}/{provider.ResourceType}", Name, CredentialId, IsActive, Policy, [.. Allowed], Fields.Kept(provider?.ResourceFields ?? []), etag);

    /// <summary>As it was kept.</summary>
    public static ResourceDraft Of(KeptResource kept)
    {
        var draft = new ResourceDraft { Name = kept.Name, CredentialId = kept.CredentialId, IsActive = kept.IsActive, Policy = kept.Policy };
        draft.Allowed.UnionWith(kept.Allowed);
        foreach (var (key, text) in kept.Fields)
            draft.Fields[key] = text;
        return draft;
    }

    /// <summary>Those that a form offers: another way of saying the same only where it is said so.</summary>
    public IEnumerable<FieldResponse> Offered(ProviderResponse provider, ResourceResponse? stored) =>
        provider.ResourceFields.Where(f => f.InsteadOf is null || (stored is not null && stored.Config.TryGetProperty(f.Key[Config.Length..], out _)));

    public CreateResourceRequest ToCreate(ProviderResponse provider) => new()
    {
        Name = Name,
        Provider = provider.Provider,
        ResourceType = provider.ResourceType,
        ResourceIdentifier = Fields[provider.IdentifiedBy].Trim(),
        Region = provider.ResourceFields.Any(f => f.Key == "region") && Fields["region"].Trim() is { Length: > 0 } region ? region : null,
        CredentialId = provider.Credentials.Count > 0 ? CredentialId?.ToString() : null,
        Config = Fields.Write(provider.ResourceFields, Config),
        IsActive = IsActive,
        AllowedAddresses = [.. AddressWords.All.Where(Allowed.Contains)],
        Policy = Policy,
    };

    /// <summary>What differs from what is stored; the rest is left out.</summary>
    public UpdateResourceRequest ToUpdate(ResourceResponse stored, ProviderResponse? provider)
    {
        var config = provider is null ? stored.Config : Fields.Write(provider.ResourceFields, Config);
        return new UpdateResourceRequest
        {
            Name = Name == stored.Name ? null : Name,
            CredentialId = CredentialId == stored.CredentialId ? null : CredentialId?.ToString(),
            Config = provider is null || IsSame(config, stored.Config, provider) ? null : config,
            AllowedAddresses = Allowed.SetEquals(stored.AllowedAddresses) ? null : [.. AddressWords.All.Where(Allowed.Contains)],
            Policy = Policy == stored.Policy ? null : Policy,
        };
    }

    // A choice that was never made is the first of them.
    private static bool IsSame(JsonElement config, JsonElement stored, ProviderResponse provider)
    {
        if (JsonElement.DeepEquals(config, stored))
            return true;
        var told = stored.EnumerateObject().ToDictionary(p => p.Name, p => p.Value);
        foreach (var field in provider.ResourceFields.Where(f => f.Choices.Count > 0 && f.Key.StartsWith(Config, StringComparison.Ordinal)))
            told.TryAdd(field.Key[Config.Length..], JsonSerializer.SerializeToElement(field.Choices[0]));
        return JsonElement.DeepEquals(config, JsonSerializer.SerializeToElement(told));
    }
}

/// <summary>What the browser keeps of a <see cref="ResourceDraft"/>.</summary>
/// <param name="Kind">"AWS/SECURITY_GROUP"; null: not chosen yet.</param>
/// <param name="Fields">What the provider describes, by key.</param>
/// <param name="ETag">Of the version it was begun on; null: a new one.</param>
internal sealed record KeptResource(
    string? Kind, string Name, Guid? CredentialId, bool IsActive, string Policy, IReadOnlyList<string> Allowed, IReadOnlyDictionary<string, string> Fields, string? ETag);
