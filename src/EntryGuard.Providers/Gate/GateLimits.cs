using System.Net;
using EntryGuard.Domain.Net;

namespace EntryGuard.Providers.Gate;

/// <summary>What the operator lets gates do (E32). The default is any loopback address, both ways.</summary>
/// <param name="Listen">Where gates may listen.</param>
/// <param name="Forward">Where they may lead; checked against the address really dialled, after name lookup.</param>
/// <param name="RemovalDelay">Waits so long before a removal is carried out; for rehearsals of a slow provider. Zero: at once.</param>
public sealed record GateLimits(IReadOnlyList<Cidr> Listen, IReadOnlyList<Cidr> Forward, TimeSpan RemovalDelay)
{
    // Metadata services that are not link-local: AWS over IPv6, Google over IPv6, Azure's wire server, Alibaba, Oracle; and link-local behind NAT64.
    private static readonly Cidr[] Metadata =
    [
        Cidr.Parse("fd00:ec2::254"), Cidr.Parse("fd20:ce::254"), Cidr.Parse("168.63.129.16"), Cidr.Parse("100.100.100.200"), Cidr.Parse("192.0.0.192"),
        Cidr.Parse("64:ff9b::a9fe:0/112"),
    ];

    private static readonly Cidr[] Loopback = [Cidr.Parse("127.0.0.0/8"), Cidr.Parse("::1")];

    /// <summary>Loopback only.</summary>
    public static GateLimits Default { get; } = new(Loopback, Loopback, TimeSpan.Zero);

    /// <summary>True if a gate may listen there; on all addresses only with a range that is all of them.</summary>
    public bool MayListen(IPAddress address) => Listen.Any(range => range.Contains(address) || (range.PrefixLength == 0 && IsAny(address, range.IpVersion)));

    /// <summary>True if a gate may lead there. Link-local addresses and metadata services are refused whatever the operator wrote.</summary>
    public bool MayForward(IPAddress address)
    {
        var there = Cidr.Of(address);
        return AddressKinds.KindOf(there) != AddressKind.LinkLocal && !Metadata.Any(service => service.Contains(there))
            && Forward.Any(range => range.Contains(there));
    }

    private static bool IsAny(IPAddress address, int version) => address.Equals(version == 4 ? IPAddress.Any : IPAddress.IPv6Any);
}
