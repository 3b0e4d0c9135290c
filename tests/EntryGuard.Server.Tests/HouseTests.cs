using System.Text.RegularExpressions;

namespace EntryGuard.Server.Tests;

/// <summary>The directions of the house, read from its source: who may know whom (docs/design.md).</summary>
public sealed partial class HouseTests
{
    private static readonly string Source = Path.Combine(Root(), "src");

    [Fact]
    public void The_domain_references_nothing()
    {
        var project = File.ReadAllText(Path.Combine(Source, "EntryGuard.Domain", "EntryGuard.Domain.csproj"));
        project.ShouldNotContain("PackageReference");
        project.ShouldNotContain("ProjectReference");
        Naming("EntryGuard.Domain", "EntryGuard.Server", "EntryGuard.Contracts", "EntryGuard.Gate", "EntryGuard.Providers").ShouldBeEmpty();
    }

    [Fact]
    public void What_goes_over_the_wire_knows_nothing_of_what_is_behind() =>
        Naming("EntryGuard.Contracts", "EntryGuard.Domain", "EntryGuard.Server").ShouldBeEmpty();

    [Fact]
    public void Providers_do_not_know_the_server() => Naming("EntryGuard.Providers", "EntryGuard.Server", "EntryGuard.Contracts").ShouldBeEmpty();

    [Fact]
    public void The_engine_does_not_know_features_or_hosting() =>
        Naming("EntryGuard.Server/Engine", "EntryGuard.Server.Features", "EntryGuard.Server.Hosting", "EntryGuard.Contracts").ShouldBeEmpty();

    [Fact]
    public void Mail_knows_only_the_data_and_the_domain() =>
        Naming("EntryGuard.Server/Mail", "EntryGuard.Server.Features", "EntryGuard.Server.Hosting", "EntryGuard.Server.Engine", "EntryGuard.Contracts").ShouldBeEmpty();

    [Fact]
    public void Hosting_does_not_know_features() => Naming("EntryGuard.Server/Hosting", "EntryGuard.Server.Features").ShouldBeEmpty();

    // How a session starts is the API's business: a page asks it, and shows what it says.
    [Fact]
    public void Pages_are_a_client_of_the_API_and_know_nothing_of_what_is_behind_it() =>
        Naming("EntryGuard.Server/Web", "EntryGuard.Server.Features", "EntryGuard.Server.Engine", "Microsoft.EntityFrameworkCore").ShouldBeEmpty();

    [Fact]
    public void Nobody_but_the_program_knows_the_pages() =>
        new[] { "Data", "Engine", "Features", "Hosting", "Mail" }.SelectMany(f => Naming($"EntryGuard.Server/{f}", "EntryGuard.Server.Web")).ShouldBeEmpty();

    [Fact]
    public void The_data_knows_only_the_domain() =>
        Naming("EntryGuard.Server/Data", "EntryGuard.Server.Features", "EntryGuard.Server.Hosting", "EntryGuard.Server.Engine", "EntryGuard.Server.Mail", "EntryGuard.Contracts").ShouldBeEmpty();

    [Fact]
    public void Features_do_not_call_each_other_but_look_at_sessions()
    {
        // How a session is shown is one projection, for whoever shows one.
        var slices = Directory.GetDirectories(Path.Combine(Source, "EntryGuard.Server", "Features")).Select(d => Path.GetFileName(d)!).ToList();
        slices.Count.ShouldBeGreaterThan(2);
        var bad = from slice in slices
                  from other in slices
                  where other != slice
                  from line in Naming($"EntryGuard.Server/Features/{slice}", $"EntryGuard.Server.Features.{other}")
                  where !line.EndsWith("using EntryGuard.Server.Features.Sessions;", StringComparison.Ordinal)
                  select line;
        bad.ShouldBeEmpty();
    }

    [Fact]
    public void E30_only_engine_and_data_open_the_scope_that_sees_all_tenants()
    {
        var bad = Files("EntryGuard.Server").Where(f => File.ReadAllText(f).Contains("OpenEngine(", StringComparison.Ordinal)
            || File.ReadAllText(f).Contains("IgnoreQueryFilters(", StringComparison.Ordinal))
            .Select(f => Path.GetRelativePath(Path.Combine(Source, "EntryGuard.Server"), f))
            .Where(f => !f.StartsWith("Engine/", StringComparison.Ordinal) && !f.StartsWith("Data/", StringComparison.Ordinal));
        bad.ShouldBeEmpty();
    }

    // Lines of a folder that name a namespace, or lean on it from inside our own ("Features.Sessions.…").
    private static List<string> Naming(string folder, params string[] namespaces)
    {
        var files = Files(folder);
        files.ShouldNotBeEmpty(folder);
        var found = new List<string>();
        foreach (var file in files)
        {
            foreach (var line in File.ReadLines(file).Where(l => !Comment().IsMatch(l) && !l.StartsWith("namespace ", StringComparison.Ordinal)))
            {
                var shortened = namespaces.Select(n => n.Replace("EntryGuard.Server.", "", StringComparison.Ordinal));
                if (namespaces.Any(n => Regex.IsMatch(line, $@"\b{Regex.Escape(n)}\b")) || shortened.Any(n => Regex.IsMatch(line, $@"(?<![\w.]){Regex.Escape(n)}\.[A-Z]")))
                    found.Add($"{Path.GetRelativePath(Source, file)}: {line.Trim()}");
            }
        }

        return found;
    }

    private static List<string> Files(string folder) =>
        [.. Directory.EnumerateFiles(Path.Combine(Source, folder), "*", SearchOption.AllDirectories)
            .Where(f => Path.GetExtension(f) is ".cs" or ".razor")
            .Where(f => !f.Contains("/obj/", StringComparison.Ordinal) && !f.Contains("/bin/", StringComparison.Ordinal))];

    private static string Root()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "EntryGuard.slnx")))
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The tests do not run inside the repository.");
        return folder;
    }

    [GeneratedRegex(@"^\s*//")]
    private static partial Regex Comment();
}
