using EntryGuard.Domain.Rules;

namespace EntryGuard.Domain.Providers;

/// <summary>One rule that is to stand, or whose end is to move.</summary>
/// <param name="Rule">What to open, to whom.</param>
/// <param name="Mark">The owner mark it must carry.</param>
/// <param name="Until">The latest end of the claims that want it; providers without native expiry ignore it.</param>
public sealed record RuleAddition(RuleKey Rule, string Mark, DateTimeOffset Until);

/// <summary>One rule that is to go: every entry named here, and every entry of the allow-list with this mark and this address.</summary>
/// <param name="Rule">What was opened, to whom.</param>
/// <param name="Mark">The owner mark. Entries without it are somebody else's. <see cref="RuleKey.AnyMark"/>: the admin declared the list wholly ours.</param>
/// <param name="Entries">What claims recorded and lists showed; may be empty.</param>
public sealed record RuleRemoval(RuleKey Rule, string Mark, IReadOnlyList<RuleEntry> Entries)
{
    /// <summary>Only entries that are named by their id: others with the same mark and address are wanted.</summary>
    public bool OnlyNamed { get; init; }

    /// <summary>Whether this entry of the allow-list is to go.</summary>
    /// <param name="entry">As listed.</param>
    public bool Takes(ObservedRule entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        if (Mark != RuleKey.AnyMark && entry.Mark != Mark)
            return false;
        var isNamed = entry.Id is not null && Entries.Any(e => e.Id == entry.Id);
        return isNamed || (!OnlyNamed && Mark != RuleKey.AnyMark && entry.Rule.Address == Rule.Address);
    }
}

/// <summary>One call's worth of changes. Removals are carried out first.</summary>
public sealed record RuleChanges(IReadOnlyList<RuleRemoval> Removals, IReadOnlyList<RuleAddition> Additions)
{
    /// <summary>Number of items.</summary>
    public int Count => Removals.Count + Additions.Count;
}
