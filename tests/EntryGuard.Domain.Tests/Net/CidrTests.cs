using System.Net;
using System.Net.Sockets;
using CsCheck;
using EntryGuard.Domain.Net;

namespace EntryGuard.Domain.Tests.Net;

public sealed class CidrTests
{
    private const int Iterations = 5_000;

    private static readonly Gen<byte[]> Bytes = Gen.OneOf(
        Gen.Byte.Array[4],
        Gen.Byte.Array[16],
        Gen.Select(Gen.Byte.Array[16], Gen.Int[0, 255], (bytes, zeroGroups) => ZeroGroups(bytes, zeroGroups)));

    private static readonly Gen<Cidr> Any =
        from bytes in Bytes
        from prefix in Gen.Int[0, bytes.Length * 8]
        select Cidr.Parse($"{new IPAddress(Masked(bytes, prefix))}/{prefix}");

    // Ranges of one short block, so that containment, equality and order have something to say.
    private static readonly Gen<Cidr> Neighbour =
        from last in Gen.Byte[0, 7]
        from prefix in Gen.Int[29, 32]
        from six in Gen.Bool
        let bytes = six ? [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last] : new byte[] { 203, 0, 113, last }
        let bits = six ? prefix + 96 : prefix
        select Cidr.Parse($"{new IPAddress(Masked(bytes, bits))}/{bits}");

    [Theory]
    [InlineData("203.0.113.7", "203.0.113.7", "203.0.113.7/32", 4, 32)]
    [InlineData("203.0.113.7/32", "203.0.113.7", "203.0.113.7/32", 4, 32)]
    [InlineData("203.0.113.0/24", "203.0.113.0/24", "203.0.113.0/24", 4, 24)]
    [InlineData("0.0.0.0/0", "0.0.0.0/0", "0.0.0.0/0", 4, 0)]
    [InlineData("255.255.255.255", "255.255.255.255", "255.255.255.255/32", 4, 32)]
    [InlineData("2001:db8::1", "2001:db8::1", "2001:db8::1/128", 6, 128)]
    [InlineData("2001:DB8::A", "2001:db8::a", "2001:db8::a/128", 6, 128)]
    [InlineData("2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1", "2001:db8::1/128", 6, 128)]
    [InlineData("2001:db8::/64", "2001:db8::/64", "2001:db8::/64", 6, 64)]
    [InlineData("::/0", "::/0", "::/0", 6, 0)]
    [InlineData("::", "::", "::/128", 6, 128)]
    [InlineData("::1", "::1", "::1/128", 6, 128)]
    [InlineData("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0", "1:2:3:4:5:6:7:0/128", 6, 128)]
    [InlineData("64:ff9b::192.0.2.1", "64:ff9b::c000:201", "64:ff9b::c000:201/128", 6, 128)]
    [InlineData("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128", 6, 128)]
    public void Reads_what_means_one_thing_and_writes_it_one_way(string text, string canonical, string withPrefix, int version, int prefix)
    {
        Cidr.TryParse(text, out var cidr, out var error).ShouldBeTrue(error);
        error.ShouldBeNull();
        cidr.ToString().ShouldBe(canonical);
        cidr.ToCidrString().ShouldBe(withPrefix);
        cidr.IpVersion.ShouldBe(version);
        cidr.PrefixLength.ShouldBe(prefix);
        cidr.IsSingleAddress.ShouldBe(prefix == (version == 4 ? 32 : 128));
        cidr.FirstAddress.AddressFamily.ShouldBe(version == 4 ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6);
    }

    // RFC 5952 section 4.2: the longest run of zero groups is shortened, the first of equals, never a single group.
    [Theory]
    [InlineData("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1")]
    [InlineData("2001:0:0:1:0:0:0:1", "2001:0:0:1::1")]
    [InlineData("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1")]
    [InlineData("0:0:1:0:0:0:0:0", "0:0:1::")]
    [InlineData("0:1:0:1:0:1:0:1", "0:1:0:1:0:1:0:1")]
    [InlineData("1:0:0:0:0:0:0:0", "1::")]
    public void Shortens_zeros_as_RFC_5952_says(string text, string canonical) => Cidr.Parse(text).ToString().ShouldBe(canonical);

    [Theory]
    [InlineData("2001:db8::5efe:192.0.2.1", "2001:db8::5efe:c000:201")]
    [InlineData("::192.0.2.1", "::c000:201")]
    [InlineData("::1:0", "::1:0")]
    [InlineData("::ffff:0:192.0.2.1", "::ffff:0:c000:201")]
    public void Writes_IPv6_in_hexadecimal_even_where_the_framework_would_not(string text, string canonical) =>
        Cidr.Parse(text).ToString().ShouldBe(canonical);

    [Theory]
    [InlineData("::ffff:203.0.113.7", "203.0.113.7")]
    [InlineData("::FFFF:203.0.113.7/128", "203.0.113.7")]
    [InlineData("::ffff:cb00:7107", "203.0.113.7")]
    [InlineData("0:0:0:0:0:ffff:cb00:7107", "203.0.113.7")]
    [InlineData("::ffff:203.0.113.0/120", "203.0.113.0/24")]
    [InlineData("::ffff:0:0/96", "0.0.0.0/0")]
    public void IPv4_in_its_IPv6_mapped_form_is_IPv4(string text, string meant) => Cidr.Parse(text).ShouldBe(Cidr.Parse(meant));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("none")]
    [InlineData("localhost")]
    [InlineData("/")]
    [InlineData("/24")]
    // IPv4 the framework would take, and mean something else by.
    [InlineData("1")]
    [InlineData("1.2")]
    [InlineData("1.2.3")]
    [InlineData("3405803783")]
    [InlineData("0xcb.0.113.7")]
    [InlineData("0xcb007107")]
    [InlineData("010.0.0.1")]
    [InlineData("203.0.113.007")]
    [InlineData("203.0.113.00")]
    // IPv4 that is none.
    [InlineData("203.0.113.256")]
    [InlineData("203.0.113")]
    [InlineData("203.0.113.")]
    [InlineData("203..113.7")]
    [InlineData("203.0.113.7.1")]
    [InlineData("203.0.113.-7")]
    [InlineData("203.0.113.+7")]
    [InlineData("203.0.113.7\0")]
    [InlineData(" 203.0.113.7")]
    [InlineData("203.0.113.7 ")]
    [InlineData("203.0.113.7\n")]
    [InlineData("٢٠٣.٠.١١٣.٧")]
    [InlineData("２０３.0.113.7")]
    [InlineData("203。0。113。7")]
    [InlineData("203.0.113.7:443")]
    [InlineData("203.0.113.7-203.0.113.9")]
    [InlineData("203.0.113.7,203.0.113.8")]
    [InlineData("203.0.113.0/255.255.255.0")]
    // Prefix lengths.
    [InlineData("203.0.113.7/")]
    [InlineData("203.0.113.7/33")]
    [InlineData("203.0.113.7/032")]
    [InlineData("203.0.113.0/024")]
    [InlineData("203.0.113.7/-1")]
    [InlineData("203.0.113.7/+32")]
    [InlineData("203.0.113.7/ 32")]
    [InlineData("203.0.113.7/32 ")]
    [InlineData("203.0.113.7/32/32")]
    [InlineData("203.0.113.7/99999999999")]
    [InlineData("203.0.113.7/٣٢")]
    [InlineData("2001:db8::1/129")]
    [InlineData("2001:db8::/")]
    [InlineData("2001:db8::/0x40")]
    // Host bits.
    [InlineData("203.0.113.7/24")]
    [InlineData("203.0.113.7/0")]
    [InlineData("2001:db8::1/64")]
    [InlineData("::ffff:203.0.113.7/120")]
    // IPv6 that is none, or is more than an address.
    [InlineData(":")]
    [InlineData(":::")]
    [InlineData("1::2::3")]
    [InlineData("2001:db8")]
    [InlineData("1:2:3:4:5:6:7")]
    [InlineData("1:2:3:4:5:6:7:8:9")]
    [InlineData(":1:2:3:4:5:6:7:8")]
    [InlineData("1:2:3:4:5:6:7:8:")]
    [InlineData("1:2:3:4:5:6:7:203.0.113.7")]
    [InlineData("::12345")]
    [InlineData("00001::")]
    [InlineData("2001:db8::g")]
    [InlineData("203.0.113.7::")]
    [InlineData("::203.0.113.7:1")]
    [InlineData("::203.0.113")]
    [InlineData("::ffff:203.0.113.007")]
    [InlineData("::ffff:0xcb.0.113.7")]
    [InlineData("fe80::1%eth0")]
    [InlineData("fe80::1%1")]
    [InlineData("[2001:db8::1]")]
    [InlineData("[2001:db8::1]:443")]
    [InlineData("::ffff:0:0/95")]
    [InlineData("0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000")]
    public void Refuses_what_is_not_exactly_an_address_or_a_range(string? text)
    {
        Cidr.TryParse(text, out var cidr, out var error).ShouldBeFalse();
        cidr.ShouldBe(Cidr.None);
        error.ShouldNotBeNullOrWhiteSpace();
    }

    [Theory]
    [InlineData("203.0.113.7/24", "203.0.113.0/24", "203.0.113.7")]
    [InlineData("2001:db8::1/64", "2001:db8::/64", "2001:db8::1")]
    [InlineData("::ffff:203.0.113.7/120", "203.0.113.0/24", "203.0.113.7")]
    [InlineData("010.0.0.1", "10.0.0.1", "10.0.0.1")]
    public void Says_what_to_write_instead(string text, params string[] proposals)
    {
        Cidr.TryParse(text, out _, out var error).ShouldBeFalse();
        foreach (var proposal in proposals)
        {
            error!.ShouldContain(proposal);
            Cidr.TryParse(proposal, out _, out _).ShouldBeTrue();
        }
    }

    [Fact]
    public void Parse_throws_with_the_text_and_the_reason() =>
        Should.Throw<FormatException>(() => Cidr.Parse("203.0.113.7/24")).Message.ShouldStartWith("'203.0.113.7/24' has address bits beyond");

    [Fact]
    public void None_is_the_default_and_opens_nothing()
    {
        default(Cidr).ShouldBe(Cidr.None);
        Cidr.None.ToString().ShouldBe("none");
        Cidr.None.ToCidrString().ShouldBe("none");
        Cidr.None.IpVersion.ShouldBe(0);
        Cidr.None.IsSingleAddress.ShouldBeFalse();
        Cidr.None.Contains(Cidr.None).ShouldBeFalse();
        Cidr.None.Contains(IPAddress.Any).ShouldBeFalse();
        Cidr.None.Contains(IPAddress.IPv6Any).ShouldBeFalse();
        Cidr.Parse("0.0.0.0/0").Contains(Cidr.None).ShouldBeFalse();
        Cidr.Parse("::/0").Contains(Cidr.None).ShouldBeFalse();
        Cidr.None.ShouldNotBe(Cidr.Parse("::"));
        Cidr.None.ShouldNotBe(Cidr.Parse("::/0"));
        Should.Throw<InvalidOperationException>(() => Cidr.None.FirstAddress);
    }

    [Fact]
    public void The_address_of_a_peer_is_never_in_mapped_form_and_has_no_zone()
    {
        var four = new IPAddress([203, 0, 113, 7]);
        Cidr.Of(four).ShouldBe(Cidr.Parse("203.0.113.7"));
        Cidr.Of(four.MapToIPv6()).ShouldBe(Cidr.Parse("203.0.113.7"));

        byte[] linkLocal = [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
        Cidr.Of(new IPAddress(linkLocal, 3)).ShouldBe(Cidr.Parse("fe80::1"));
        Cidr.Parse("203.0.113.0/24").Contains(four.MapToIPv6()).ShouldBeTrue();
    }

    [Theory]
    [InlineData("203.0.113.0/24", "203.0.113.255", true)]
    [InlineData("203.0.113.0/24", "203.0.114.0", false)]
    [InlineData("203.0.113.0/24", "203.0.113.0/24", true)]
    [InlineData("203.0.113.0/24", "203.0.112.0/23", false)]
    [InlineData("203.0.113.7", "203.0.113.7", true)]
    [InlineData("203.0.113.7", "203.0.113.6", false)]
    [InlineData("0.0.0.0/0", "255.255.255.255", true)]
    [InlineData("0.0.0.0/0", "::/0", false)]
    [InlineData("::/0", "0.0.0.0/0", false)]
    [InlineData("::/0", "203.0.113.7", false)]
    [InlineData("2001:db8::/32", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", true)]
    [InlineData("2001:db8::/32", "2001:db9::", false)]
    [InlineData("::/96", "203.0.113.7", false)]
    public void Contains_means_every_address_of_the_other(string range, string other, bool contains) =>
        Cidr.Parse(range).Contains(Cidr.Parse(other)).ShouldBe(contains);

    [Fact]
    public void Sorts_IPv4_first_then_by_address_then_the_wider_range()
    {
        string[] sorted =
        [
            "none", "0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/24", "10.0.0.0", "203.0.113.7", "255.255.255.255",
            "::/0", "::", "::1", "2001:db8::/32", "2001:db8::",
        ];
        Cidr[] cidrs = [.. sorted.Reverse().Select(text => text == "none" ? Cidr.None : Cidr.Parse(text))];
        cidrs.Order().Select(cidr => cidr.ToString()).ShouldBe(sorted);
    }

    [Fact]
    public void What_was_written_reads_back_as_the_same()
    {
        Any.Sample(cidr =>
        {
            Cidr.Parse(cidr.ToString()).ShouldBe(cidr);
            Cidr.Parse(cidr.ToCidrString()).ShouldBe(cidr);
            Cidr.Parse(cidr.ToString()).ToString().ShouldBe(cidr.ToString());
        }, iter: Iterations);
    }

    [Fact]
    public void The_text_of_an_address_means_that_address_to_the_framework_too()
    {
        Bytes.Select(bytes => new IPAddress(bytes)).Sample(address =>
        {
            var cidr = Cidr.Of(address);
#pragma warning disable RS0030 // The independent reader this is compared with.
            IPAddress.Parse(cidr.ToString()).ShouldBe(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address);
#pragma warning restore RS0030
            cidr.FirstAddress.ShouldBe(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address);
        }, iter: Iterations);
    }

    [Fact]
    public void Agrees_with_the_framework_on_what_a_range_contains()
    {
        Gen.Select(Any, Any, Neighbour, Neighbour).Sample((a, b, c, d) =>
        {
            foreach (var (range, other) in new[] { (a, b), (c, d), (a, a), (c, c) })
                new IPNetwork(range.FirstAddress, range.PrefixLength).Contains(other.FirstAddress).ShouldBe(range.Contains(other.FirstAddress));
        }, iter: Iterations);
    }

    [Fact]
    public void Containing_is_a_partial_order()
    {
        Gen.Select(Neighbour, Neighbour, Neighbour).Sample((a, b, c) =>
        {
            a.Contains(a).ShouldBeTrue();
            if (a.Contains(b) && b.Contains(a))
                a.ShouldBe(b);
            if (a.Contains(b) && b.Contains(c))
                a.Contains(c).ShouldBeTrue();
            if (a.Contains(b))
                a.CompareTo(b).ShouldBeLessThanOrEqualTo(0);
        }, iter: Iterations);
    }

    [Fact]
    public void Two_ranges_are_nested_or_apart()
    {
        Gen.Select(Neighbour, Neighbour).Sample((a, b) =>
        {
            var shared = Enumerable.Range(0, 8).Select(last => Cidr.Parse(a.IpVersion == 4 ? $"203.0.113.{last}" : $"2001:db8::{last}"))
                .Any(address => a.Contains(address) && b.Contains(address));
            shared.ShouldBe(a.Contains(b) || b.Contains(a));
        }, iter: Iterations);
    }

    [Fact]
    public void The_order_is_total_and_agrees_with_equality()
    {
        Gen.Select(Neighbour, Neighbour, Neighbour).Sample((a, b, c) =>
        {
            Math.Sign(a.CompareTo(b)).ShouldBe(-Math.Sign(b.CompareTo(a)));
            (a.CompareTo(b) == 0).ShouldBe(a == b);
            (a == b).ShouldBe(a.ToString() == b.ToString());
            (a != b).ShouldBe(!a.Equals((object)b));
            if (a == b)
                a.GetHashCode().ShouldBe(b.GetHashCode());
            if (a.CompareTo(b) <= 0 && b.CompareTo(c) <= 0)
                a.CompareTo(c).ShouldBeLessThanOrEqualTo(0);
        }, iter: Iterations);
    }

    [Fact]
    public void No_text_makes_it_throw_and_what_it_takes_is_canonical()
    {
        var character = Gen.OneOf(Gen.Char["0123456789abcdefABCDEFx:./% -+"], Gen.Char["0123456789.:/"], Gen.Char);
        character.Array[0, 70].Select(characters => new string(characters)).Sample(text =>
        {
            if (Cidr.TryParse(text, out var cidr, out var error))
                Cidr.Parse(cidr.ToString()).ShouldBe(cidr);
            else
                error.ShouldNotBeNullOrWhiteSpace();
        }, iter: Iterations);
    }

    private static byte[] Masked(byte[] bytes, int prefix) =>
        [.. bytes.Select((value, index) => (byte)(value & ~(0xFF >> Math.Clamp(prefix - (index * 8), 0, 8))))];

    // One bit of the mask per group of two bytes: addresses with runs of zeros, which random bytes never have.
    private static byte[] ZeroGroups(byte[] bytes, int mask) =>
        [.. bytes.Select((value, index) => (mask & (1 << (index / 2))) != 0 ? (byte)0 : value)];
}
