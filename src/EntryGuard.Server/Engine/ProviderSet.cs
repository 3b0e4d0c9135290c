using EntryGuard.Domain.Providers;

namespace EntryGuard.Server.Engine;

/// <summary>The providers of this installation, by the kind they handle.</summary>
public sealed class ProviderSet(IEnumerable<IResourceProvider> providers)
{
    private readonly Dictionary<ResourceType, IResourceProvider> byType = providers.ToDictionary(p => p.Type);

    /// <summary>All of them, in a stable order.</summary>
    public IEnumerable<IResourceProvider> All => byType.Values.OrderBy(p => p.Type.ToString(), StringComparer.Ordinal);

    /// <summary>Null if there is none for the kind.</summary>
    public IResourceProvider? Find(string provider, string kind) => byType.GetValueOrDefault(new ResourceType(provider, kind));
}
