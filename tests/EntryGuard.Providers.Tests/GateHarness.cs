using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using EntryGuard.Domain;
using EntryGuard.Domain.Net;
using EntryGuard.Domain.Providers;
using EntryGuard.Providers.Gate;

namespace EntryGuard.Providers.Tests;

/// <summary>Real gates on loopback, one per address family, in front of one target that says a byte to whoever comes through.</summary>
public sealed class GateHarness : ProviderHarness
{
    /// <summary>What the target says.</summary>
    public const byte Greeting = 42;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly Socket target = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly List<Socket> guests = [];
    private readonly Task greeting;
    private readonly Dictionary<int, int> ports = [];

    public GateHarness()
    {
        target.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        target.Listen(256);
        greeting = GreetAsync();
        Gate = new GateProvider(GateLimits.Default, TimeProvider.System);
        foreach (var version in new[] { 4, 6 })
            ports[version] = FreePort(version);
    }

    public GateProvider Gate { get; private set; }

    public override IResourceProvider Provider => Gate;

    public OrganizationId Organization { get; } = new(Guid.NewGuid());

    public int TargetPort => ((IPEndPoint)target.LocalEndPoint!).Port;

    /// <summary>Connections that reached the target.</summary>
    public int Visits => guests.Count;

    public override IReadOnlyList<(string Identifier, string Settings, string[] Fields)> Refused =>
    [
        ("", "[]", ["config"]),
        ("", "{}", ["config.listen", "config.target"]),
        ("", """{ "listen": 15432, "target": null, "tls": true }""", ["config.listen", "config.target", "config.tls"]),
        ("", """{ "listen": "127.0.0.1", "target": "127.0.0.1:0" }""", ["config.listen", "config.target"]),
        ("", """{ "listen": "localhost:15432", "target": "127.0.0.1:65536" }""", ["config.listen", "config.target"]),
        ("", """{ "listen": "010.0.0.1:15432", "target": "127.1:5432" }""", ["config.listen", "config.target"]),
        ("", """{ "listen": "::1:15432", "target": "[127.0.0.1]:5432" }""", ["config.listen", "config.target"]),
        ("", """{ "listen": "127.0.0.1/8:15432", "target": "http://127.0.0.1:80" }""", ["config.listen", "config.target"]),
        ("", """{ "listen": "192.0.2.1:15432", "target": "10.0.0.5:5432" }""", ["config.listen", "config.target"]),
        ("", """{ "listen": "0.0.0.0:15432", "target": "169.254.169.254:80" }""", ["config.listen", "config.target"]),
        ("", """{ "listen": "127.0.0.1:15432", "target": "127.0.0.1:15432" }""", ["config.target"]),
    ];

    public override ProviderContext Context(int ipVersion = 4) => Context(Organization, TargetPort, ipVersion);

    public ProviderContext Context(OrganizationId organization, int to, int ipVersion = 4)
    {
        var listen = DoorOf(ipVersion).ToString();
        var settings = JsonSerializer.SerializeToElement(new { listen, target = $"127.0.0.1:{to}" });
        return new ProviderContext(organization, new ResourceId(Guid.NewGuid()), new ResourceConfig(listen, null, settings), null, null);
    }

    /// <summary>As after a restart: another process's provider, which knows nothing.</summary>
    public async Task RestartAsync(GateLimits? limits = null)
    {
        await Gate.DisposeAsync();
        Gate = new GateProvider(limits ?? GateLimits.Default, TimeProvider.System);
    }

    public override async Task<bool> LetsInAsync(string address)
    {
        try
        {
            using var visitor = await VisitAsync(address);
            return true;
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionReset or SocketError.ConnectionRefused or SocketError.Shutdown)
        {
            return false;
        }
    }

    /// <summary>A live connection from that address, greeted by the target. Throws what the socket says if it is refused.</summary>
    public async Task<Socket> VisitAsync(string address)
    {
        var from = Cidr.Parse(address);
        var visitor = new Socket(from.FirstAddress.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            using var patience = new CancellationTokenSource(Patience);
            visitor.Bind(new IPEndPoint(from.FirstAddress, 0));
            await visitor.ConnectAsync(DoorOf(from.IpVersion), patience.Token);
            var heard = new byte[1];
            if (await visitor.ReceiveAsync(heard, patience.Token) == 0)
                throw new SocketException((int)SocketError.ConnectionReset);
            heard[0].ShouldBe(Greeting);
            return visitor;
        }
        catch
        {
            visitor.Dispose();
            throw;
        }
    }

    /// <summary>True once the connection was reset; throws if it still lives after the patience of the tests.</summary>
    public static async Task<bool> IsCutAsync(Socket visitor)
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            return await visitor.ReceiveAsync(new byte[1], patience.Token) == 0 ? false : throw new InvalidOperationException("A byte came.");
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode == SocketError.ConnectionReset;
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await Gate.DisposeAsync();
        target.Dispose();
        await greeting;
        guests.ForEach(g => g.Dispose());
        await base.DisposeAsync();
    }

    public static int FreePort(int ipVersion = 4)
    {
        var address = ipVersion == 4 ? IPAddress.Loopback : IPAddress.IPv6Loopback;
        using var probe = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(address, 0));
        return ((IPEndPoint)probe.LocalEndPoint!).Port;
    }

    public IPEndPoint DoorOf(int ipVersion = 4) => new(ipVersion == 4 ? IPAddress.Loopback : IPAddress.IPv6Loopback, ports[ipVersion]);

    private async Task GreetAsync()
    {
        try
        {
            while (true)
            {
                var guest = await target.AcceptAsync();
                guests.Add(guest);
                try
                {
                    await guest.SendAsync(new[] { Greeting });
                }
                catch (SocketException)
                {
                    // Already cut.
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }
}
