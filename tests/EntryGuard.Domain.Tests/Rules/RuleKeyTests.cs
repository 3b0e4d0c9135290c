using System.Net;
using System.Text.RegularExpressions;
using CsCheck;
using EntryGuard.Domain.Net;
using EntryGuard.Domain.Rules;

namespace EntryGuard.Domain.Tests.Rules;

public sealed partial class RuleKeyTests
{
    private static readonly Gen<(string Installation, AllowListKey Key, RuleKey Rule)> GenRule = Gen.Select(
        Gen.OneOf("k7m2p4qx", "aaaaaaaa", "22222222"),
        Gen.OneOf("gate:127.0.0.1:15432", "gate:127.0.0.1:15433", "aws:123456789012:eu-central-1:sg-0123"),
        Gen.Select(Gen.OneOf("tcp", "udp"), Gen.Int[1, 9]),
        Gen.Byte.Array[4],
        (installation, key, scope, address) => (installation, new AllowListKey(key), new RuleKey(new Scope(scope.Item1, scope.Item2, scope.Item2), Cidr.Of(new IPAddress(address)))));

    // Computed apart from the code. A mark that changes orphans every rule that stands.
    [Theory]
    [InlineData("aws:123456789012:eu-central-1:sg-0123", "tcp/5432", "203.0.113.7", "eg:k7m2p4qx:l2yo4mfyu3")]
    [InlineData("gate:127.0.0.1:15432", "tcp/15432", "2001:db8::/64", "eg:k7m2p4qx:ijkofxvxwf")]
    public void An_owner_mark_never_changes(string key, string scope, string address, string mark) =>
        new RuleKey(Scope.Parse(scope), Cidr.Parse(address)).OwnerMark("k7m2p4qx", new AllowListKey(key)).ShouldBe(mark);

    [Fact]
    public void An_owner_mark_has_22_characters_that_every_provider_takes() =>
        GenRule.Sample(r => Mark(r) is { Length: 22 } mark && Harmless().IsMatch(mark) && mark.StartsWith($"eg:{r.Installation}:", StringComparison.Ordinal));

    [Fact]
    public void Two_rules_have_two_marks() => Gen.Select(GenRule, GenRule).Sample((a, b) => (a == b) == (Mark(a) == Mark(b)));

    private static string Mark((string Installation, AllowListKey Key, RuleKey Rule) r) => r.Rule.OwnerMark(r.Installation, r.Key);

    [GeneratedRegex("^eg:[a-z2-7]{8}:[a-z2-7]{10}$")]
    private static partial Regex Harmless();
}
