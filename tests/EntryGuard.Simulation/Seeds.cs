using EntryGuard.Simulation.Sabotages;

namespace EntryGuard.Simulation;

/// <summary>Runs many seeds, each on one thread.</summary>
internal static class Seeds
{
    /// <summary>Test classes that run many seeds take turns: each uses two threads.</summary>
    public const string OneAtATime = "one at a time: each runs many seeds";

    /// <summary>Two at a time, until none is left or <paramref name="run"/> says that it is enough.</summary>
    public static void Run(IEnumerable<int> seeds, Func<int, bool> run)
    {
        var (queue, stop) = (new Queue<int>(seeds), false);
        var threads = Enumerable.Range(0, 2).Select(_ => new Thread(() =>
        {
            while (true)
            {
                int seed;
                lock (queue)
                {
                    if (stop || !queue.TryDequeue(out seed))
                        return;
                }

                if (!run(seed))
                    Volatile.Write(ref stop, true);
            }
        }, 16 << 20)).ToList();
        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());
    }

    /// <summary>The first law that was broken, with its story; null if all held.</summary>
    public static (string Law, string Story)? Broken(int seed, Sabotage? sabotage = null, Action<World>? afterwards = null)
    {
        using var world = new World(seed, sabotage);
        try
        {
            world.Run();
            afterwards?.Invoke(world);
        }
        catch (InvalidOperationException e)
        {
            return ("the simulation itself", $"Seed {seed}: the simulation itself failed: {e}\n{world.Story.About([])}");
        }

        return world.Failure is { } failure
            ? ((failure as Broken)?.Law ?? "defect", $"Seed {seed}: {failure.Message}\n{world.Story.About(failure is Broken broken ? broken.About : [])}  repeat: script/simulate --seed {seed}\n")
            : null;
    }
}
