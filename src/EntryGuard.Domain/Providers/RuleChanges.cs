using EntryGuard.Domain.Rules;

namespace EntryGuard.Domain.Providers;

/// <summary>One rule that is to stand, or whose end is to move.</summary>
/// <param name="Rule">What to open, to whom.</param>
/// <param name="Mark">The owner mark it must carry.</param>
/// <param name="Until">The latest end of the claims that want it; providers without native expiry ignore it.</param>
public sealed record RuleAddition(RuleKey Rule, string Mark, DateTimeOffset Until);

/// <summary>One rule that is to go: every entry named here, and every entry of the allow-list with this mark and this address.</summary>
/// <param name="Rule">What was opened, to whom.</param>
/// <param name="Mark">The owner mark. Entries without it are somebody else's.</param>
/// <param name="Entries">What claims recorded and lists showed; may be empty.</param>
public sealed record RuleRemoval(RuleKey Rule, string Mark, IReadOnlyList<RuleEntry> Entries);

/// <summary>One call's worth of changes. Removals are carried out first.</summary>
public sealed record RuleChanges(IReadOnlyList<RuleRemoval> Removals, IReadOnlyList<RuleAddition> Additions)
{
    /// <summary>Number of items.</summary>
    public int Count => Removals.Count + Additions.Count;
}
