namespace EntryGuard.Domain.Net;

/// <summary>What an address range is reserved for, as far as an allow-list cares.</summary>
public enum AddressKind
{
    /// <summary>Ordinary, globally routable.</summary>
    Public,

    /// <summary>This host only: 127.0.0.0/8, ::1.</summary>
    Loopback,

    /// <summary>Private or shared use: RFC 1918, RFC 6598, fc00::/7, fec0::/10 (which RFC 3879 withdrew, and old networks still use).</summary>
    Private,

    /// <summary>Link-local: 169.254.0.0/16 (where metadata services live), fe80::/10.</summary>
    LinkLocal,

    /// <summary>224.0.0.0/4, ff00::/8.</summary>
    Multicast,

    /// <summary>RFC 5737, RFC 3849, RFC 9637: examples in texts, and tests.</summary>
    Documentation,

    /// <summary>
    /// Everything else IANA keeps back and no client comes from: 0.0.0.0/8, 192.0.0.0/24, 192.88.99.0/24, 198.18.0.0/15, 240.0.0.0/4, ::/96,
    /// 64:ff9b:1::/48, 100::/64, 100:0:0:1::/64, 2001:2::/48, 2001:10::/28, 5f00::/16.
    /// </summary>
    Reserved,
}

/// <summary>Sorts ranges by what they are reserved for. Source: the IANA special-purpose address registries.</summary>
public static class AddressKinds
{
    private static readonly (Cidr Range, AddressKind Kind)[] Table =
    [
        (Cidr.Parse("127.0.0.0/8"), AddressKind.Loopback), (Cidr.Parse("::1"), AddressKind.Loopback),
        (Cidr.Parse("10.0.0.0/8"), AddressKind.Private), (Cidr.Parse("172.16.0.0/12"), AddressKind.Private),
        (Cidr.Parse("192.168.0.0/16"), AddressKind.Private), (Cidr.Parse("100.64.0.0/10"), AddressKind.Private),
        (Cidr.Parse("fc00::/7"), AddressKind.Private), (Cidr.Parse("fec0::/10"), AddressKind.Private),
        (Cidr.Parse("169.254.0.0/16"), AddressKind.LinkLocal), (Cidr.Parse("fe80::/10"), AddressKind.LinkLocal),
        (Cidr.Parse("224.0.0.0/4"), AddressKind.Multicast), (Cidr.Parse("ff00::/8"), AddressKind.Multicast),
        (Cidr.Parse("192.0.2.0/24"), AddressKind.Documentation), (Cidr.Parse("198.51.100.0/24"), AddressKind.Documentation),
        (Cidr.Parse("203.0.113.0/24"), AddressKind.Documentation), (Cidr.Parse("2001:db8::/32"), AddressKind.Documentation),
        (Cidr.Parse("3fff::/20"), AddressKind.Documentation),
        (Cidr.Parse("0.0.0.0/8"), AddressKind.Reserved), (Cidr.Parse("192.0.0.0/24"), AddressKind.Reserved),
        (Cidr.Parse("192.88.99.0/24"), AddressKind.Reserved), (Cidr.Parse("198.18.0.0/15"), AddressKind.Reserved),
        (Cidr.Parse("240.0.0.0/4"), AddressKind.Reserved),
        (Cidr.Parse("::/96"), AddressKind.Reserved), (Cidr.Parse("64:ff9b:1::/48"), AddressKind.Reserved),
        (Cidr.Parse("100::/64"), AddressKind.Reserved), (Cidr.Parse("100:0:0:1::/64"), AddressKind.Reserved),
        (Cidr.Parse("2001:2::/48"), AddressKind.Reserved), (Cidr.Parse("2001:10::/28"), AddressKind.Reserved),
        (Cidr.Parse("5f00::/16"), AddressKind.Reserved),
    ];

    /// <summary>
    /// The kind of a range. A range that merely overlaps a reserved block has that block's kind: it would open it.
    /// <see cref="Cidr.None"/> is <see cref="AddressKind.Reserved"/>: what is nobody's address is never taken for a public one.
    /// </summary>
    public static AddressKind KindOf(Cidr range)
    {
        if (range == Cidr.None)
            return AddressKind.Reserved;

        foreach (var (block, kind) in Table)
        {
            if (block.Contains(range) || range.Contains(block))
                return kind;
        }

        return AddressKind.Public;
    }
}
