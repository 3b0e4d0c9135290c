using EntryGuard.Domain.Net;
using Microsoft.AspNetCore.Http.Features;

namespace EntryGuard.Server.Hosting;

/// <summary>
/// The address a request comes from: the peer of its socket. Only if that peer is one of the configured proxies (<c>EntryGuard:Proxies</c>, a
/// list of addresses and ranges) is <c>X-Forwarded-For</c> heard, from the right, up to the first hop that is no proxy: everything left of it
/// is the client's own word.
/// </summary>
public sealed class ClientAddress
{
    private readonly IReadOnlyList<Cidr> proxies;

    private ClientAddress(IReadOnlyList<Cidr> proxies) => this.proxies = proxies;

    /// <summary>Reads the configuration.</summary>
    /// <exception cref="InvalidOperationException">An entry is no address or range; all of them are named.</exception>
    public static ClientAddress From(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var (proxies, errors) = (new List<Cidr>(), new List<string>());
        foreach (var entry in configuration.GetSection("EntryGuard:Proxies").GetChildren())
        {
            if (Cidr.TryParse(entry.Value, out var proxy, out var fault))
                proxies.Add(proxy);
            else
                errors.Add($"{entry.Path} {fault}.");
        }

        return errors.Count == 0 ? new ClientAddress(proxies) : throw new InvalidOperationException(string.Join(" ", errors));
    }

    /// <summary>Of this request; <see cref="Cidr.None"/> if its socket has none.</summary>
    public static Cidr Of(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.Features.Get<Found>() is { } found)
            return found.Address;
        var address = context.RequestServices.GetRequiredService<ClientAddress>().Find(context);
        context.Features.Set(new Found(address));
        return address;
    }

    /// <summary>A proxy of ours handed it on.</summary>
    internal static bool IsHandedOn(HttpContext context) =>
        context.Connection.RemoteIpAddress is { } peer && context.RequestServices.GetRequiredService<ClientAddress>().IsProxy(Cidr.Of(peer));

    /// <summary>For a request that this process makes on behalf of somebody whose address it observed before.</summary>
    internal static void Vouch(IFeatureCollection features, Cidr address) => features.Set(new Found(address));

    private Cidr Find(HttpContext context)
    {
        if (context.Connection.RemoteIpAddress is not { } peer)
            return Cidr.None;
        var current = Cidr.Of(peer);
        var hops = string.Join(',', context.Request.Headers["X-Forwarded-For"].AsEnumerable()).Split(',');
        for (var i = hops.Length - 1; i >= 0 && IsProxy(current); i--)
        {
            // A hop that is no plain address could be anybody: the proxy that wrote it is the last one known.
            if (!Cidr.TryParse(hops[i].Trim(), out var hop, out _) || !hop.IsSingleAddress)
                break;
            current = hop;
        }

        return current;
    }

    private bool IsProxy(Cidr address) => proxies.Any(p => p.Contains(address));

    private sealed record Found(Cidr Address);
}
