using System.Collections.Immutable;
using EntryGuard.Domain.Net;
using EntryGuard.Domain.Sessions;

namespace EntryGuard.Domain.Rules;

/// <summary>A claim as the plan sees it.</summary>
public sealed record Claim
{
    /// <summary>Which claim; plans refer to claims by it.</summary>
    public required ResourceIpId Id { get; init; }

    /// <summary>The credential of its Resource; null if the provider needs none. A batch is split by it.</summary>
    public CredentialId? Credential { get; init; }

    /// <summary>The Resource through which it reaches the allow-list.</summary>
    public required ResourceId Resource { get; init; }

    /// <summary>The address it lets in.</summary>
    public required Cidr Address { get; init; }

    /// <summary>What it lets the address in to; at least one, fixed for life.</summary>
    public required ImmutableArray<Scope> Scopes { get; init; }

    /// <summary>Wanted, status, may stand.</summary>
    public required ClaimState State { get; init; }

    /// <summary>When it ends.</summary>
    public required DateTimeOffset EndsAt { get; init; }

    /// <summary>When somebody should act on it next; null: nothing waits.</summary>
    public DateTimeOffset? NextAttemptAt { get; init; }

    /// <summary>What the last call did is not known, or not proven: only a list can say. If APPLIED: whether the provider holds the end it was told.</summary>
    public bool AwaitsList { get; init; }

    /// <summary>What the provider gave for its rules.</summary>
    public ImmutableArray<RuleEntry> Entries { get; init; } = [];

    /// <summary>When its rules were last seen to stand, or the provider last said that they do; null if never.</summary>
    public DateTimeOffset? SeenAt { get; init; }

    /// <summary>The earliest end the provider is known to hold for its rules; null where it holds none, nothing stands, or a call left it open which.</summary>
    public DateTimeOffset? HeldUntil { get; init; }

    /// <summary>
    /// Of a claim that was born leaving: the mark of the one entry it is about, where that is not the mark of its rule, since somebody
    /// altered what we made; <see cref="RuleKey.AnyMark"/> if anybody may have made it. Such a claim takes nothing but its recorded entries.
    /// Null: whatever carries the mark of its rules is its own.
    /// </summary>
    public string? Mark { get; init; }

    /// <summary>Identity under which its Resource is verified now.</summary>
    public string? Identity { get; init; }

    /// <summary>The rules it wants.</summary>
    public IEnumerable<RuleKey> Rules => Scopes.Select(scope => new RuleKey(scope, Address));

    /// <summary>Not waiting for a later time.</summary>
    public bool IsDue(DateTimeOffset now) => NextAttemptAt is not { } at || at <= now;
}
