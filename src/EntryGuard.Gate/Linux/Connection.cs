using System.Net;
using EntryGuard.Domain.Net;

namespace EntryGuard.Gate.Linux;

/// <summary>A let-in client and its way to the target. Owned by one loop; objects are used again for later connections.</summary>
internal sealed class Connection(int slot)
{
    /// <summary>Place in the loop's table; with <see cref="Generation"/> it names this connection in events.</summary>
    public int Slot { get; } = slot;

    /// <summary>Odd while in use, and different for every use: an event or a queue entry about an earlier use is recognised by it.</summary>
    public uint Generation { get; set; }

    public Cidr Peer { get; set; }

    /// <summary>-1 while not in use.</summary>
    public int Client { get; set; } = -1;

    /// <summary>-1 until the first connect attempt.</summary>
    public int Target { get; set; } = -1;

    public bool IsEstablished { get; set; }

    /// <summary>Already in the loop's list of connections with work left.</summary>
    public bool IsQueued { get; set; }

    /// <summary>What may be dialled; null while the name is looked up.</summary>
    public IPEndPoint[]? Candidates { get; set; }

    public int NextCandidate { get; set; }

    public Direction ToTarget;

    public Direction ToClient;

    public bool IsInUse => (Generation & 1) == 1;
}
