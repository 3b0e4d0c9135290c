using System.Collections.Immutable;
using EntryGuard.Domain.Rules;

namespace EntryGuard.Domain.Providers;

/// <summary>One entry of an allow-list as listed.</summary>
/// <param name="Rule">Canonical scope and address.</param>
/// <param name="Id">The provider's id; null where it has none.</param>
/// <param name="Mark">The owner mark it carries; null if none or not readable as one.</param>
/// <param name="Until">The end the provider holds; null if it holds none.</param>
public sealed record ObservedRule(RuleKey Rule, string? Id, string? Mark, DateTimeOffset? Until)
{
    /// <summary>It carries an owner mark of this installation, of whatever rule.</summary>
    public bool IsMarkedBy(string installation) => Mark?.StartsWith(RuleKey.MarkPrefix(installation), StringComparison.Ordinal) == true;
}

/// <summary>What stands on an allow-list.</summary>
/// <param name="Rules">Ours and foreign ones.</param>
/// <param name="IsComplete">False if a page was missing: then it proves presence, never absence.</param>
/// <param name="AskedAt">When the request for it started: it shows nothing older than this less the read delay.</param>
public sealed record RuleSnapshot(IReadOnlyList<ObservedRule> Rules, bool IsComplete, DateTimeOffset AskedAt)
{
    /// <summary>How full it is; empty where there is no limit, or it is not known.</summary>
    public ImmutableArray<RuleQuota> Quotas { get; init; } = [];
}

/// <summary>Room on an allow-list, as its provider counts it.</summary>
/// <param name="IpVersion">4 or 6; null: both families share it.</param>
/// <param name="Used">Entries, whoever made them.</param>
/// <param name="Limit">Most entries.</param>
public readonly record struct RuleQuota(int? IpVersion, int Used, int Limit)
{
    /// <summary>Rules for this family count here.</summary>
    public bool Counts(int ipVersion) => IpVersion is null || IpVersion == ipVersion;

    /// <summary>Entries that can be added; 0 if it is full, or beyond.</summary>
    public int Free => Math.Max(0, Limit - Used);
}

/// <summary>Answer of <see cref="IResourceProvider.ListAsync"/>: a snapshot or the reason why there is none.</summary>
public sealed record ListResult(RuleSnapshot? Snapshot, RuleFault? Fault)
{
    /// <summary>A list was made.</summary>
    public static implicit operator ListResult(RuleSnapshot snapshot) => new(snapshot, null);

    /// <summary>No list could be made.</summary>
    public static implicit operator ListResult(RuleFault fault) => new(null, fault);
}
