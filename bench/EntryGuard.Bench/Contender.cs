using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace EntryGuard.Bench;

/// <summary>One proxy under test: a child process with a door to the sink and a door to the echo.</summary>
internal sealed class Contender : IDisposable
{
    private readonly Process _process;
    private readonly string? _scratch;

    private Contender(Process process, int sinkDoor, int echoDoor, string? scratch) =>
        (_process, SinkDoor, EchoDoor, _scratch) = (process, sinkDoor, echoDoor, scratch);

    public int SinkDoor { get; }
    public int EchoDoor { get; }

    public static async Task<Contender> StartGateAsync(int sinkPort, int echoPort)
    {
        var process = Start(Environment.ProcessPath!, GateServer.Verb, Text(sinkPort), Text(echoPort));
        var ports = await process.StandardOutput.ReadLineAsync() ?? throw new IOException("The gate's process ended before it listened.");
        var parts = ports.Split(' ');
        return new Contender(
            process, int.Parse(parts[0], CultureInfo.InvariantCulture), int.Parse(parts[1], CultureInfo.InvariantCulture), null);
    }

    /// <summary>HAProxy as installed, with its own defaults (a thread per core), and the same work: check the source, then pass on.</summary>
    public static async Task<Contender> StartHaproxyAsync(string path, int sinkPort, int echoPort)
    {
        var (sinkDoor, echoDoor) = (FreePort(), FreePort());
        var scratch = Directory.CreateTempSubdirectory("entryguard-bench-").FullName;
        var config = Path.Combine(scratch, "haproxy.cfg");
        await File.WriteAllTextAsync(config, $"""
            global
                maxconn 4096
            defaults
                mode tcp
                timeout connect 5s
                timeout client 1m
                timeout server 1m
            listen sink
                bind 127.0.0.1:{Text(sinkDoor)}
                tcp-request connection reject if !LOCALHOST
                server target 127.0.0.1:{Text(sinkPort)}
            listen echo
                bind 127.0.0.1:{Text(echoDoor)}
                tcp-request connection reject if !LOCALHOST
                server target 127.0.0.1:{Text(echoPort)}

            """);
        var contender = new Contender(Start(path, "-db", "-f", config), sinkDoor, echoDoor, scratch);
        await contender.AwaitListeningAsync();
        return contender;
    }

    /// <summary>Null if it is not on PATH.</summary>
    public static string? FindHaproxy() => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Append("/usr/sbin")
        .Select(folder => Path.Combine(folder, "haproxy")).FirstOrDefault(File.Exists);

    public static async Task<string> VersionOfHaproxyAsync(string path)
    {
        using var process = Start(path, "-v");
        return (await process.StandardOutput.ReadLineAsync() ?? "").Replace("HAProxy version ", "", StringComparison.Ordinal).Split(' ')[0];
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        if (_scratch is not null)
            Directory.Delete(_scratch, recursive: true);
    }

    private async Task AwaitListeningAsync()
    {
        for (var tries = 0; ; tries++)
        {
            try
            {
                using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync(IPAddress.Loopback, EchoDoor);
                return;
            }
            catch (SocketException) when (tries < 100 && !_process.HasExited)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
            }
        }
    }

    private static Process Start(string path, params string[] arguments) => Process.Start(new ProcessStartInfo(path, arguments)
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
    })!;

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);
}
