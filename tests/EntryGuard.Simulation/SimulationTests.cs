using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace EntryGuard.Simulation;

public sealed class SimulationTests(ITestOutputHelper output)
{
    private static int Number(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : otherwise;

    [Fact]
    public void The_five_laws_hold_whatever_happens()
    {
        var (first, count) = (Number("ENTRYGUARD_SIM_FIRST_SEED", 1), Number("ENTRYGUARD_SIM_SEEDS", 200));
        var watch = Stopwatch.StartNew();
        var failures = new ConcurrentDictionary<int, string>();
        Seeds.Run(Enumerable.Range(first, count), seed =>
        {
            if (Seeds.Fails(seed) is { } story)
                failures[seed] = story;
            return failures.Count < 10;
        });
        output.WriteLine($"{count} seeds in {watch.Elapsed.TotalSeconds:0.0} s");
        Assert.True(failures.IsEmpty, string.Join("\n", failures.OrderBy(f => f.Key).Select(f => f.Value)));
    }

    [Fact]
    public void A_seed_repeats_its_run()
    {
        using var one = new World(4711);
        one.Run();
        using var two = new World(4711);
        two.Run();
        two.Story.Fingerprint().ShouldBe(one.Story.Fingerprint());
    }
}
