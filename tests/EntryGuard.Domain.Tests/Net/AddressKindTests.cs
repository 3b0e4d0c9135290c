using EntryGuard.Domain.Net;

namespace EntryGuard.Domain.Tests.Net;

public sealed class AddressKindTests
{
    [Theory]
    [InlineData("8.8.8.8", AddressKind.Public)]
    [InlineData("172.32.0.0", AddressKind.Public)]
    [InlineData("100.128.0.0", AddressKind.Public)]
    [InlineData("2606:4700::1111", AddressKind.Public)]
    [InlineData("127.0.0.1", AddressKind.Loopback)]
    [InlineData("127.255.255.255", AddressKind.Loopback)]
    [InlineData("::1", AddressKind.Loopback)]
    [InlineData("::ffff:127.0.0.1", AddressKind.Loopback)]
    [InlineData("10.1.2.3", AddressKind.Private)]
    [InlineData("172.16.0.0", AddressKind.Private)]
    [InlineData("172.31.255.255", AddressKind.Private)]
    [InlineData("192.168.1.0/24", AddressKind.Private)]
    [InlineData("100.64.0.1", AddressKind.Private)]
    [InlineData("fd00::1", AddressKind.Private)]
    [InlineData("fec0::1", AddressKind.Private)]
    [InlineData("169.254.169.254", AddressKind.LinkLocal)]
    [InlineData("::ffff:169.254.169.254", AddressKind.LinkLocal)]
    [InlineData("fe80::1", AddressKind.LinkLocal)]
    [InlineData("febf::1", AddressKind.LinkLocal)]
    [InlineData("224.0.0.1", AddressKind.Multicast)]
    [InlineData("ff02::1", AddressKind.Multicast)]
    [InlineData("192.0.2.1", AddressKind.Documentation)]
    [InlineData("198.51.100.1", AddressKind.Documentation)]
    [InlineData("203.0.113.7", AddressKind.Documentation)]
    [InlineData("2001:db8::1", AddressKind.Documentation)]
    [InlineData("3fff:fff::1", AddressKind.Documentation)]
    [InlineData("0.0.0.0", AddressKind.Reserved)]
    [InlineData("192.0.0.8", AddressKind.Reserved)]
    [InlineData("192.88.99.1", AddressKind.Reserved)]
    [InlineData("198.19.255.255", AddressKind.Reserved)]
    [InlineData("255.255.255.255", AddressKind.Reserved)]
    [InlineData("::", AddressKind.Reserved)]
    [InlineData("::169.254.169.254", AddressKind.Reserved)]
    [InlineData("64:ff9b:1::1", AddressKind.Reserved)]
    [InlineData("100::1", AddressKind.Reserved)]
    [InlineData("2001:2::1", AddressKind.Reserved)]
    [InlineData("5f00::1", AddressKind.Reserved)]
    public void Every_address_has_the_kind_IANA_gave_its_block(string range, AddressKind kind) =>
        AddressKinds.KindOf(Cidr.Parse(range)).ShouldBe(kind);

    [Theory]
    [InlineData("0.0.0.0/0")]
    [InlineData("::/0")]
    [InlineData("8.0.0.0/5")]        // reaches 10.0.0.0/8
    [InlineData("203.0.112.0/23")]   // reaches 203.0.113.0/24
    [InlineData("2001::/16")]
    public void A_range_that_reaches_a_reserved_block_is_not_public(string range) =>
        AddressKinds.KindOf(Cidr.Parse(range)).ShouldNotBe(AddressKind.Public);

    [Fact]
    public void No_address_at_all_is_not_a_public_one() => AddressKinds.KindOf(Cidr.None).ShouldBe(AddressKind.Reserved);
}
