using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace EntryGuard.Bench;

/// <summary>The built server in a process of its own, on SQLite.</summary>
internal sealed class BenchServer : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly Process process;

    private BenchServer(Process process, Uri url) => (this.process, Url) = (process, url);

    public Uri Url { get; }

    /// <summary>From the start of its process to its first answer.</summary>
    public TimeSpan ServedAfter { get; private set; }

    /// <summary>In MiB, now.</summary>
    public double Resident
    {
        get
        {
            var line = File.ReadLines($"/proc/{process.Id}/status").First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
            return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
        }
    }

    /// <summary>Starts it and waits for its first answer.</summary>
    /// <param name="program">Path of <c>entryguard</c>.</param>
    /// <param name="folder">Of its database and its key; both are made where they are missing.</param>
    /// <param name="more">Further arguments.</param>
    public static async Task<BenchServer> StartAsync(string program, string folder, params string[] more)
    {
        var url = new Uri($"http://127.0.0.1:{FreePort()}/");
        var key = Path.Combine(folder, "master.key");
        if (!File.Exists(key))
        {
            await File.WriteAllTextAsync(key, Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        var info = new ProcessStartInfo(program) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])["serve", "--data", Path.Combine(folder, "data"), "--urls", $"{url}", $"--EntryGuard:MasterKeyFile={key}", "--Logging:LogLevel:Default=Warning", .. more])
            info.ArgumentList.Add(argument);
        var startedAt = Stopwatch.GetTimestamp();
        var server = new BenchServer(Process.Start(info)!, url);
        server.process.OutputDataReceived += (_, _) => { };
        server.process.ErrorDataReceived += (_, line) => Console.Error.WriteLine(line.Data);
        server.process.BeginOutputReadLine();
        server.process.BeginErrorReadLine();
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        while (!await AnswersAsync(http, url))
        {
            if (server.process.HasExited || Stopwatch.GetElapsedTime(startedAt) > Patience)
            {
                await server.DisposeAsync();
                throw new InvalidOperationException("The server did not come up.");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        }

        server.ServedAfter = Stopwatch.GetElapsedTime(startedAt);
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
            process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
    }

    private static async Task<bool> AnswersAsync(HttpClient http, Uri url)
    {
        try
        {
            using var answer = await http.GetAsync(new Uri(url, "api/v1/detect-ip"));
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)probe.LocalEndPoint!).Port;
    }
}
