using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace EntryGuard.Simulation;

[Collection(Seeds.OneAtATime)]
public sealed class SimulationTests(ITestOutputHelper output)
{
    private static int Number(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : otherwise;

    [Fact]
    public void The_five_laws_hold_whatever_happens()
    {
        var (first, count) = (Number("ENTRYGUARD_SIM_FIRST_SEED", 1), Number("ENTRYGUARD_SIM_SEEDS", 200));
        var watch = Stopwatch.StartNew();
        var exposures = new Exposures();
        var failures = new ConcurrentDictionary<int, string>();
        Seeds.Run(Enumerable.Range(first, count), seed =>
        {
            if (Seeds.Broken(seed, null, w => exposures.AddRange(w.Laws.Exposure.Ended)) is { } broken)
                failures[seed] = broken.Story;
            return failures.Count < 10;
        });
        output.WriteLine($"{count} seeds in {watch.Elapsed.TotalSeconds:0.0} s");
        output.WriteLine($"seconds of over-exposure, whatever happened:       {exposures.Say(false)}");
        output.WriteLine($"seconds of over-exposure, with nothing in the way: {exposures.Say(true)}");
        Assert.True(failures.IsEmpty, string.Join("\n", failures.OrderBy(f => f.Key).Select(f => f.Value)));
    }

    /// <summary>Seeds that failed once, beyond the first 200 or within them, with what they found. A new one is added with the mending of its defect.</summary>
    public static TheoryData<int, string> Regressions => new()
    {
        { 155, "an end that a provider without proof said it had moved was believed, and the rule ended by itself" },
        { 114, "an overdue undoing that was seen gone kept its date of being overdue, and was never pruned" },
    };

    [Theory, MemberData(nameof(Regressions))]
    public void What_was_found_once_stays_mended(int seed, string what)
    {
        var broken = Seeds.Broken(seed);
        Assert.True(broken is null, $"Again: {what}.\n{broken?.Story}");
    }

    /// <summary>Of all runs.</summary>
    private sealed class Exposures
    {
        private readonly List<(TimeSpan Lasted, bool Calm)> all = [];

        public void AddRange(IEnumerable<(TimeSpan Lasted, bool Calm)> some)
        {
            lock (all)
                all.AddRange(some);
        }

        public string Say(bool calm)
        {
            var sorted = all.Where(e => e.Calm || !calm).Select(e => e.Lasted.TotalSeconds).Order().ToList();
            return sorted.Count == 0 ? "none"
                : string.Create(CultureInfo.InvariantCulture, $"p50 {sorted[sorted.Count / 2]:0.00}, p99 {sorted[sorted.Count * 99 / 100]:0.00}, longest {sorted[^1]:0.00} (of {sorted.Count})");
        }
    }

    [Fact]
    public void A_seed_repeats_its_run()
    {
        using var one = new World(4711);
        one.Run();
        using var two = new World(4711);
        two.Run();
        two.Story.Lines().ShouldBe(one.Story.Lines());
    }
}
