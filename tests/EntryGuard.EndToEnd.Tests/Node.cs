using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using EntryGuard.Contracts;

namespace EntryGuard.EndToEnd.Tests;

/// <summary>The server, as a process of its own, so that it can be killed.</summary>
internal sealed class Node : IAsyncDisposable
{
    /// <summary>For every installation of these tests.</summary>
    public const string MasterKey = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    // A start is two seconds of work; on a machine with other work, many more of waiting for it. What must be fast is measured by the tests.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(180);
    private readonly Process process;
    private readonly StringBuilder said = new();

    private Node(Process process, string url)
    {
        this.process = process;
        Http = new HttpClient { BaseAddress = new Uri(url), Timeout = TimeSpan.FromSeconds(10) };
        Api = new ApiClient(Http);
    }

    public int ProcessId => process.Id;
    public HttpClient Http { get; }
    public ApiClient Api { get; }

    /// <summary>When its process was started.</summary>
    public long StartedAt { get; } = Stopwatch.GetTimestamp();

    /// <summary>What it wrote to its two outputs.</summary>
    public string Said
    {
        get
        {
            lock (said)
                return said.ToString();
        }
    }

    /// <summary>Starts the process; see <see cref="AnswersAsync"/>.</summary>
    public static Node Start(string? key, params string[] arguments)
    {
        var url = $"http://127.0.0.1:{FreePort()}";
        var start = RunningServer.Command(["serve", "--urls", url, "--Logging:LogLevel:Default=Warning", .. arguments]);
        start.Environment["ENTRYGUARD_MASTER_KEY"] = MasterKey;
        var node = new Node(Process.Start(start)!, url);
        if (key is not null)
            node.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        node.process.OutputDataReceived += (_, line) => node.Heard(line.Data);
        node.process.ErrorDataReceived += (_, line) => node.Heard(line.Data);
        node.process.BeginOutputReadLine();
        node.process.BeginErrorReadLine();
        return node;
    }

    /// <summary>Waits until it answers requests. Says how long that took from the start of the process.</summary>
    public async Task<TimeSpan> AnswersAsync()
    {
        await Until.TrueAsync(Patience, async () =>
        {
            process.HasExited.ShouldBeFalse(Said);
            try
            {
                using var answer = await Http.GetAsync("api/v1/detect-ip");
                return answer.StatusCode != HttpStatusCode.ServiceUnavailable;
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
            {
                return false;
            }
        });
        return Stopwatch.GetElapsedTime(StartedAt);
    }

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
    }

    /// <summary>It ends by itself.</summary>
    public async Task<int> ExitCodeAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await process.WaitForExitAsync(limit.Token);
        return process.ExitCode;
    }

    /// <summary>A port that was free a moment ago.</summary>
    public static int FreePort()
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)probe.LocalEndPoint!).Port;
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
            await KillAsync();
        Http.Dispose();
        process.Dispose();
    }

    private void Heard(string? line)
    {
        lock (said)
            said.AppendLine(line);
    }
}

/// <summary>Other processes tell us nothing: they are asked again and again.</summary>
internal static class Until
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);

    /// <summary>Asks until it is so. Says how long that took.</summary>
    /// <exception cref="TimeoutException">It is not so in time.</exception>
    public static async Task<TimeSpan> TrueAsync(TimeSpan limit, Func<Task<bool>> ask)
    {
        var begun = Stopwatch.GetTimestamp();
        while (!await ask())
        {
            if (Stopwatch.GetElapsedTime(begun) > limit)
                throw new TimeoutException($"It is not so after {limit.TotalSeconds:0} s.");
            await Task.Delay(Look, TimeProvider.System);
        }

        return Stopwatch.GetElapsedTime(begun);
    }
}
