using System.Diagnostics;
using System.Net.Http.Headers;
using System.Security.Cryptography;

namespace EntryGuard.Server.Walkthrough;

/// <summary>This program again, as a server in a process of its own, so that it can be killed.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly string Key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
    private readonly Process process;
    private readonly StreamWriter log;

    private ServerProcess(Process process, StreamWriter log) => (this.process, this.log) = (process, log);

    /// <summary>Of the start of the process to its first answer.</summary>
    public TimeSpan ReadyAfter { get; private set; }

    /// <summary>Settings from the environment file it wrote.</summary>
    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    /// <summary>Bound to the server, signed in with the admin's key.</summary>
    public required HttpClient Http { get; init; }

    /// <summary>Starts it on the folder and waits until it answers.</summary>
    public static async Task<ServerProcess> StartAsync(string folder, string url, TimeSpan removalDelay, TimeProvider time, CancellationToken ct)
    {
        var envFile = Path.Combine(folder, "walkthrough.env");
        var start = new ProcessStartInfo(System.Environment.ProcessPath!)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        if (Path.GetFileNameWithoutExtension(start.FileName) == "dotnet")
            start.ArgumentList.Add(typeof(ServerProcess).Assembly.Location);
        foreach (var argument in new[]
        {
            "serve", "--data", folder, "--urls", url, "--demo", "--env-file", envFile,
            "--EntryGuard:Sessions:MinimumSeconds=1", $"--EntryGuard:Gate:RemovalDelay={removalDelay}", "--Logging:LogLevel:Default=Warning",
        })
            start.ArgumentList.Add(argument);

        start.Environment["ENTRYGUARD_MASTER_KEY"] = Key;
        var startedAt = time.GetTimestamp();
        var process = Process.Start(start)!;
        var log = new StreamWriter(Path.Combine(folder, "server.log"), append: true) { AutoFlush = true };
        process.OutputDataReceived += (_, line) => Write(log, line.Data);
        process.ErrorDataReceived += (_, line) => Write(log, line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();

        var http = new HttpClient { BaseAddress = new Uri(url), Timeout = TimeSpan.FromSeconds(10) };
        while (!await AnswersAsync(http, ct))
        {
            if (process.HasExited || time.GetElapsedTime(startedAt) > Patience)
                throw new InvalidOperationException($"The server did not come up; see {folder}/server.log");
            await Task.Delay(TimeSpan.FromMilliseconds(20), time, ct);
        }

        var ready = time.GetElapsedTime(startedAt);
        var environment = (await File.ReadAllLinesAsync(envFile, ct)).Select(line => line.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("ApiKey", environment["EG_API_KEY"]);
        return new ServerProcess(process, log) { Environment = environment, Http = http, ReadyAfter = ready };
    }

    /// <summary>SIGKILL: nothing is told, nothing is flushed.</summary>
    public async Task KillAsync(CancellationToken ct)
    {
        process.Kill();
        await process.WaitForExitAsync(ct);
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
            await KillAsync(CancellationToken.None);
        Http.Dispose();
        process.Dispose();
        await log.DisposeAsync();
    }

    private static void Write(StreamWriter log, string? line)
    {
        lock (log)
        {
            if (line is not null && log.BaseStream.CanWrite)
                log.WriteLine(line);
        }
    }

    private static async Task<bool> AnswersAsync(HttpClient http, CancellationToken ct)
    {
        try
        {
            using var answer = await http.GetAsync("/api/v1/detect-ip", ct);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
