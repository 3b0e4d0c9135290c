using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace EntryGuard.Bench;

/// <summary>
/// The whole server on SQLite: from the start of its process to its first answer, and what it holds in memory when idle. Aims, not limits
/// of correctness: a missed one makes the exit code 1.
/// </summary>
internal static class ServerBench
{
    private const int Rounds = 5;
    private static readonly TimeSpan ServesWithin = TimeSpan.FromSeconds(2);
    private const double ResidentMiB = 200;

    // Long enough for the first sweep and the garbage of the start to settle.
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <param name="server">Path of the built server, <c>entryguard</c>.</param>
    public static async Task<int> RunAsync(string server)
    {
        var (starts, residents) = (new List<double>(), new List<double>());
        var folder = Directory.CreateTempSubdirectory("entryguard-bench-").FullName;
        try
        {
            // The first round also makes the database; the others start on one that is there, as a restart does.
            for (var round = 0; round <= Rounds; round++)
            {
                var (start, resident) = await RoundAsync(server, folder, round == Rounds);
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {(round == 0 ? "new database" : "restart     ")}  serves after {start:0.00} s{(resident is null ? "" : $", {resident:0} MiB resident when idle")}"));
                if (round > 0)
                    starts.Add(start);
                if (resident is { } held)
                    residents.Add(held);
            }
        }
        finally
        {
            Directory.Delete(folder, true);
        }

        starts.Sort();
        var median = starts[starts.Count / 2];
        return (Judge("serves within", median, ServesWithin.TotalSeconds, "s") & Judge("resident when idle", residents[0], ResidentMiB, "MiB")) ? 0 : 1;
    }

    private static bool Judge(string what, double figure, double aim, string unit)
    {
        var held = figure <= aim;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what,-20} {figure,8:0.00} {unit,-4} aim {aim:0.##} {unit}  ratio {figure / aim:0.00}  {(held ? "HELD" : "MISSED")}"));
        return held;
    }

    private static async Task<(double Start, double? Resident)> RoundAsync(string server, string folder, bool idle)
    {
        var url = $"http://127.0.0.1:{FreePort()}";
        var info = new ProcessStartInfo(server) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in new[] { "serve", "--data", Path.Combine(folder, "data"), "--urls", url, "--first-run", "--Logging:LogLevel:Default=Warning" })
            info.ArgumentList.Add(argument);
        var key = Path.Combine(folder, "master.key");
        if (!File.Exists(key))
        {
            await File.WriteAllTextAsync(key, Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        info.ArgumentList.Add($"--EntryGuard:MasterKeyFile={key}");
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        var startedAt = Stopwatch.GetTimestamp();
        using var process = Process.Start(info)!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, line) => Console.Error.WriteLine(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        try
        {
            while (!await AnswersAsync(http, url))
            {
                if (process.HasExited || Stopwatch.GetElapsedTime(startedAt) > Patience)
                    throw new InvalidOperationException("The server did not come up.");
                await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
            }

            var start = Stopwatch.GetElapsedTime(startedAt).TotalSeconds;
            if (!idle)
                return (start, null);
            await Task.Delay(Idle, TimeProvider.System);
            return (start, ResidentOf(process.Id));
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync();
        }
    }

    private static async Task<bool> AnswersAsync(HttpClient http, string url)
    {
        try
        {
            using var answer = await http.GetAsync(new Uri($"{url}/api/v1/detect-ip"));
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static double ResidentOf(int process)
    {
        var line = File.ReadLines($"/proc/{process}/status").First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }

    private static int FreePort()
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)probe.LocalEndPoint!).Port;
    }
}
