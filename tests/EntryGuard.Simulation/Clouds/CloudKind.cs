using EntryGuard.Domain.Net;
using EntryGuard.Domain.Providers;

namespace EntryGuard.Simulation.Clouds;

/// <summary>One kind of allow-list, with its manners.</summary>
internal sealed record CloudKind(string Name, ProviderCapabilities Capabilities)
{
    private static readonly HashSet<AddressKind> Usual = [AddressKind.Public, AddressKind.Documentation];

    /// <summary>Entries have ids, never used again, and are deleted by them; else a rule is known by what it says.</summary>
    public bool HasIds { get; init; } = true;

    /// <summary>A batch with one bad item is refused whole.</summary>
    public bool RefusesWhole { get; init; }

    /// <summary>Most entries.</summary>
    public int Capacity { get; init; } = 1000;

    public ResourceType Type => new("SIM", Name);

    public static IReadOnlyList<CloudKind> All { get; } =
    [
        new("PROOF", new() { SuccessIsProof = true, UsualAddresses = Usual }),
        new("EVENTUAL", new() { ReadDelay = TimeSpan.FromSeconds(5), BatchSize = 10, UsualAddresses = Usual }),
        new("TIMED", new() { SuccessIsProof = true, HoldsEndTime = true, CallsPerSecond = 5, UsualAddresses = Usual }) { HasIds = false },
        new("GATE", new() { SuccessIsProof = true, HoldsEndTime = true, DiesWithProcess = true, UsualAddresses = Usual }) { HasIds = false },
        new("SMALL", new() { SuccessIsProof = true, ReadDelay = TimeSpan.FromSeconds(2), BatchSize = 2, UsualAddresses = Usual }) { RefusesWhole = true, Capacity = 6 },
        new("LAZY", new() { HoldsEndTime = true, ReadDelay = TimeSpan.FromSeconds(20), UsualAddresses = Usual }),
    ];
}
