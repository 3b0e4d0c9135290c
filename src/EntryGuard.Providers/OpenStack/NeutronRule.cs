using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using EntryGuard.Domain.Net;
using EntryGuard.Domain.Providers;
using EntryGuard.Domain.Rules;

namespace EntryGuard.Providers.OpenStack;

/// <summary>A rule as Neutron writes it, and as we do.</summary>
internal static class NeutronRule
{
    private const int HighestPort = 65535;

    /// <summary>
    /// Reads one listed rule in canonical form: Neutron keeps host bits, protocol numbers and names as they were sent, so that equal rules
    /// need not look equal.
    /// </summary>
    /// <returns>False for what lets no address in: outgoing rules, and rules for members of a group or an address group.</returns>
    public static bool TryRead(JsonElement json, [NotNullWhen(true)] out ObservedRule? rule)
    {
        rule = null;
        if (json.ValueKind != JsonValueKind.Object || Text(json, "id") is not { } id || Text(json, "direction") != "ingress"
            || Text(json, "remote_group_id") is not null || Text(json, "remote_address_group_id") is not null)
            return false;
        var version = Text(json, "ethertype") switch { "IPv4" => 4, "IPv6" => 6, _ => 0 };
        if (version == 0 || !TryReadPrefix(Text(json, "remote_ip_prefix"), version, out var address))
            return false;
        var scope = ScopeOf(Text(json, "protocol"), version, Port(json, "port_range_min"), Port(json, "port_range_max"));
        var mark = Text(json, "description") is { } words && words.StartsWith("eg:", StringComparison.Ordinal) ? words : null;
        rule = new ObservedRule(new RuleKey(scope, address), id, mark, null);
        return true;
    }

    /// <summary>The rule to make, with the mark as its description.</summary>
    /// <param name="projectId">Null: the token says it.</param>
    /// <returns>Null for a scope that Neutron has no words for.</returns>
    public static JsonObject? Write(RuleAddition addition, string group, string? projectId)
    {
        var (scope, address) = (addition.Rule.Scope, addition.Rule.Address);
        if (scope.Protocol is not ("tcp" or "udp" or "icmp"))
            return null;
        var rule = new JsonObject
        {
            ["security_group_id"] = group,
            ["direction"] = "ingress",
            ["ethertype"] = address.IpVersion == 4 ? "IPv4" : "IPv6",
            ["protocol"] = scope.Protocol == "icmp" && address.IpVersion == 6 ? "ipv6-icmp" : scope.Protocol,
            ["remote_ip_prefix"] = address.ToCidrString(),
            ["description"] = addition.Mark,
        };
        if (projectId is not null)
            rule["project_id"] = projectId;
        if (scope.Protocol != "icmp" && !(scope.FromPort == 0 && scope.ToPort == HighestPort))   // no range: all ports
            (rule["port_range_min"], rule["port_range_max"]) = (scope.FromPort, scope.ToPort);
        return rule;
    }

    private static Scope ScopeOf(string? protocol, int version, int? from, int? to)
    {
        var name = protocol?.ToLowerInvariant() switch
        {
            null or "any" or "0" => "all",
            "6" => "tcp",
            "17" => "udp",
            "1" or "icmp" => "icmp",
            "58" or "icmpv6" or "ipv6-icmp" => version == 6 ? "icmp" : "ipv6-icmp",
            var other => other,
        };
        return name switch
        {
            "tcp" or "udp" => new Scope(name, from ?? 0, to ?? HighestPort),
            // There, they are type and code. A rule for one type is another rule than one for all.
            "icmp" when from is not null => new Scope($"icmp-{from}{(to is null ? "" : $"-{to}")}", 0, 0),
            _ => new Scope(name, from ?? 0, to ?? 0),
        };
    }

    // No prefix: everybody, of the family. A mapped address in an IPv6 rule lets nobody in over IPv4, whatever it looks like.
    private static bool TryReadPrefix(string? prefix, int version, out Cidr address)
    {
        address = Cidr.None;
        if (prefix is null)
            return Cidr.TryParse(version == 4 ? "0.0.0.0/0" : "::/0", out address, out _);
        var slash = prefix.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0)
            return Cidr.TryParse(prefix, out address, out _) && address.IpVersion == version;
        if (!Cidr.TryParse(prefix[..slash], out var first, out _) || first.IpVersion != version
            || !int.TryParse(prefix[(slash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var length) || length > (version == 4 ? 32 : 128))
            return false;
        var bytes = first.FirstAddress.GetAddressBytes();
        for (var bit = length; bit < bytes.Length * 8; bit++)
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        return Cidr.TryParse($"{Cidr.Of(new IPAddress(bytes))}/{length}", out address, out _) && address.IpVersion == version;
    }

    private static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static int? Port(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var port) ? port : null;
}
