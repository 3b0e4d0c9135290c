using EntryGuard.Domain.Providers;
using EntryGuard.Domain.Sessions;

namespace EntryGuard.Domain.Rules;

/// <summary>What a plan must know beside the claims.</summary>
/// <param name="Key">The allow-list planned for.</param>
/// <param name="Installation">Whose marks are ours.</param>
/// <param name="Capabilities">What its provider can do.</param>
/// <param name="ProvableFrom">
/// A list asked for before this proves no absence: a call of ours without an answer may still be carried out (E12). Null: no such call.
/// </param>
/// <param name="Rebuild">The allow-list died with an earlier process and was not rebuilt by this one yet: list it, put back what is missing.</param>
public sealed record PlanTerms(
    AllowListKey Key, string Installation, ProviderCapabilities Capabilities, DateTimeOffset? ProvableFrom, bool Rebuild = false);

/// <summary>What became of one claim without a call about it.</summary>
/// <param name="Claim">Which.</param>
/// <param name="Event">What happened: seen present, not made, half made, seen gone, kept, or lost.</param>
public sealed record Settlement(ResourceIpId Claim, RuleEvent Event)
{
    /// <summary>The entries it has now (present), or hands on (kept).</summary>
    public IReadOnlyList<RuleEntry> Entries { get; init; } = [];

    /// <summary>When its rules were seen; null if not.</summary>
    public DateTimeOffset? SeenAt { get; init; }

    /// <summary>The end the provider holds; null where it holds none.</summary>
    public DateTimeOffset? HeldUntil { get; init; }

    /// <summary>
    /// The APPLIED claims it rests on: the heirs of a kept claim, who take over its entries, or the holders of a shared rule. If one of
    /// them is not APPLIED any more when this is written, it is void.
    /// </summary>
    public IReadOnlyList<ResourceIpId> Standing { get; init; } = [];
}

/// <summary>One change of a plan, and the claims whose status depends on it.</summary>
/// <param name="Change">What the provider is to do.</param>
/// <param name="Asking">The claim through whose Resource and credential the call is made.</param>
/// <param name="Claims">All claims that wait for it.</param>
public sealed record Planned<TChange>(TChange Change, Claim Asking, IReadOnlyList<ResourceIpId> Claims);
