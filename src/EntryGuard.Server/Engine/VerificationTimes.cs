using System.Buffers.Binary;
using EntryGuard.Domain;

namespace EntryGuard.Server.Engine;

/// <summary>When a Resource is verified by itself.</summary>
public static class VerificationTimes
{
    public static readonly TimeSpan Every = TimeSpan.FromMinutes(30);

    /// <summary>After a check that reached nobody.</summary>
    public static readonly TimeSpan AfterUnreachable = TimeSpan.FromMinutes(5);

    /// <summary>Whoever takes a check has so long for it; if the node dies, another takes it then.</summary>
    public static readonly TimeSpan Taken = TimeSpan.FromMinutes(2);

    // Nearer than this the next instant is left out: it was just checked.
    private static readonly TimeSpan Nearest = TimeSpan.FromMinutes(3);

    /// <summary>
    /// The next of the instants, one in every 30 min, that are the Resource's own: so checks stay spread, whatever brought some of them
    /// together. 3 to 33 min from now; 30 in the long run.
    /// </summary>
    public static DateTimeOffset Next(ResourceId id, DateTimeOffset now)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.Value.TryWriteBytes(bytes);
        var own = (long)(BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]) % (ulong)Every.TotalSeconds) * TimeSpan.TicksPerSecond;
        var earliest = (now + Nearest).UtcTicks;
        return new DateTimeOffset(((((earliest - own) / Every.Ticks) + 1) * Every.Ticks) + own, TimeSpan.Zero);
    }
}
