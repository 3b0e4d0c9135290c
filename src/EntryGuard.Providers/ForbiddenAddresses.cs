using EntryGuard.Domain.Net;

namespace EntryGuard.Providers;

/// <summary>What this server never connects to on anybody's behalf, whatever the operator allowed (E32): link-local addresses, and the metadata services of clouds.</summary>
public static class ForbiddenAddresses
{
    // Metadata services that are not link-local: AWS over IPv6, Google over IPv6, Azure's wire server, Alibaba, Oracle; and link-local behind NAT64.
    private static readonly Cidr[] Metadata =
    [
        Cidr.Parse("fd00:ec2::254"), Cidr.Parse("fd20:ce::254"), Cidr.Parse("168.63.129.16"), Cidr.Parse("100.100.100.200"), Cidr.Parse("192.0.0.192"),
        Cidr.Parse("64:ff9b::a9fe:0/112"),
    ];

    /// <summary>True if the address, or any address of the range, is one of them.</summary>
    public static bool Contain(Cidr there) =>
        AddressKinds.KindOf(there) == AddressKind.LinkLocal || Metadata.Any(service => service.Contains(there));
}
