using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using EntryGuard.Domain.Net;

namespace EntryGuard.Testing.FakeEc2;

/// <summary>The parameters of one request, as the Query protocol numbers them.</summary>
internal sealed partial class Ec2Request(IReadOnlyDictionary<string, string> parameters)
{
    private const int LongestDescription = 255;

    public string Action => parameters.GetValueOrDefault("Action", "");

    public string? this[string name] => parameters.GetValueOrDefault(name);

    public bool IsDry => parameters.GetValueOrDefault("DryRun") == "true";

    /// <summary>"GroupId.1", "GroupId.2", ...</summary>
    public IReadOnlyList<string> List(string name) => [.. Indices(name).Select(i => parameters[$"{name}.{i}"])];

    /// <summary>"Filter.1.Name" and "Filter.1.Value.1", ...</summary>
    public IEnumerable<(string Name, IReadOnlyList<string> Values)> Filters() =>
        Indices("Filter").Select(i => (parameters[$"Filter.{i}.Name"], List($"Filter.{i}.Value")));

    /// <summary>The rules that IpPermissions names, without ids. API_IpPermission, API_IpRange, API_Ipv6Range.</summary>
    public IReadOnlyList<Ec2Rule> Permissions()
    {
        var rules = new List<Ec2Rule>();
        foreach (var i in Indices("IpPermissions"))
        {
            var at = $"IpPermissions.{i}";
            var rule = new Ec2Rule("", Protocol(parameters.GetValueOrDefault($"{at}.IpProtocol", "")), Port($"{at}.FromPort"), Port($"{at}.ToPort"));
            if (rule.Protocol is "tcp" or "udp" && (rule.From is not (>= 0 and <= 65535) || rule.To is not (>= 0 and <= 65535) || rule.From > rule.To))
                throw Ec2Exception.InvalidValue($"Invalid value for portRange. Must specify both from and to ports with {rule.Protocol.ToUpperInvariant()}.");
            if (rule.Protocol == "icmp" && (rule.From is null || rule.To is null))
                throw Ec2Exception.InvalidValue("Invalid ICMP type or code.");
            if (rule.Protocol == "-1")
                rule = rule with { From = null, To = null };   // all ports, whatever was said: API_IpPermission
            rules.AddRange(Indices($"{at}.IpRanges").Select(j => $"{at}.IpRanges.{j}").Select(s => rule with { CidrIpv4 = Source(parameters[$"{s}.CidrIp"], 4), Description = Description(s) }));
            rules.AddRange(Indices($"{at}.Ipv6Ranges").Select(j => $"{at}.Ipv6Ranges.{j}").Select(s => rule with { CidrIpv6 = Source(parameters[$"{s}.CidrIpv6"], 6), Description = Description(s) }));
            rules.AddRange(Indices($"{at}.Groups").Select(j => $"{at}.Groups.{j}").Select(s => rule with { ReferencedGroup = parameters[$"{s}.GroupId"], Description = Description(s) }));
            rules.AddRange(Indices($"{at}.PrefixListIds").Select(j => $"{at}.PrefixListIds.{j}").Select(s => rule with { PrefixList = parameters[$"{s}.PrefixListId"], Description = Description(s) }));
        }

        return rules;
    }

    // API_AuthorizeSecurityGroupIngress: a block with host bits is made canonical, and that is what later calls show.
    private static string Source(string text, int ipVersion)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0 || !int.TryParse(text[(slash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var prefix)
            || !Cidr.TryParse(text[..slash], out var address, out _) || address.IpVersion != ipVersion || prefix > (ipVersion == 4 ? 32 : 128))
        {
            throw Ec2Exception.InvalidValue($"CIDR block {text} is malformed");
        }

        var bytes = address.FirstAddress.GetAddressBytes();
        for (var bit = prefix; bit < bytes.Length * 8; bit++)
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        return $"{Cidr.Of(new IPAddress(bytes))}/{prefix}";
    }

    // Its name for each number that has one. API_IpPermission.
    private static string Protocol(string text) => text.ToLowerInvariant() switch
    {
        "6" => "tcp",
        "17" => "udp",
        "1" => "icmp",
        "58" => "icmpv6",
        "tcp" or "udp" or "icmp" or "icmpv6" or "-1" => text.ToLowerInvariant(),
        var other => int.TryParse(other, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is >= 0 and <= 255
            ? other : throw Ec2Exception.InvalidValue($"Invalid value '{text}' for IP protocol. Unknown protocol."),
    };

    private string? Description(string at)
    {
        if (!parameters.TryGetValue($"{at}.Description", out var text))
            return null;
        return text.Length <= LongestDescription && DescriptionShape().IsMatch(text)
            ? text
            : throw Ec2Exception.InvalidValue("Invalid rule description. Valid descriptions are strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*");
    }

    private int? Port(string name) =>
        !parameters.TryGetValue(name, out var text) ? null
        : int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var port) ? port
        : throw Ec2Exception.InvalidValue($"Invalid value '{text}' for {name}.");

    private IEnumerable<int> Indices(string name)
    {
        var prefix = $"{name}.";
        return parameters.Keys.Where(k => k.StartsWith(prefix, StringComparison.Ordinal))
            .Select(k => k[prefix.Length..].Split('.')[0]).Where(n => n.All(char.IsAsciiDigit)).Select(n => int.Parse(n, CultureInfo.InvariantCulture))
            .Distinct().Order();
    }

    // API_IpRange, Description.
    [GeneratedRegex(@"\A[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]*\z")]
    private static partial Regex DescriptionShape();
}
