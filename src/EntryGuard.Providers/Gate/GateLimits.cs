using System.Net;
using EntryGuard.Domain.Net;

namespace EntryGuard.Providers.Gate;

/// <summary>What the operator lets gates do (E32). The default is any loopback address, both ways.</summary>
/// <param name="Listen">Where gates may listen.</param>
/// <param name="Forward">Where they may lead; checked against the address really dialled, after name lookup.</param>
/// <param name="RemovalDelay">Waits so long before a removal is carried out; for rehearsals of a slow provider. Zero: at once.</param>
public sealed record GateLimits(IReadOnlyList<Cidr> Listen, IReadOnlyList<Cidr> Forward, TimeSpan RemovalDelay)
{
    private static readonly Cidr[] Loopback = [Cidr.Parse("127.0.0.0/8"), Cidr.Parse("::1")];

    /// <summary>Loopback only.</summary>
    public static GateLimits Default { get; } = new(Loopback, Loopback, TimeSpan.Zero);

    /// <summary>True if a gate may listen there.</summary>
    public bool MayListen(IPAddress address) => Listen.Any(range => range.Contains(address) || (range.PrefixLength == 0 && IsAny(address)));

    /// <summary>True if a gate may lead there. Link-local addresses (metadata services) are refused whatever the operator wrote.</summary>
    public bool MayForward(IPAddress address) =>
        AddressKinds.KindOf(Cidr.Of(address)) != AddressKind.LinkLocal && Forward.Any(range => range.Contains(address));

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);
}
