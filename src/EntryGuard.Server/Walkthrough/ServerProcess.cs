using System.Diagnostics;
using System.Net.Http.Headers;
using System.Security.Cryptography;

namespace EntryGuard.Server.Walkthrough;

/// <summary>This program again, as a server in a process of its own, so that it can be killed.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly string Key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
    private readonly Process process;
    private readonly StreamWriter log;

    private ServerProcess(Process process, StreamWriter log) => (this.process, this.log) = (process, log);

    /// <summary>Of the start of the process to its first answer.</summary>
    public TimeSpan ReadyAfter { get; private init; }

    /// <summary>Timestamp of that answer.</summary>
    public long AnsweredAt { get; private init; }

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
        var (startedAt, startedOn) = (time.GetTimestamp(), time.GetUtcNow().UtcDateTime.AddMilliseconds(-20));   // the file system's clock is coarse
        var process = Process.Start(start)!;
        var log = new StreamWriter(Path.Combine(folder, "server.log"), append: true) { AutoFlush = true };
        process.OutputDataReceived += (_, line) => Write(log, line.Data);
        process.ErrorDataReceived += (_, line) => Write(log, line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();

        var http = new HttpClient { BaseAddress = new Uri(url), Timeout = TimeSpan.FromSeconds(10) };
        while (!await AnswersAsync(http, ct))
            await WaitAsync(20);
        var answeredAt = time.GetTimestamp();
        while (File.GetLastWriteTimeUtc(envFile) < startedOn)   // written once it listens
            await WaitAsync(5);
        var environment = (await File.ReadAllLinesAsync(envFile, ct)).Select(line => line.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("ApiKey", environment["EG_API_KEY"]);
        return new ServerProcess(process, log) { Environment = environment, Http = http, AnsweredAt = answeredAt, ReadyAfter = time.GetElapsedTime(startedAt, answeredAt) };

        Task WaitAsync(int milliseconds)
        {
            if (!process.HasExited && time.GetElapsedTime(startedAt) < Patience)
                return Task.Delay(TimeSpan.FromMilliseconds(milliseconds), time, ct);
            process.Kill();
            throw new InvalidOperationException("The server did not come up.");
        }
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
