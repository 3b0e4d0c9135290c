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
    /// <summary>Entries used of the provider's limit; null where there is no limit or it is not known.</summary>
    public (int Used, int Limit)? Capacity { get; init; }
}

/// <summary>Answer of <see cref="IResourceProvider.ListAsync"/>: a snapshot or the reason why there is none.</summary>
public sealed record ListResult(RuleSnapshot? Snapshot, RuleFault? Fault)
{
    /// <summary>A list was made.</summary>
    public static implicit operator ListResult(RuleSnapshot snapshot) => new(snapshot, null);

    /// <summary>No list could be made.</summary>
    public static implicit operator ListResult(RuleFault fault) => new(null, fault);
}

/// <summary>Answer of <see cref="IResourceProvider.VerifyAsync"/>.</summary>
/// <param name="IsValid">Opening and closing would both work now.</param>
/// <param name="Identity">What the provider proved us to be, part of the allow-list key; null if not valid.</param>
/// <param name="Message">In words, with what to do.</param>
/// <param name="Warnings">True things that do not stop it.</param>
public sealed record VerifyReport(bool IsValid, string? Identity, string Message, IReadOnlyList<string> Warnings)
{
    /// <summary>Entries used of the provider's limit; null where there is no limit or it is not known.</summary>
    public (int Used, int Limit)? Capacity { get; init; }

    /// <summary>It works.</summary>
    public static VerifyReport Valid(string identity, string message, params string[] warnings) => new(true, identity, message, warnings);

    /// <summary>It does not.</summary>
    public static VerifyReport Invalid(string message) => new(false, null, message, []);
}
