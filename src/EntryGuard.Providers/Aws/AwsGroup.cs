using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using EntryGuard.Domain.Providers;
using EntryGuard.Domain.Rules;

namespace EntryGuard.Providers.Aws;

/// <summary>
/// A security group as its admin described it: <c>{ "port": 5432 }</c>, <c>{ "ports": [5432, "6000-6010"] }</c> or
/// <c>{ "fromPort": 5432, "toPort": 5440 }</c>.
/// </summary>
/// <param name="Id">"sg-0123456789abcdef0".</param>
/// <param name="Region">"eu-central-1".</param>
/// <param name="Scopes">What one address is let in to.</param>
/// <param name="Quota">Most inbound rules of one address family; adjustable per AWS account, so the admin may say what theirs is.</param>
public sealed partial record AwsGroup(string Id, string Region, ImmutableArray<Scope> Scopes, int Quota)
{
    /// <summary>Inbound rules per group and address family, unless AWS raised it for the account. Source: Amazon VPC quotas.</summary>
    public const int UsualQuota = 60;

    private const int MostPorts = 50;
    private static readonly string[] Known = ["port", "ports", "fromPort", "toPort", "protocol", "quota"];

    /// <summary>Reads and checks. All errors at once, by field; null exactly if there are any.</summary>
    public static AwsGroup? Read(ResourceConfig config, Dictionary<string, string> errors)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(errors);
        ReadPlace(config, errors);
        if (config.Settings.ValueKind != JsonValueKind.Object)
        {
            errors["config"] = """must be an object such as { "port": 5432, "protocol": "tcp" }""";
            return null;
        }

        foreach (var property in config.Settings.EnumerateObject().Where(p => !Known.Contains(p.Name)))
            errors[$"config.{property.Name}"] = $"is unknown; a security group has {string.Join(", ", Known)}";
        var protocol = ReadProtocol(config.Settings, errors);
        var quota = ReadQuota(config.Settings, errors);
        var ranges = ReadPorts(config.Settings, protocol, errors);
        return errors.Count > 0 ? null : new AwsGroup(
            config.Identifier, config.Region!,
            protocol == "icmp" ? [new Scope("icmp", 0, 0)] : [.. ranges.Select(r => new Scope(protocol, r.From, r.To)).Distinct()], quota);
    }

    /// <summary>Which group, and where: what a removal needs, whatever is wrong with the rest. False, with all errors: not even that can be read.</summary>
    public static bool ReadPlace(ResourceConfig config, Dictionary<string, string> errors)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(errors);
        if (!GroupId().IsMatch(config.Identifier))
            errors["resourceIdentifier"] = "must be the id of a security group, such as sg-0123456789abcdef0";
        if (string.IsNullOrEmpty(config.Region))
            errors["region"] = "is missing; write the group's region, such as eu-central-1";
        else if (!RegionName().IsMatch(config.Region))
            errors["region"] = "is no name of a region; write the group's, such as eu-central-1";
        return !errors.ContainsKey("resourceIdentifier") && !errors.ContainsKey("region");
    }

    private static string ReadProtocol(JsonElement settings, Dictionary<string, string> errors)
    {
        if (!settings.TryGetProperty("protocol", out var value))
            return "tcp";
        if (value.ValueKind == JsonValueKind.String && value.GetString() is "tcp" or "udp" or "icmp")
            return value.GetString()!;
        errors["config.protocol"] = "must be tcp, udp or icmp; without it, it is tcp";
        return "tcp";
    }

    private static int ReadQuota(JsonElement settings, Dictionary<string, string> errors)
    {
        if (!settings.TryGetProperty("quota", out var value))
            return UsualQuota;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var quota) && quota is >= 1 and <= 1000)
            return quota;
        errors["config.quota"] = $"must be a whole number from 1 to 1000: how many inbound rules of one family AWS grants the group; without it, {UsualQuota}";
        return UsualQuota;
    }

    private static List<(int From, int To)> ReadPorts(JsonElement settings, string protocol, Dictionary<string, string> errors)
    {
        var given = Known.Take(4).Where(name => settings.TryGetProperty(name, out _)).ToList();
        if (protocol == "icmp" && !errors.ContainsKey("config.protocol"))
        {
            foreach (var name in given)
                errors[$"config.{name}"] = "has no meaning for icmp, which has no ports; leave it out";
            return [];
        }

        var shapes = new[] { given.Contains("port"), given.Contains("ports"), given.Contains("fromPort") || given.Contains("toPort") }.Count(there => there);
        if (shapes > 1)
        {
            foreach (var name in given)
                errors[$"config.{name}"] = "stands beside another way to say ports; write one of port, ports, or fromPort with toPort";
            return [];
        }

        if (settings.TryGetProperty("ports", out var many))
            return ReadMany(many, errors);
        if (given.Contains("fromPort") || given.Contains("toPort"))
            return ReadPair(settings, errors);
        if (settings.TryGetProperty("port", out var one) && TryReadRange(one, out var range))
            return [range];
        errors["config.port"] = given.Count == 0
            ? "is missing; write a port such as 5432, or ports such as [5432, \"6000-6010\"], or fromPort and toPort"
            : "must be a port from 1 to 65535, or a range such as \"6000-6010\"";
        return [];
    }

    private static List<(int From, int To)> ReadMany(JsonElement many, Dictionary<string, string> errors)
    {
        if (many.ValueKind != JsonValueKind.Array || many.GetArrayLength() is 0 or > MostPorts)
        {
            errors["config.ports"] = $"must be a list of 1 to {MostPorts} ports or ranges, such as [5432, \"6000-6010\"]";
            return [];
        }

        var ranges = new List<(int, int)>();
        foreach (var (item, i) in many.EnumerateArray().Select((item, i) => (item, i)))
        {
            if (TryReadRange(item, out var range))
                ranges.Add(range);
            else
                errors[$"config.ports[{i}]"] = "must be a port from 1 to 65535, or a range such as \"6000-6010\"";
        }

        return ranges;
    }

    private static List<(int From, int To)> ReadPair(JsonElement settings, Dictionary<string, string> errors)
    {
        var (from, to) = (ReadEnd("fromPort"), ReadEnd("toPort"));
        if (from > to)
            errors["config.fromPort"] = "is above toPort; write the lower port first";
        return from is { } first && to is { } last && first <= last ? [(first, last)] : [];

        int? ReadEnd(string name)
        {
            if (settings.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && TryReadRange(value, out var range))
                return range.From;
            errors[$"config.{name}"] = "must be a port from 1 to 65535; a range has both fromPort and toPort";
            return null;
        }
    }

    private static bool TryReadRange(JsonElement value, out (int From, int To) range)
    {
        range = default;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var port))
            range = (port, port);
        else if (value.ValueKind == JsonValueKind.String && PortRange().Match(value.GetString()!) is { Success: true } match)
            range = (Number(match.Groups[1].Value), Number(match.Groups[2].Success ? match.Groups[2].Value : match.Groups[1].Value));
        return range is { From: >= 1, To: <= 65535 } && range.From <= range.To;
    }

    private static int Number(string digits) => int.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"\Asg-[0-9a-f]{8,17}\z")]
    private static partial Regex GroupId();

    [GeneratedRegex(@"\A[a-z]{2,}(-[a-z]+)+-[0-9]\z")]
    private static partial Regex RegionName();

    [GeneratedRegex(@"\A([1-9][0-9]{0,4})(?:-([1-9][0-9]{0,4}))?\z")]
    private static partial Regex PortRange();
}
