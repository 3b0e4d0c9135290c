using System.Net;
using System.Net.Sockets;
using EntryGuard.Domain.Net;
using EntryGuard.Server.Data;
using EntryGuard.Server.Data.Postgres;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace EntryGuard.Server.Engine.Clustering;

/// <summary>Who this node is in its cluster; known once the database was asked.</summary>
internal sealed class ClusterIdentity(Databases databases, DatabaseClock clock, IOptions<ClusterSettings> settings)
{
    private (string Cluster, IPEndPoint Endpoint)? known;

    /// <summary>Which cluster.</summary>
    public string Cluster => Known.Cluster;

    /// <summary>Where the other nodes reach this one.</summary>
    public IPEndPoint Endpoint => Known.Endpoint;

    private (string Cluster, IPEndPoint Endpoint) Known => known ?? throw new InvalidOperationException("The engine was not prepared.");

    /// <summary>Reads the installation's code and settles the endpoint.</summary>
    /// <exception cref="RefusedToStartException">The settings are wrong, or nodes on other hosts could not reach this one.</exception>
    public async Task SettleAsync(CancellationToken ct)
    {
        await using var db = databases.OpenEngine();
        var cluster = settings.Value.ClusterId ?? await db.Installations.Select(i => i.Code).SingleAsync(ct);
        if (!db.IsShared)
        {
            known = (cluster, new IPEndPoint(IPAddress.Loopback, LoneNode.Port));
            return;
        }

        var address = Address();
        await RefuseUnreachableAsync(db, cluster, address, ct);
        known = (cluster, new IPEndPoint(address, settings.Value.SiloPort is 0 ? FreePort(address) : settings.Value.SiloPort));
    }

    private IPAddress Address()
    {
        if (settings.Value.AdvertisedAddress is not { } text)
            return IPAddress.Loopback;
        if (!Cidr.TryParse(text, out var address, out var error))
            throw new RefusedToStartException($"EntryGuard:Cluster:AdvertisedAddress {error}.");
        return address.IsSingleAddress
            ? address.FirstAddress
            : throw new RefusedToStartException("EntryGuard:Cluster:AdvertisedAddress is a range; write the one address at which the other nodes reach this one.");
    }

    // Each would take the other for dead, and the loser would stop: again and again, on both hosts.
    private async Task RefuseUnreachableAsync(EntryGuardDb db, string cluster, IPAddress own, CancellationToken ct)
    {
        var (active, host, since) = (Names.Wire(SiloStatus.Active), Dns.GetHostName(), clock.Now - EngineSetup.StaleAfter);
        var others = await db.Set<ClusterNode>()
            .Where(m => m.ClusterId == cluster && m.Status == active && m.HostName != host && m.AliveAt > since)
            .Select(m => new { m.HostName, m.Address }).ToListAsync(ct);
        if (others.Find(o => IPAddress.IsLoopback(own) || IPAddress.IsLoopback(SiloAddress.FromParsableString(o.Address).Endpoint.Address)) is { } other)
        {
            throw new RefusedToStartException(
                $"A node runs on host {other.HostName} too. Set EntryGuard:Cluster:AdvertisedAddress on both, to the address at which the other reaches it.");
        }
    }

    private static int FreePort(IPAddress address)
    {
        using var probe = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(address, 0));
        return ((IPEndPoint)probe.LocalEndPoint!).Port;
    }
}
