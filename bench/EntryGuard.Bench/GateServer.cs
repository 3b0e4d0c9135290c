using System.Globalization;
using System.Net;
using EntryGuard.Domain.Net;
using EntryGuard.Gate;

namespace EntryGuard.Bench;

/// <summary>The gate in a process of its own, as HAProxy is in one: two doors, to a sink and to an echo.</summary>
internal static class GateServer
{
    public const string Verb = "gate-server";

    /// <summary>Prints the two ports it listens on, then serves until its standard input ends.</summary>
    public static async Task<int> RunAsync(string sinkPort, string echoPort)
    {
        using var table = new AllowTable(TimeProvider.System);
        table.Put(Cidr.Parse("127.0.0.1"), TimeProvider.System.GetUtcNow().AddMinutes(5), "bench");
        await using var sink = Start(sinkPort, table);
        await using var echo = Start(echoPort, table);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{sink.ListenEndpoint.Port} {echo.ListenEndpoint.Port}"));
        await Console.In.ReadLineAsync();
        return 0;
    }

    private static TcpGate Start(string targetPort, AllowTable table) => TcpGate.Start(
        new GateOptions
        {
            Listen = new IPEndPoint(IPAddress.Loopback, 0),
            Target = new IPEndPoint(IPAddress.Loopback, int.Parse(targetPort, CultureInfo.InvariantCulture)),
        },
        table,
        TimeProvider.System);
}
