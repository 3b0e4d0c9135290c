using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace EntryGuard.Domain.Net;

/// <summary>One address, or one range of addresses, of an allow-list; always canonical, so equality is equality of meaning.</summary>
/// <remarks>
/// The default value is <see cref="None"/>, which contains nothing: a forgotten assignment opens no door.
/// Order: IPv4 before IPv6, then by first address, then the wider range first.
/// </remarks>
public readonly struct Cidr : IEquatable<Cidr>, IComparable<Cidr>
{
    private readonly UInt128 _first;
    private readonly byte _family;   // 0 none, 4, 6
    private readonly byte _prefix;

    private Cidr(UInt128 first, int family, int prefix) => (_first, _family, _prefix) = (first, (byte)family, (byte)prefix);

    /// <summary>No address at all; what <c>default</c> is.</summary>
    public static Cidr None => default;

    /// <summary>4 or 6; 0 for <see cref="None"/>.</summary>
    public int IpVersion => _family;

    /// <summary>Number of leading bits that count: 0–32 or 0–128.</summary>
    public int PrefixLength => _prefix;

    /// <summary>True for exactly one address (/32 or /128).</summary>
    public bool IsSingleAddress => _family != 0 && _prefix == Width(_family);

    /// <summary>The first address; IPv4 addresses are never in their IPv6-mapped form. <see cref="None"/> has none, and throws.</summary>
    public IPAddress FirstAddress => ToAddress(_family, _first);

    /// <summary>The one address a peer of a socket has. IPv4-mapped IPv6 (what a dual-stack listener reports) becomes IPv4; a zone id is dropped.</summary>
    public static Cidr Of(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        return address.AddressFamily == AddressFamily.InterNetwork
            ? new Cidr(Bits(address), 4, 32)
            : new Cidr(Bits(address), 6, 128);
    }

    /// <summary>Reads one address or range of an allow-list.</summary>
    /// <param name="text">Canonical: "203.0.113.7", "2001:db8::/64". Host bits, leading zeros in IPv4, hexadecimal IPv4, short IPv4 ("1") and zone ids are errors.</param>
    /// <param name="cidr"><see cref="None"/> when the text is refused.</param>
    /// <param name="error">Null on success; else what is wrong and, where there is one, the canonical form to write instead.</param>
    /// <remarks>IPv4-mapped IPv6 becomes IPv4. Sources: RFC 4632, RFC 5952, RFC 4291 section 2.5.5.2.</remarks>
    public static bool TryParse(string? text, out Cidr cidr, [System.Diagnostics.CodeAnalysis.NotNullWhen(false)] out string? error)
    {
        cidr = None;
        if (string.IsNullOrEmpty(text))
        {
            error = "is empty; write an address such as 203.0.113.7 or 2001:db8::1";
            return false;
        }

        if (text.Length > 64)
        {
            error = "is longer than any address; write one address such as 203.0.113.7 or 2001:db8::1";
            return false;
        }

        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var head = slash < 0 ? text : text[..slash];
        if (!TryParseAddress(head, out var family, out var bits, out error))
            return false;

        var width = Width(family);
        var prefix = width;
        if (slash >= 0)
        {
            var tail = text[(slash + 1)..];
            if (!IsPlainNumber(tail, 3) || (prefix = int.Parse(tail, CultureInfo.InvariantCulture)) > width)
            {
                error = $"has the prefix length '{tail}'; write a number from 0 to {width} without leading zeros";
                return false;
            }
        }

        if (family == 6 && bits >> 32 == 0xFFFF)
        {
            if (prefix < 96)
            {
                error = "is a range wider than the IPv4-mapped block; write the IPv4 range itself";
                return false;
            }

            (family, bits, prefix) = (4, bits & uint.MaxValue, prefix - 96);
        }

        var masked = bits & Mask(family, prefix);
        var canonical = new Cidr(masked, family, prefix);
        if (masked != bits)
        {
            error = $"has address bits beyond its prefix; write {canonical}, or {new Cidr(bits, family, Width(family))} for the one address";
            return false;
        }

        cidr = canonical;
        return true;
    }

    /// <summary>Reads what this type wrote (a stored row, a constant). Throws <see cref="FormatException"/> on anything else.</summary>
    public static Cidr Parse(string text) =>
        TryParse(text, out var cidr, out var error) ? cidr : throw new FormatException($"'{text}' {error}");

    /// <summary>True if every address of <paramref name="other"/> lies in this range.</summary>
    public bool Contains(Cidr other) =>
        _family != 0 && _family == other._family && _prefix <= other._prefix && (other._first & Mask(_family, _prefix)) == _first;

    /// <summary>True if this is a range that holds the given peer address; IPv4-mapped IPv6 counts as IPv4.</summary>
    public bool Contains(IPAddress address) => Contains(Of(address));

    /// <summary>Always with the prefix length: "203.0.113.7/32". What most providers want.</summary>
    public string ToCidrString() => _family == 0 ? "none" : $"{FirstAddressText()}/{_prefix}";

    /// <summary>Canonical: a single address bare, a range with its prefix length; "none" for <see cref="None"/>.</summary>
    /// <remarks>IPv6 as in RFC 5952 section 4, always hexadecimal: <see cref="IPAddress"/> writes "2001:db8::5efe:1.2.3.4" for some addresses.</remarks>
    public override string ToString() => _family == 0 ? "none" : IsSingleAddress ? FirstAddressText() : ToCidrString();

    /// <inheritdoc/>
    public bool Equals(Cidr other) => _first == other._first && _family == other._family && _prefix == other._prefix;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Cidr other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_first, _family, _prefix);

    /// <inheritdoc/>
    public int CompareTo(Cidr other) =>
        (_family.CompareTo(other._family), _first.CompareTo(other._first), _prefix.CompareTo(other._prefix)) switch
        {
            (not 0 and var byFamily, _, _) => byFamily,
            (_, not 0 and var byAddress, _) => byAddress,
            var (_, _, byPrefix) => byPrefix,
        };

    /// <summary>Equality of meaning.</summary>
    public static bool operator ==(Cidr left, Cidr right) => left.Equals(right);

    /// <summary>Inequality of meaning.</summary>
    public static bool operator !=(Cidr left, Cidr right) => !left.Equals(right);

    private static bool TryParseAddress(string text, out int family, out UInt128 bits, [System.Diagnostics.CodeAnalysis.NotNullWhen(false)] out string? error)
    {
        (family, bits) = (0, 0);
        if (text.Contains('%', StringComparison.Ordinal))
        {
            error = "has a zone id, which means nothing to a provider; write the address without it";
            return false;
        }

        if (!text.Contains(':', StringComparison.Ordinal))
        {
            family = 4;
            return TryParseIPv4(text, out bits, out error);
        }

        foreach (var c in text)
        {
            if (!char.IsAsciiHexDigit(c) && c is not (':' or '.'))
            {
                error = "is not an IP address; write one such as 203.0.113.7 or 2001:db8::1";
                return false;
            }
        }

        var lastColon = text.LastIndexOf(':');
        var embedded = text[(lastColon + 1)..];
        if (embedded.Contains('.', StringComparison.Ordinal) && !TryParseIPv4(embedded, out _, out error))
            return false;

#pragma warning disable RS0030 // The one place: the characters were checked above, so only the group structure is left to it.
        if (!IPAddress.TryParse(text, out var address) || address.AddressFamily != AddressFamily.InterNetworkV6)
#pragma warning restore RS0030
        {
            error = "is not an IPv6 address; write one such as 2001:db8::1";
            return false;
        }

        (family, bits, error) = (6, Bits(address), null);
        return true;
    }

    private static bool TryParseIPv4(string text, out UInt128 bits, [System.Diagnostics.CodeAnalysis.NotNullWhen(false)] out string? error)
    {
        bits = 0;
        var parts = text.Split('.');
        if (parts.Length != 4)
        {
            error = "is not an IP address; write four decimal numbers such as 203.0.113.7, or IPv6 such as 2001:db8::1";
            return false;
        }

        uint value = 0;
        var hadLeadingZero = false;
        foreach (var part in parts)
        {
            if (part.Length is 0 or > 3 || !part.All(char.IsAsciiDigit) || int.Parse(part, CultureInfo.InvariantCulture) is var octet && octet > 255)
            {
                error = $"has the part '{part}'; every part of an IPv4 address is a decimal number from 0 to 255";
                return false;
            }

            hadLeadingZero |= part.Length > 1 && part[0] == '0';
            value = (value << 8) | (uint)octet;
        }

        if (hadLeadingZero)
        {
            error = $"has leading zeros, which some systems read as octal; write {new Cidr(value, 4, 32)} if that is what is meant";
            return false;
        }

        (bits, error) = (value, null);
        return true;
    }

    private static bool IsPlainNumber(string text, int maxLength) =>
        text.Length > 0 && text.Length <= maxLength && text.All(char.IsAsciiDigit) && (text.Length == 1 || text[0] != '0');

    private static int Width(int family) => family == 4 ? 32 : 128;

    private static UInt128 Mask(int family, int prefix)
    {
        var width = Width(family);
        if (prefix == 0)
            return 0;
        var ones = family == 4 ? uint.MaxValue : UInt128.MaxValue;
        return (ones << (width - prefix)) & ones;
    }

    private static UInt128 Bits(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var written);
        return written == 4 ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }

    private string FirstAddressText()
    {
        if (_family == 4)
            return FirstAddress.ToString();

        // The longest run of two or more zero groups, the first of equals, becomes "::".
        var (runStart, runLength) = (-1, 1);
        for (var start = 0; start < 8; start++)
        {
            var end = start;
            while (end < 8 && Group(end) == 0)
                end++;
            if (end - start > runLength)
                (runStart, runLength) = (start, end - start);
        }

        var text = new StringBuilder(39);
        for (var group = 0; group < 8; group++)
        {
            if (group == runStart)
            {
                text.Append("::");
                group += runLength - 1;
                continue;
            }

            if (text.Length > 0 && text[^1] != ':')
                text.Append(':');
            text.Append(CultureInfo.InvariantCulture, $"{Group(group):x}");
        }

        return text.ToString();
    }

    private ushort Group(int index) => (ushort)(_first >> (112 - (16 * index)));

    private static IPAddress ToAddress(int family, UInt128 bits)
    {
        if (family == 0)
            throw new InvalidOperationException("Cidr.None has no address.");

        Span<byte> bytes = stackalloc byte[16];
        if (family == 4)
        {
            BinaryPrimitives.WriteUInt32BigEndian(bytes, (uint)bits);
            return new IPAddress(bytes[..4]);
        }

        BinaryPrimitives.WriteUInt128BigEndian(bytes, bits);
        return new IPAddress(bytes);
    }
}
