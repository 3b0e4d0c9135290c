using System.Collections.Concurrent;
using EntryGuard.Simulation.Sabotages;

namespace EntryGuard.Simulation;

public sealed class SabotageTests(ITestOutputHelper output)
{
    private const int MostSeeds = 200;

    public static TheoryData<string> Planted => [.. Defects.All.Keys];

    [Theory, MemberData(nameof(Planted)), Trait("Category", "Slow")]
    public void A_planted_defect_is_found(string defect)
    {
        var found = new ConcurrentDictionary<int, string>();
        Seeds.Run(Enumerable.Range(1, MostSeeds), seed =>
        {
            if (Seeds.Broken(seed, Defects.All[defect]()) is not { } broken)
                return true;
            found[seed] = broken.Law;
            return false;
        });
        Assert.False(found.IsEmpty, $"{MostSeeds} seeds did not find that {defect}.");
        var (first, law) = found.MinBy(f => f.Key);
        output.WriteLine($"{defect,-60} seed {first,3}  {law}");
        law.ShouldNotBe("the simulation itself");
    }
}
