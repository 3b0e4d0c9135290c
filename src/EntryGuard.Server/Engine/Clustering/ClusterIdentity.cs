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
        await BuryAsync(db, cluster, clock.Now, ct);
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
        var (active, host) = (Names.Wire(SiloStatus.Active), Dns.GetHostName());
        var others = await LivingNodes.In(db, clock.Now)
            .Where(m => m.ClusterId == cluster && m.Status == active && m.HostName != host)
            .Select(m => new { m.HostName, m.Address }).ToListAsync(ct);
        if (others.Find(o => IPAddress.IsLoopback(own) || IPAddress.IsLoopback(SiloAddress.FromParsableString(o.Address).Endpoint.Address)) is { } other)
        {
            throw new RefusedToStartException(
                $"A node runs on host {other.HostName} too. Set EntryGuard:Cluster:AdvertisedAddress on both, to the address at which the other reaches it.");
        }
    }

    // A node that went without a word is waited for by whoever comes next, for seconds, since it might be about to answer. One that is silent
    // for so long counts for nothing anyway (E25): it is declared dead before we join. Whoever else changes the cluster at this moment decides.
    private static async Task BuryAsync(EntryGuardDb db, string cluster, DateTimeOffset now, CancellationToken ct)
    {
        var dead = Names.Wire(SiloStatus.Dead);
        await using var work = await db.BeginWriteAsync(WritePriority.Closing, ct);
        var versions = db.Set<ClusterVersion>().Where(v => v.ClusterId == cluster);
        var silent = LivingNodes.SilentIn(db, now).Where(n => n.ClusterId == cluster);
        if (await versions.Select(v => (int?)v.Version).SingleOrDefaultAsync(ct) is not { } version || !await silent.AnyAsync(ct)
            || await versions.Where(v => v.Version == version).ExecuteUpdateAsync(set => set.SetProperty(v => v.Version, version + 1), ct) != 1)
            return;
        await silent.ExecuteUpdateAsync(set => set.SetProperty(n => n.Status, dead).SetProperty(n => n.Version, version + 1), ct);
        await work.CommitAsync(ct);
    }

    private static int FreePort(IPAddress address)
    {
        using var probe = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(address, 0));
        return ((IPEndPoint)probe.LocalEndPoint!).Port;
    }
}
