using EntryGuard.Domain.Net;

namespace EntryGuard.Domain.Providers;

/// <summary>What one kind of allow-list can do. Constant for a provider.</summary>
public sealed record ProviderCapabilities
{
    /// <summary>Address families a rule may have.</summary>
    public bool IPv4 { get; init; } = true;

    /// <inheritdoc cref="IPv4"/>
    public bool IPv6 { get; init; } = true;

    /// <summary>Kinds of credential it takes ("ACCESS_KEY"); empty: it needs none.</summary>
    public IReadOnlyList<string> CredentialTypes { get; init; } = [];

    /// <summary>Most rules in one call, each way; at least 1.</summary>
    public int BatchSize { get; init; } = 100;

    /// <summary>The provider's own per-item success is proof. If not, what it said is looked up in a list after <see cref="ReadDelay"/>.</summary>
    public bool SuccessIsProof { get; init; }

    /// <summary>
    /// Hard limit of a call, at most 15 s (E11). A call whose node died may arrive until then, and its claims wait that long for proof: what is
    /// always fast should say so.
    /// </summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long after a change a list may still be stale.</summary>
    public TimeSpan ReadDelay { get; init; } = TimeSpan.Zero;

    /// <summary>Each rule carries an end at the provider, which moves with its claims. The door then shuts by itself.</summary>
    public bool HoldsEndTime { get; init; }

    /// <summary>The allow-list lives in our own process and is empty after a start: rebuilt from claims at once, no late call survives.</summary>
    public bool DiesWithProcess { get; init; }

    /// <summary>One allow-list belongs to one organization and one identity; a Resource that would share it is refused at verification.</summary>
    public bool IsExclusive { get; init; }

    /// <summary>Nobody but this installation can put entries there, so there are no foreign ones.</summary>
    public bool IsOursAlone { get; init; }

    /// <summary>Calls per second under one throttle key that are safe; null: no budget.</summary>
    public double? CallsPerSecond { get; init; }

    /// <summary>Kinds of address that make sense here without the admin saying so on the Resource.</summary>
    public IReadOnlySet<AddressKind> UsualAddresses { get; init; } = new HashSet<AddressKind> { AddressKind.Public };

    /// <summary>Removing an address also cuts its live connections. Packet filters of clouds do not.</summary>
    public bool CutsConnections { get; init; }
}
