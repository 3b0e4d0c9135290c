using EntryGuard.Domain.Sessions;
using EntryGuard.Server.Data;

namespace EntryGuard.Server.Tests.Data;

public class NamesTests
{
    [Theory]
    [InlineData("Id", "id")]
    [InlineData("ResourceIp", "resource_ip")]
    [InlineData("IPv4", "ipv4")]
    [InlineData("LastUsedIp", "last_used_ip")]
    [InlineData("MayNameAddress", "may_name_address")]
    [InlineData("already_snake", "already_snake")]
    [InlineData("", "")]
    public void Names_are_spelled_in_snake_case(string name, string spelled) => Names.Snake(name).ShouldBe(spelled);

    [Fact]
    public void An_enum_is_spelled_in_capitals() => Names.Wire(EndReason.AccessRevoked).ShouldBe("ACCESS_REVOKED");

    [Fact]
    public void Every_spelling_is_read_back()
    {
        foreach (var status in Enum.GetValues<ResourceIpStatus>())
            Names.FromWire<ResourceIpStatus>(Names.Wire(status)).ShouldBe(status);
        foreach (var reason in Enum.GetValues<EndReason>())
            Names.FromWire<EndReason>(Names.Wire(reason)).ShouldBe(reason);
    }

    [Theory]
    [InlineData("active")]
    [InlineData("Active")]
    [InlineData("0")]
    [InlineData("")]
    [InlineData("ACTIVE ")]
    public void Nothing_else_is_read(string text) => Names.FromWire<SessionStatus>(text).ShouldBeNull();
}
