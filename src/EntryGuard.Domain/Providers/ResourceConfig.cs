using System.Collections.Immutable;
using System.Text.Json;
using EntryGuard.Domain.Rules;

namespace EntryGuard.Domain.Providers;

/// <summary>A Resource as its admin described it.</summary>
/// <param name="Identifier">What names it at the provider; for a gate, the listen address.</param>
/// <param name="Region">Null where the provider has none.</param>
/// <param name="Settings">The <c>config</c> object; its shape is the provider's.</param>
public sealed record ResourceConfig(string Identifier, string? Region, JsonElement Settings);

/// <summary>A provider's reading of a <see cref="ResourceConfig"/>: everything wrong with it at once, or what it means.</summary>
/// <param name="Scopes">What one address is let in to; empty exactly if there are errors.</param>
/// <param name="Errors">Field name ("config.listen") to what is wrong and what to write instead.</param>
public sealed record ConfigReading(ImmutableArray<Scope> Scopes, IReadOnlyDictionary<string, string> Errors)
{
    /// <summary>Whether an address of this family can be let in at all, if the provider's kind can (E10).</summary>
    public bool IPv4 { get; init; } = true;

    /// <inheritdoc cref="IPv4"/>
    public bool IPv6 { get; init; } = true;

    /// <summary>
    /// What in it says which allow-list this is, in words: it never changes once the Resource was verified (E08). Null where identifier and
    /// region say it all.
    /// </summary>
    public string? Fixed { get; init; }

    /// <summary>A good configuration.</summary>
    public static ConfigReading Good(params ImmutableArray<Scope> scopes) => new(scopes, new Dictionary<string, string>());

    /// <summary>A refused configuration.</summary>
    public static ConfigReading Bad(IReadOnlyDictionary<string, string> errors) => new([], errors);

    /// <summary>True if the Resource can be stored.</summary>
    public bool IsGood => Errors.Count == 0;
}

/// <summary>What serialises and what is throttled together. Two Resources may share one or both.</summary>
/// <param name="Serialization">One writer at a time; at least as wide as the provider serialises.</param>
/// <param name="Throttle">One call budget; null where calls cost nothing.</param>
public readonly record struct AllowListKeys(AllowListKey Serialization, string? Throttle);
