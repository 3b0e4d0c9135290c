using System.Xml.Linq;

namespace EntryGuard.Testing.FakeEc2;

/// <summary>Answers as EC2 (2016-11-15) and STS (2011-06-15) write them. Shapes: the API references' pages of each action, and "Query requests".</summary>
internal static class Ec2Xml
{
    private static readonly XNamespace Ec2 = "http://ec2.amazonaws.com/doc/2016-11-15/";
    private static readonly XNamespace Sts = "https://sts.amazonaws.com/doc/2011-06-15/";

    public static string Answer(string action, params object?[] content) =>
        Write(Qualify(new XElement($"{action}Response", new XElement("requestId", Guid.NewGuid()), content), Ec2));

    public static string StsAnswer(string action, params object?[] content) => Write(Qualify(
        new XElement($"{action}Response", new XElement($"{action}Result", content), new XElement("ResponseMetadata", new XElement("RequestId", Guid.NewGuid()))), Sts));

    public static string Error(Ec2Exception error, bool isSts) => Write(isSts
        ? Qualify(
            new XElement("ErrorResponse", new XElement("Error", new XElement("Type", "Sender"), new XElement("Code", error.Code), new XElement("Message", error.Message)), new XElement("RequestId", Guid.NewGuid())), Sts)
        : new XElement(
            "Response", new XElement("Errors", new XElement("Error", new XElement("Code", error.Code), new XElement("Message", error.Message))), new XElement("RequestID", Guid.NewGuid())));

    /// <summary>An item of securityGroupRuleSet. API_SecurityGroupRule.</summary>
    public static XElement Rule(Ec2Group group, Ec2Rule rule) => new(
        "item",
        new XElement("securityGroupRuleId", rule.Id), new XElement("groupId", group.Id), new XElement("groupOwnerId", group.Account),
        new XElement("isEgress", rule.IsEgress), new XElement("ipProtocol", rule.Protocol),
        Optional("fromPort", rule.From ?? -1), Optional("toPort", rule.To ?? -1),
        Optional("cidrIpv4", rule.CidrIpv4), Optional("cidrIpv6", rule.CidrIpv6), Optional("prefixListId", rule.PrefixList),
        rule.ReferencedGroup is null ? null : new XElement("referencedGroupInfo", new XElement("groupId", rule.ReferencedGroup), new XElement("userId", group.Account)),
        Optional("description", rule.Description), new XElement("tagSet"));

    /// <summary>An item of revokedSecurityGroupRuleSet. API_RevokedSecurityGroupRule.</summary>
    public static XElement Revoked(Ec2Group group, Ec2Rule rule) => new(
        "item",
        new XElement("securityGroupRuleId", rule.Id), new XElement("groupId", group.Id), new XElement("isEgress", rule.IsEgress), new XElement("ipProtocol", rule.Protocol),
        Optional("fromPort", rule.From ?? -1), Optional("toPort", rule.To ?? -1), Optional("cidrIpv4", rule.CidrIpv4), Optional("cidrIpv6", rule.CidrIpv6),
        Optional("prefixListId", rule.PrefixList), Optional("referencedGroupId", rule.ReferencedGroup), Optional("description", rule.Description));

    /// <summary>An item of unknownIpPermissionSet. API_IpPermission.</summary>
    public static XElement Permission(Ec2Rule rule) => new(
        "item",
        new XElement("ipProtocol", rule.Protocol), Optional("fromPort", rule.From), Optional("toPort", rule.To),
        new XElement("ipRanges", rule.CidrIpv4 is null ? null : new XElement("item", new XElement("cidrIp", rule.CidrIpv4))),
        new XElement("ipv6Ranges", rule.CidrIpv6 is null ? null : new XElement("item", new XElement("cidrIpv6", rule.CidrIpv6))));

    /// <summary>An item of securityGroupInfo, without its rules. API_SecurityGroup.</summary>
    public static XElement Group(Ec2Group group) => new(
        "item",
        new XElement("ownerId", group.Account), new XElement("groupId", group.Id), new XElement("groupName", $"name of {group.Id}"),
        new XElement("groupDescription", "made by a test"), new XElement("vpcId", "vpc-0123456789abcdef0"), new XElement("tagSet"));

    public static XElement? Optional(string name, object? value) => value is null ? null : new XElement(name, value);

    private static XElement Qualify(XElement element, XNamespace space)
    {
        foreach (var each in element.DescendantsAndSelf())
            each.Name = space + each.Name.LocalName;
        return element;
    }

    private static string Write(XElement root) => $"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{root}";
}
