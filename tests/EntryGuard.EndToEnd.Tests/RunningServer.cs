using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Security.Cryptography;

namespace EntryGuard.EndToEnd.Tests;

/// <summary>The real server program in a process of its own, started as <c>script/run</c> starts it, without the build.</summary>
internal sealed class RunningServer : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly Process process;
    private readonly List<string> lines = [];

    private RunningServer(Process process) => this.process = process;

    /// <summary>What it printed so far.</summary>
    public string Output
    {
        get
        {
            lock (lines)
                return string.Join('\n', lines);
        }
    }

    /// <summary>The variables of its environment file.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; private set; } = new Dictionary<string, string>();

    /// <summary>Starts it with a demo gate and these further arguments, and waits until it has written its environment file anew.</summary>
    [SupportedOSPlatform("linux")]
    public static async Task<RunningServer> StartAsync(string folder, int port, string envFile, params string[] more)
    {
        var key = Path.Combine(folder, "master.key");
        if (!File.Exists(key))
        {
            await using (File.Create(key))
                File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            await File.WriteAllTextAsync(key, Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));
        }

        using var written = new SemaphoreSlim(0);
        using var watcher = new FileSystemWatcher(Path.GetDirectoryName(envFile)!);
        watcher.Renamed += (_, change) =>
        {
            if (change.FullPath == envFile)
                written.Release();
        };
        watcher.EnableRaisingEvents = true;
        var server = new RunningServer(Launch([
            "serve", "--data", Path.Combine(folder, "database"), $"--EntryGuard:MasterKeyFile={key}", "--urls", $"http://127.0.0.1:{port}", "--demo",
            "--Logging:LogLevel:Default=Warning", "--env-file", envFile, .. more]));
        server.Read();
        using var limit = new CancellationTokenSource(Patience);
        var ended = server.process.WaitForExitAsync(limit.Token);
        if (await Task.WhenAny(written.WaitAsync(limit.Token), ended) == ended)
            throw new InvalidOperationException($"It ended: {server.Output}");
        server.Variables = (await File.ReadAllLinesAsync(envFile)).Select(line => line.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
        return server;
    }

    /// <summary>Starts the program with these arguments.</summary>
    public static Process Launch(params string[] arguments) => Process.Start(Command(arguments))!;

    /// <summary>The program: as it is meant to run, if script/test published it; else what was built with the tests, which takes longer to start.</summary>
    public static ProcessStartInfo Command(params string[] arguments)
    {
        var published = Environment.GetEnvironmentVariable("ENTRYGUARD_TEST_SERVER") is { Length: > 0 } path ? path : null;
        var start = new ProcessStartInfo(published ?? "dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (var argument in published is null ? arguments.Prepend(typeof(EntryGuard.Server.Data.Installation).Assembly.Location) : arguments)
            start.ArgumentList.Add(argument);
        return start;
    }

    public static int FreePort()
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)probe.LocalEndPoint!).Port;
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
            process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
    }

    private void Read()
    {
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    private void Keep(string? line)
    {
        lock (lines)
        {
            if (line is not null)
                lines.Add(line);
        }
    }
}
