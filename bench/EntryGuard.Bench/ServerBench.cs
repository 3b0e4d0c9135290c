using System.Globalization;

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

    /// <param name="server">Path of the built server, <c>entryguard</c>.</param>
    public static async Task<int> RunAsync(string server)
    {
        var starts = new List<double>();
        var resident = 0.0;
        var folder = Directory.CreateTempSubdirectory("entryguard-bench-").FullName;
        try
        {
            // The first round also makes the database; the others start on one that is there, as a restart does.
            for (var round = 0; round <= Rounds; round++)
            {
                await using var running = await BenchServer.StartAsync(server, folder, "--first-run");
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {(round == 0 ? "new database" : "restart     ")}  serves after {running.ServedAfter.TotalSeconds:0.00} s"));
                if (round > 0)
                    starts.Add(running.ServedAfter.TotalSeconds);
                if (round < Rounds)
                    continue;
                await Task.Delay(Idle, TimeProvider.System);
                resident = running.Resident;
            }
        }
        finally
        {
            Directory.Delete(folder, true);
        }

        starts.Sort();
        return (Aim.Judge("serves within", starts[starts.Count / 2], ServesWithin.TotalSeconds, "s") & Aim.Judge("resident when idle", resident, ResidentMiB, "MiB")) ? 0 : 1;
    }
}
