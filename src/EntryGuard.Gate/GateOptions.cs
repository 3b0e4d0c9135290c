using System.Net;

namespace EntryGuard.Gate;

/// <summary>Where a gate listens, where it leads, and what it takes at most.</summary>
public sealed record GateOptions
{
    /// <summary>
    /// Address and port to listen on. Port 0 takes a free one (see <see cref="TcpGate.ListenEndpoint"/>); <see cref="IPAddress.IPv6Any"/>
    /// takes IPv4 too.
    /// </summary>
    public required IPEndPoint Listen { get; init; }

    /// <summary>
    /// Where let-in connections go: an <see cref="IPEndPoint"/>, or a <see cref="DnsEndPoint"/> whose name is looked up again at most every
    /// 10 s, its addresses tried in the order the resolver gives them.
    /// </summary>
    public required EndPoint Target { get; init; }

    /// <summary>1 ms to 10 minutes: how long name lookup and all connect attempts may take together before the client is reset.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Live connections beyond which new ones are reset. Each takes two file descriptors, and four more while data waits in both
    /// directions; the process limit should leave room for that.
    /// </summary>
    public int MaxConnections { get; init; } = 4096;

    /// <summary>Connections the kernel may hold ready for accept; it caps this at net.core.somaxconn.</summary>
    public int Backlog { get; init; } = 1024;

    /// <summary>Asked before each attempt with the address to be dialled, after name lookup; false skips it. Null: every address may be dialled.</summary>
    /// <remarks>Called on the gate's own thread: it must be quick and not throw.</remarks>
    public Func<IPAddress, bool>? MayForwardTo { get; init; }

    /// <summary>Everything that is wrong with these options, and what to write instead; empty if nothing is.</summary>
    public IReadOnlyList<string> Errors()
    {
        var errors = new List<string>();
        switch (Target)
        {
            case IPEndPoint { Port: 0 } or DnsEndPoint { Port: 0 }:
                errors.Add($"{nameof(Target)} has port 0; write the port the target listens on");
                break;
            case IPEndPoint ip when ip.Port == Listen.Port && ip.Address.Equals(Listen.Address):
                errors.Add($"{nameof(Target)} is where the gate itself listens; write another address or port");
                break;
            case IPEndPoint or DnsEndPoint:
                break;
            default:
                errors.Add($"{nameof(Target)} is a {Target.GetType().Name}; write an IP address or a host name, with a port");
                break;
        }

        if (ConnectTimeout < TimeSpan.FromMilliseconds(1) || ConnectTimeout > TimeSpan.FromMinutes(10))
            errors.Add($"{nameof(ConnectTimeout)} is {ConnectTimeout}; write 1 ms to 10 minutes");
        if (MaxConnections is < 1 or > 1_000_000)
            errors.Add($"{nameof(MaxConnections)} is {MaxConnections}; write 1 to 1000000");
        if (Backlog < 1)
            errors.Add($"{nameof(Backlog)} is {Backlog}; write at least 1");
        return errors;
    }
}
