using EntryGuard.Domain.Rules;

namespace EntryGuard.Domain.Providers;

/// <summary>Why a call, or one item of it, did not do what it should.</summary>
/// <param name="Code">Stable and short, in capitals: "THROTTLED", "QUOTA", "NO_ANSWER".</param>
/// <param name="Message">Words a user can act on; never a secret.</param>
/// <param name="IsPermanent">The same call will not succeed until somebody changes something.</param>
public sealed record RuleFault(string Code, string Message, bool IsPermanent)
{
    /// <summary>How long the provider asked us to wait; null if it did not.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The request never reached the provider: refused, DNS, no route.</summary>
    public bool IsConnectionFault { get; init; }

    /// <summary>Nothing was sent, because our own time for it had run out: there was no call, and the next goes out soon.</summary>
    public bool IsUnsent { get; init; }

    /// <summary>The credential as a whole does not work, so no other item would fare better.</summary>
    public bool IsCredentialFault { get; init; }
}

/// <summary>What became of one rule in one call.</summary>
public abstract record RuleOutcome
{
    private RuleOutcome()
    {
    }

    /// <summary>Made by this call, or its end moved by it.</summary>
    public sealed record Applied(RuleEntry Entry) : RuleOutcome;

    /// <summary>It stood already, with our mark.</summary>
    public sealed record AlreadyThere(RuleEntry Entry) : RuleOutcome;

    /// <summary>Somebody else's rule lets the address in; nothing of ours was added, nothing will be removed.</summary>
    public sealed record SatisfiedByForeign : RuleOutcome;

    /// <summary>Taken off by this call.</summary>
    public sealed record Removed : RuleOutcome;

    /// <summary>It was not there.</summary>
    public sealed record AlreadyGone : RuleOutcome;

    /// <summary>Definitely not done, and will not be by trying again.</summary>
    public sealed record Rejected(RuleFault Fault) : RuleOutcome;

    /// <summary>Definitely not done; may work later.</summary>
    public sealed record Failed(RuleFault Fault) : RuleOutcome;

    /// <summary>Sent, no answer: it may have been done, be done later, or never.</summary>
    public sealed record Unknown(string Message) : RuleOutcome;
}

/// <summary>Answer of <see cref="IResourceProvider.ApplyAsync"/>: one outcome per item, in the order of the changes.</summary>
/// <param name="Removals">As long as <see cref="RuleChanges.Removals"/>.</param>
/// <param name="Additions">As long as <see cref="RuleChanges.Additions"/>.</param>
public sealed record ApplyResult(IReadOnlyList<RuleOutcome> Removals, IReadOnlyList<RuleOutcome> Additions)
{
    /// <summary>Set if the batch was refused whole, for reasons that may lie in one item: nothing was done, the engine halves it. The lists are then empty.</summary>
    public RuleFault? RefusedWhole { get; init; }

    /// <summary>The whole batch was refused; nothing was done.</summary>
    public static ApplyResult Refused(RuleFault fault) => new([], []) { RefusedWhole = fault };

    /// <summary>The same outcome for every item.</summary>
    public static ApplyResult All(RuleChanges changes, RuleOutcome outcome)
    {
        ArgumentNullException.ThrowIfNull(changes);
        return new([.. changes.Removals.Select(_ => outcome)], [.. changes.Additions.Select(_ => outcome)]);
    }
}
