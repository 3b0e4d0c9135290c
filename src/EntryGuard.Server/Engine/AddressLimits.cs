using EntryGuard.Domain.Net;
using EntryGuard.Domain.Providers;
using EntryGuard.Server.Data;

namespace EntryGuard.Server.Engine;

/// <summary>Which addresses a Resource takes: what its provider can hold (E10), and what it is meant for.</summary>
public static class AddressLimits
{
    /// <summary>A session's ranges wider than these are refused even where ranges are allowed.</summary>
    private const int WidestIPv4 = 16;
    private const int WidestIPv6 = 48;

    /// <summary>Null if a session may open it for this address; else why not, to follow the Resource's name.</summary>
    public static string? WhyNot(ProviderSet providers, Resource resource, Cidr address) =>
        WhyNotAtAll(providers, resource, address) ?? RangeFault(resource, address);

    /// <summary>As <see cref="WhyNot"/>, whatever the width: an admin answers for that of a static rule, within what the organization allows.</summary>
    public static string? WhyNotAtAll(ProviderSet providers, Resource resource, Cidr address)
    {
        ArgumentNullException.ThrowIfNull(providers);
        ArgumentNullException.ThrowIfNull(resource);
        if (providers.Find(resource.Provider, resource.ResourceType) is not { } provider)
            return $"this server has no provider for {resource.Provider}/{resource.ResourceType}";
        if (!Holds(provider, resource, address))
            return $"it cannot hold IPv{address.IpVersion} addresses";
        var kind = AddressKinds.KindOf(address);
        return provider.Capabilities.UsualAddresses.Contains(kind) || resource.AllowedAddresses.Contains(Names.Wire(kind))
            ? null
            : $"takes no {Names.Wire(kind).ToLowerInvariant()} addresses such as {address}";
    }

    // What the provider does not read any more (the operator narrowed the limits) is found out by the call.
    private static bool Holds(IResourceProvider provider, Resource resource, Cidr address)
    {
        var reading = provider.Read(resource.ToConfig());
        return address.IpVersion == 4 ? provider.Capabilities.IPv4 && reading.IPv4 : provider.Capabilities.IPv6 && reading.IPv6;
    }

    private static string? RangeFault(Resource resource, Cidr address)
    {
        if (address.IsSingleAddress)
            return null;
        if (!resource.AllowedAddresses.Contains("RANGE"))
            return $"takes no ranges such as {address}; give a single address";
        var widest = address.IpVersion == 4 ? WidestIPv4 : WidestIPv6;
        return address.PrefixLength < widest ? $"takes no ranges wider than /{widest}" : null;
    }
}
