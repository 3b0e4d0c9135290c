using System.Globalization;
using System.Runtime.InteropServices;

namespace EntryGuard.Bench;

/// <summary>Gate against HAProxy in TCP mode: same loopback, same run, rounds in turn, so that whatever else the machine does hits both.</summary>
internal static class GateBench
{
    private const int Rounds = 5;
    private static readonly TimeSpan WarmUp = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Measured = TimeSpan.FromSeconds(1);

    private static readonly Race[] Races =
    [
        new("throughput, 1 connection", "MB/s", 1e6, 1.2, (load, door) => load.ThroughputAsync(door.SinkDoor, 1, WarmUp, Measured)),
        new("throughput, 64 connections", "MB/s", 1e6, 1.2, (load, door) => load.ThroughputAsync(door.SinkDoor, 64, WarmUp, Measured)),
        new("new connections, 8 callers", "1/s", 1, 0.55, (load, door) => load.ConnectionRateAsync(door.EchoDoor, 8, WarmUp, Measured)),
    ];

    /// <returns>0 if every ratio holds its limit, 1 if one is missed, 3 if there is no HAProxy to race against.</returns>
    public static async Task<int> RunAsync()
    {
        var haproxyPath = Contender.FindHaproxy();
        await PrintMachineAsync(haproxyPath);
        using var load = new LoopbackLoad();
        using var gate = await Contender.StartGateAsync(load.SinkPort, load.EchoPort);
        using var haproxy = haproxyPath is null ? null : await Contender.StartHaproxyAsync(haproxyPath, load.SinkPort, load.EchoPort);
        if (haproxy is null)
            Console.WriteLine("haproxy is not on PATH (Debian: apt-get install haproxy): the gate runs alone, no ratio can be given");

        var hasMissed = false;
        foreach (var race in Races)
        {
            var (ours, theirs) = (new List<double>(), new List<double>());
            for (var round = 0; round < Rounds; round++)
            {
                ours.Add(await race.RunAsync(load, gate) / race.Scale);
                if (haproxy is not null)
                    theirs.Add(await race.RunAsync(load, haproxy) / race.Scale);
            }

            Say($"{race.Name,-28} gate    {Median(ours),9:0} {race.Unit,-5} ({Spread(ours)})");
            if (haproxy is null)
                continue;
            var ratio = Median(ours) / Median(theirs);
            var holds = ratio >= race.Limit;
            hasMissed |= !holds;
            Say($"{"",-28} haproxy {Median(theirs),9:0} {race.Unit,-5} ({Spread(theirs)})");
            Say($"{"",-28} ratio   {ratio,9:0.00}       limit {race.Limit:0.00}: {(holds ? "holds" : "MISSED")}");
        }

        return haproxy is null ? 3 : hasMissed ? 1 : 0;
    }

    private static async Task PrintMachineAsync(string? haproxyPath)
    {
        var model = (await File.ReadAllLinesAsync("/proc/cpuinfo")).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal));
        var cpu = model?.Split(':')[1].Trim() ?? "unknown processor";
        var busy = (await File.ReadAllTextAsync("/proc/loadavg")).Split(' ')[0];
        var version = haproxyPath is null ? "absent" : await Contender.VersionOfHaproxyAsync(haproxyPath);
        var (system, runtime) = (RuntimeInformation.OSDescription, RuntimeInformation.FrameworkDescription);
        Say($"machine: {Environment.ProcessorCount} x {cpu}, {system}, {runtime}, haproxy {version}, load before {busy}");
        Say($"medians of {Rounds} rounds of {Measured.TotalSeconds:0.#} s in turn; in brackets lowest to highest");
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static string Spread(List<double> values) => string.Create(CultureInfo.InvariantCulture, $"{values.Min():0} to {values.Max():0}");

    private static void Say(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));

    private sealed record Race(string Name, string Unit, double Scale, double Limit, Func<LoopbackLoad, Contender, Task<double>> RunAsync);
}
