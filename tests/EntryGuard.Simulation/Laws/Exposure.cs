using EntryGuard.Domain.Rules;
using EntryGuard.Simulation.Clouds;

namespace EntryGuard.Simulation.Laws;

/// <summary>The seconds of over-exposure of one run: how long rules of ours stood although no session was entitled to them any more.</summary>
internal sealed class Exposure
{
    private readonly Dictionary<(Cloud Cloud, RuleKey Rule), (DateTimeOffset Since, bool Calm)> over = [];
    private readonly List<(TimeSpan Lasted, bool Calm)> ended = [];
    private HashSet<(Cloud Cloud, RuleKey Rule)> standing = [];

    /// <summary>Each time that came to its end, and whether everything behaved from its beginning on.</summary>
    public IReadOnlyList<(TimeSpan Lasted, bool Calm)> Ended => ended;

    /// <summary>Something changed.</summary>
    /// <param name="now">When.</param>
    /// <param name="isCalm">Everything behaved since then.</param>
    /// <param name="clouds">What stands.</param>
    /// <param name="since">Since when nobody is entitled to a rule that stands; null: somebody is.</param>
    /// <returns>The longest time that has just ended, with everything behaving.</returns>
    public TimeSpan Look(DateTimeOffset now, Func<DateTimeOffset, bool> isCalm, IReadOnlyList<Cloud> clouds, Func<Cloud, RuleKey, DateTimeOffset?> since)
    {
        var (before, longest) = (standing, TimeSpan.Zero);
        standing = [.. clouds.SelectMany(c => c.Entries.Where(e => e.IsOurs).Select(e => (c, e.Rule)))];
        foreach (var (rule, began) in over.ToList())
        {
            if (standing.Contains(rule) && since(rule.Cloud, rule.Rule) is not null)
                continue;
            over.Remove(rule);
            ended.Add((now - began.Since, began.Calm));
            longest = began.Calm && now - began.Since > longest ? now - began.Since : longest;
        }

        foreach (var rule in standing.Where(r => !over.ContainsKey(r)))
        {
            if (since(rule.Cloud, rule.Rule) is { } end)
                over[rule] = before.Contains(rule) ? (end, isCalm(end)) : (now, isCalm(end));
        }

        return longest;
    }
}
