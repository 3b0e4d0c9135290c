using System.Globalization;
using System.Text.RegularExpressions;
using Amazon.EC2.Model;
using EntryGuard.Domain.Net;
using EntryGuard.Domain.Providers;
using EntryGuard.Domain.Rules;

namespace EntryGuard.Providers.Aws;

/// <summary>Rules as EC2 writes them, and as we do.</summary>
internal static partial class AwsRules
{
    private const int Any = -1;

    /// <summary>One listed rule; null where it names no address: a group or a prefix list let in is never ours.</summary>
    public static ObservedRule? Read(SecurityGroupRule rule)
    {
        if (!Cidr.TryParse(rule.CidrIpv4 ?? rule.CidrIpv6, out var address, out _))
            return null;
        return new ObservedRule(
            new RuleKey(ScopeOf(rule.IpProtocol, rule.FromPort, rule.ToPort, address.IpVersion), address),
            rule.SecurityGroupRuleId, rule.Description is { } text && Mark().IsMatch(text) ? text : null, null);
    }

    /// <summary>What is to be let in, with its mark; null where a security group has no such rule.</summary>
    public static IpPermission? Write(RuleKey rule, string mark)
    {
        var (protocol, from, to) = rule.Scope switch
        {
            { Protocol: "tcp" or "udp" } scope => (scope.Protocol, scope.FromPort, scope.ToPort),

            // All types and codes. Source: EC2 API reference, IpPermission; 58 is ICMPv6, which "icmp" is not.
            { Protocol: "icmp" } => (rule.Address.IpVersion == 4 ? "icmp" : "58", Any, Any),
            _ => ("", 0, 0),
        };
        if (protocol.Length == 0 || rule.Address.IpVersion == 0)
            return null;
        var permission = new IpPermission { IpProtocol = protocol, FromPort = from, ToPort = to };
        if (rule.Address.IpVersion == 4)
            permission.Ipv4Ranges = [new IpRange { CidrIp = rule.Address.ToCidrString(), Description = mark }];
        else
            permission.Ipv6Ranges = [new Ipv6Range { CidrIpv6 = rule.Address.ToCidrString(), Description = mark }];
        return permission;
    }

    /// <summary>
    /// How full a group is. What lets in a group, or a prefix list, counts for both families; a customer's prefix list counts its largest size,
    /// which this list does not show, so it is taken as one. Source: Amazon VPC quotas, security groups.
    /// </summary>
    public static RuleQuota Quota(IEnumerable<SecurityGroupRule> inbound, int ipVersion, int limit) =>
        new(ipVersion, inbound.Count(rule => string.IsNullOrEmpty(ipVersion == 4 ? rule.CidrIpv6 : rule.CidrIpv4)), limit);

    // A scope other than those of a Resource is somebody else's; it needs only be another one, and the same each time.
    private static Scope ScopeOf(string? protocol, int? from, int? to, int ipVersion) => protocol switch
    {
        "tcp" or "6" => Ports("tcp", from, to),
        "udp" or "17" => Ports("udp", from, to),
        "icmp" or "1" when ipVersion == 4 => Icmp(from, to),
        "icmpv6" or "58" when ipVersion == 6 => Icmp(from, to),
        "-1" or null => new Scope("all", 0, 0),
        _ => new Scope(protocol, 0, 0),
    };

    private static Scope Ports(string protocol, int? from, int? to) =>
        from is null or Any ? new Scope(protocol, 0, 65535) : new Scope(protocol, from.Value, to ?? from.Value);

    private static Scope Icmp(int? type, int? code) =>
        type is null or Any ? new Scope("icmp", 0, 0)
        : new Scope(string.Create(CultureInfo.InvariantCulture, $"icmp-{type}{(code is null or Any ? "" : $"-{code}")}"), 0, 0);

    [GeneratedRegex(@"\Aeg:[a-z2-7]{8}:[a-z2-7]{10}\z")]
    private static partial Regex Mark();
}
