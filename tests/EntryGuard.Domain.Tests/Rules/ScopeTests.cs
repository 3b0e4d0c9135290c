using CsCheck;
using EntryGuard.Domain.Rules;

namespace EntryGuard.Domain.Tests.Rules;

public sealed class ScopeTests
{
    [Theory]
    [InlineData("tcp/5432", "tcp", 5432, 5432)]
    [InlineData("tcp/0", "tcp", 0, 0)]
    [InlineData("tcp/0-65535", "tcp", 0, 65535)]
    [InlineData("udp/6000-6010", "udp", 6000, 6010)]
    [InlineData("icmp", "icmp", 0, 0)]
    [InlineData("all", "all", 0, 0)]
    public void A_scope_is_read_as_it_is_written(string text, string protocol, int from, int to)
    {
        Scope.Parse(text).ShouldBe(new Scope(protocol, from, to));
        new Scope(protocol, from, to).ToString().ShouldBe(text);
    }

    [Theory]
    [InlineData("")]
    [InlineData("tcp")]             // which port?
    [InlineData("udp")]
    [InlineData("TCP/22")]
    [InlineData("tcp/")]
    [InlineData("/22")]
    [InlineData("tcp/022")]
    [InlineData("tcp/+22")]
    [InlineData("tcp/ 22")]
    [InlineData("tcp/22 ")]
    [InlineData("tcp/22-")]
    [InlineData("tcp/-22")]
    [InlineData("tcp/22-22")]       // tcp/22
    [InlineData("tcp/23-22")]
    [InlineData("tcp/22-23-24")]
    [InlineData("tcp/65536")]
    [InlineData("tcp/1-65536")]
    [InlineData("tcp/99999999999")]
    [InlineData("tcp/22/23")]
    [InlineData("icmp/8")]
    [InlineData("all/1-2")]
    [InlineData("any thing")]
    public void Anything_else_is_refused(string text) => Should.Throw<FormatException>(() => Scope.Parse(text)).Message.ShouldContain(text);

    [Fact]
    public void One_meaning_has_one_text() =>
        Gen.Select(Gen.OneOf("tcp", "udp"), Gen.Int[0, 65535], Gen.Int[0, 65535]).Sample((protocol, a, b) =>
        {
            var scope = new Scope(protocol, Math.Min(a, b), Math.Max(a, b));
            return Scope.Parse(scope.ToString()) == scope;
        });

    [Fact]
    public void One_tcp_port_is_written_short() => Scope.Tcp(5432).ToString().ShouldBe("tcp/5432");

    [Theory]
    [InlineData("tcp/443", "tcp/443", true)]
    [InlineData("tcp/443", "tcp/400-500", true)]
    [InlineData("tcp/443", "tcp/443-444", true)]
    [InlineData("tcp/443", "tcp/442-443", true)]
    [InlineData("tcp/443", "all", true)]
    [InlineData("icmp", "all", true)]
    [InlineData("icmp", "icmp", true)]
    [InlineData("tcp/443", "tcp/444", false)]
    [InlineData("tcp/443", "tcp/444-500", false)]
    [InlineData("tcp/443", "udp/443", false)]
    [InlineData("tcp/0", "icmp", false)]
    public void Scopes_overlap_where_one_packet_fits_both(string one, string other, bool overlap)
    {
        Scope.Parse(one).Overlaps(Scope.Parse(other)).ShouldBe(overlap);
        Scope.Parse(other).Overlaps(Scope.Parse(one)).ShouldBe(overlap);
    }
}
