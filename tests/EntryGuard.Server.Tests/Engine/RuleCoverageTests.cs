using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace EntryGuard.Server.Tests.Engine;

/// <summary>Every rule of the engine is shown by a test that carries its number.</summary>
public sealed partial class RuleCoverageTests
{
    private const int Rules = 32;

    [Fact]
    public void Every_rule_has_a_test_with_its_number_in_its_name()
    {
        var tests = Directory.EnumerateFiles(Root(), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal));
        var shown = tests.SelectMany(file => TestName().Matches(File.ReadAllText(file)))
            .Select(m => int.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture)).ToHashSet();
        Enumerable.Range(1, Rules).Except(shown).Select(n => $"E{n:00}").ShouldBeEmpty("no test carries these numbers");
        shown.Where(n => n is < 1 or > Rules).ShouldBeEmpty("there are no such rules");
    }

    private static string Root([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", ".."));

    [GeneratedRegex(@"(?:void|Task) \w*?E(\d\d)_\w+\(")]
    private static partial Regex TestName();
}
