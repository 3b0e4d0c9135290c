using System.Net;
using System.Net.Sockets;
using EntryGuard.Domain.Net;
using Microsoft.Extensions.Time.Testing;

namespace EntryGuard.Gate.Tests;

/// <summary>A gate on loopback, its target, and a clock that stands still until it is moved.</summary>
internal sealed class GateFixture : IAsyncDisposable
{
    public static readonly DateTimeOffset Noon = new(2030, 6, 1, 12, 0, 0, TimeSpan.Zero);
    public static readonly Cidr Local = Cidr.Parse("127.0.0.1");

    private GateFixture(TimeProvider clock, IPAddress target)
    {
        Table = new AllowTable(clock);
        Target = Peers.Listen(target);
    }

    public FakeTimeProvider Clock { get; private init; } = new();
    public AllowTable Table { get; }
    public Socket Target { get; }
    public TcpGate Gate { get; private set; } = null!;
    public IPEndPoint Door => Gate.ListenEndpoint;

    public static GateFixture Start(Func<GateOptions, GateOptions>? change = null, IPAddress? listen = null, IPAddress? target = null)
    {
        var clock = new FakeTimeProvider(Noon);
        var fixture = new GateFixture(clock, target ?? IPAddress.Loopback) { Clock = clock };
        var options = new GateOptions { Listen = new IPEndPoint(listen ?? IPAddress.Loopback, 0), Target = fixture.Target.LocalEndPoint! };
        fixture.Gate = TcpGate.Start(change?.Invoke(options) ?? options, fixture.Table, clock);
        return fixture;
    }

    public GateFixture Allow(string cidr, double hours = 1)
    {
        Table.Put(Cidr.Parse(cidr), Noon.AddHours(hours), "eg:test");
        return this;
    }

    /// <summary>A connection through the gate, seen from both ends.</summary>
    public async Task<(Socket Client, Socket Target)> ConnectAsync(IPAddress? from = null)
    {
        var client = await Peers.DialAsync(Door, from);
        return (client, await Target.NextAsync());
    }

    /// <summary>True if somebody dialled the target and was not accepted yet.</summary>
    public bool TargetWasDialled => Target.Poll(0, SelectMode.SelectRead);

    public async ValueTask DisposeAsync()
    {
        await Gate.DisposeAsync();
        Table.Dispose();
        Target.Dispose();
    }
}
