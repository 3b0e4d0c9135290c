namespace EntryGuard.Domain.Providers;

/// <summary>What a verification found.</summary>
public enum VerifyOutcome
{
    /// <summary>Opening and closing would both work now.</summary>
    Valid,

    /// <summary>They would not, until somebody changes something.</summary>
    Invalid,

    /// <summary>The provider gave no answer that says either: what was known before still is.</summary>
    Unreachable,
}

/// <summary>Answer of <see cref="IResourceProvider.VerifyAsync"/>.</summary>
/// <param name="Outcome">Valid, invalid, or not known.</param>
/// <param name="Identity">What the provider proved us to be, part of the allow-list key; null if not valid.</param>
/// <param name="Message">In words, with what to do.</param>
/// <param name="Warnings">True things that do not stop it.</param>
public sealed record VerifyReport(VerifyOutcome Outcome, string? Identity, string Message, IReadOnlyList<string> Warnings)
{
    /// <summary>Opening and closing would both work now.</summary>
    public bool IsValid => Outcome == VerifyOutcome.Valid;

    /// <summary>What was seen on the allow-list on the way; null if it was not listed.</summary>
    public RuleSnapshot? Snapshot { get; init; }

    /// <summary>It works.</summary>
    public static VerifyReport Valid(string identity, string message, params string[] warnings) => new(VerifyOutcome.Valid, identity, message, warnings);

    /// <summary>It does not.</summary>
    public static VerifyReport Invalid(string message) => new(VerifyOutcome.Invalid, null, message, []);

    /// <summary>It could not be found out.</summary>
    public static VerifyReport Unreachable(string message) => new(VerifyOutcome.Unreachable, null, message, []);

    /// <summary>What a fault of a call that only looks says about the Resource.</summary>
    public static VerifyReport Of(RuleFault fault)
    {
        ArgumentNullException.ThrowIfNull(fault);
        return fault.IsPermanent ? Invalid(fault.Message) : Unreachable(fault.Message);
    }
}
