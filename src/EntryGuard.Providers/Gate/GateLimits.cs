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

    /// <summary>True if a gate may listen there; on all addresses only with a range that is all of them.</summary>
    public bool MayListen(IPAddress address) => Listen.Any(range => range.Contains(address) || (range.PrefixLength == 0 && IsAny(address, range.IpVersion)));

    /// <summary>True if a gate may lead there. Link-local addresses and metadata services are refused whatever the operator wrote.</summary>
    public bool MayForward(IPAddress address)
    {
        var there = Cidr.Of(address);
        return !ForbiddenAddresses.Contain(there) && Forward.Any(range => range.Contains(there));
    }

    private static bool IsAny(IPAddress address, int version) => address.Equals(version == 4 ? IPAddress.Any : IPAddress.IPv6Any);
}
