using System.Globalization;
using System.Text;

namespace EntryGuard.Simulation;

/// <summary>What happened in one run, in the order in which it happened.</summary>
internal sealed class Story(Func<DateTimeOffset> now)
{
    private const int Shown = 60;
    private readonly List<(DateTimeOffset At, string Who, string What, string[] About)> events = [];
    private readonly DateTimeOffset began = now();

    public int Length => events.Count;

    /// <param name="who">Short: "ann", "p2", "cloud1", "others".</param>
    /// <param name="what">A sentence without its end.</param>
    /// <param name="about">Names that choose what a failure shows: "c7", "198.51.100.1". None: always shown.</param>
    public void Tell(string who, string what, params string[] about) => events.Add((now(), who, what, about));

    /// <summary>The last events that are about one of the names, or about everybody.</summary>
    public string About(IReadOnlyCollection<string> names)
    {
        var shown = events.Where(e => e.About.Length == 0 || names.Count == 0 || e.About.Any(names.Contains)).TakeLast(Shown);
        var text = new StringBuilder();
        foreach (var (at, who, what, _) in shown)
            text.Append(CultureInfo.InvariantCulture, $"  {At(at),12}  {who,-8} {what}\n");
        return text.ToString();
    }

    /// <summary>Since the beginning: "3:05.120".</summary>
    public string At(DateTimeOffset at) => (at - began).ToString(@"h\:mm\:ss\.fff", CultureInfo.InvariantCulture);

    /// <summary>The whole of it.</summary>
    public IReadOnlyList<string> Lines() => [.. events.Select(e => $"{e.At:O} {e.Who} {e.What}")];
}

/// <summary>A law was broken.</summary>
internal sealed class Broken(string law, string what, params string[] about) : Exception($"{law}: {what}")
{
    public string Law => law;
    public IReadOnlyCollection<string> About => about;
}
