using System.Globalization;

namespace EntryGuard.Domain.Rules;

/// <summary>Protocol and port range a rule opens; canonical, so equality is equality of meaning.</summary>
/// <param name="Protocol">Lower case: "tcp", "udp", "icmp", or "all".</param>
/// <param name="FromPort">First port, 0–65535; 0 where the protocol has no ports.</param>
/// <param name="ToPort">Last port, inclusive, not below <paramref name="FromPort"/>.</param>
public readonly record struct Scope(string Protocol, int FromPort, int ToPort)
{
    /// <summary>One TCP port.</summary>
    public static Scope Tcp(int port) => new("tcp", port, port);

    /// <summary>True if some packet is let in by both.</summary>
    public bool Overlaps(Scope other) =>
        Protocol == "all" || other.Protocol == "all" || (Protocol == other.Protocol && FromPort <= other.ToPort && other.FromPort <= ToPort);

    /// <summary>Reads what <see cref="ToString"/> writes. Throws <see cref="FormatException"/> on anything else.</summary>
    public static Scope Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var protocol = slash < 0 ? text : text[..slash];
        var ports = slash < 0 ? ["0"] : text[(slash + 1)..].Split('-');
        if (protocol.Length > 0 && protocol.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-') && ports.Length <= 2
            && int.TryParse(ports[0], NumberStyles.None, CultureInfo.InvariantCulture, out var from)
            && int.TryParse(ports[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var to)
            && from <= to && to <= 65535 && new Scope(protocol, from, to) is var scope && scope.ToString() == text)
            return scope;
        throw new FormatException($"'{text}' is not a scope such as tcp/5432 or udp/6000-6010");
    }

    /// <summary>"tcp/5432", "udp/6000-6010", "icmp", "all".</summary>
    public override string ToString() =>
        Protocol is "tcp" or "udp" ? FromPort == ToPort ? $"{Protocol}/{FromPort}" : $"{Protocol}/{FromPort}-{ToPort}" : Protocol;
}
