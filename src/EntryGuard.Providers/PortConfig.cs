using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using EntryGuard.Domain.Providers;
using EntryGuard.Domain.Rules;

namespace EntryGuard.Providers;

/// <summary>
/// The <c>config</c> of packet filters: which ports an address is let in to. Three shapes, each with an optional <c>protocol</c>, which is
/// tcp unless it says udp or icmp: <c>{ "port": 5432 }</c>, <c>{ "ports": [5432, "6000-6010"] }</c>, <c>{ "fromPort": 0, "toPort": 65535 }</c>.
/// </summary>
public static class PortConfig
{
    /// <summary>Each is a rule for each address, and the lists have room for few.</summary>
    public const int MostPorts = 32;

    /// <summary>What <see cref="Read"/> accepts, beside what the provider reads itself.</summary>
    internal static IReadOnlyList<FieldDescription> Fields { get; } =
    [
        new("config.protocol", "Protocol", FieldKind.Choice) { Choices = ["tcp", "udp", "icmp"] },
        new("config.ports", "Ports", FieldKind.List) { Hint = $"Ports and ranges, at most {MostPorts}; each is a rule for each address. Only icmp has none.", Example = "5432, 6000-6010" },
        new("config.port", "Port", FieldKind.Number) { InsteadOf = "config.ports", Example = "5432" },
        new("config.fromPort", "From port", FieldKind.Number) { InsteadOf = "config.ports", Hint = "With a last port; 0 to 65535 is all of them.", Example = "6000" },
        new("config.toPort", "To port", FieldKind.Number) { InsteadOf = "config.ports", Hint = "With a first port.", Example = "6010" },
    ];

    private const int Highest = 65535;
    private static readonly string[] Shapes = ["port", "ports", "fromPort", "toPort"];

    /// <summary>Reads it, without any call.</summary>
    /// <param name="settings">The <c>config</c> object.</param>
    /// <param name="errors">By field; all at once.</param>
    /// <param name="others">Fields that the provider reads itself.</param>
    /// <returns>At least one scope, none of which overlap; empty exactly if there were errors.</returns>
    public static ImmutableArray<Scope> Read(JsonElement settings, Dictionary<string, string> errors, params IReadOnlyCollection<string> others)
    {
        ArgumentNullException.ThrowIfNull(errors);
        ArgumentNullException.ThrowIfNull(others);
        if (settings.ValueKind != JsonValueKind.Object)
        {
            errors["config"] = """must be an object such as { "port": 5432, "protocol": "tcp" }""";
            return [];
        }

        var before = errors.Count;
        foreach (var property in settings.EnumerateObject().Where(p => p.Name != "protocol" && !Shapes.Contains(p.Name) && !others.Contains(p.Name)))
            errors[$"config.{property.Name}"] = $"is unknown; write port, ports, or fromPort and toPort, and {string.Join(", ", others.Prepend("protocol"))}";
        var protocol = Protocol(settings, errors);
        var scopes = protocol == "icmp" ? WithoutPorts(settings, errors) : WithPorts(settings, protocol, errors);
        return errors.Count == before ? scopes : [];
    }

    private static string Protocol(JsonElement settings, Dictionary<string, string> errors)
    {
        if (!settings.TryGetProperty("protocol", out var value))
            return "tcp";
        if (value.ValueKind == JsonValueKind.String && value.GetString() is "tcp" or "udp" or "icmp")
            return value.GetString()!;
        errors["config.protocol"] = "must be tcp, udp or icmp, in small letters";
        return "tcp";   // so that what is wrong with the ports is told too
    }

    private static ImmutableArray<Scope> WithoutPorts(JsonElement settings, Dictionary<string, string> errors)
    {
        foreach (var name in Shapes.Where(name => settings.TryGetProperty(name, out _)))
            errors[$"config.{name}"] = "must be left out: icmp has no ports";
        return [new Scope("icmp", 0, 0)];
    }

    private static ImmutableArray<Scope> WithPorts(JsonElement settings, string protocol, Dictionary<string, string> errors)
    {
        var hasPort = settings.TryGetProperty("port", out var port);
        var hasPorts = settings.TryGetProperty("ports", out var ports);
        var hasFrom = settings.TryGetProperty("fromPort", out var from);
        var hasTo = settings.TryGetProperty("toPort", out var to);
        if (!hasPort && !hasPorts && !hasFrom && !hasTo)
        {
            errors["config.port"] = "is missing; write port, or ports, or fromPort and toPort";
            return [];
        }

        if (hasPort)
        {
            foreach (var name in Shapes.Where(name => name != "port" && settings.TryGetProperty(name, out _)))
                errors[$"config.{name}"] = "must be left out where port says it";
            return Number(port) is { } one ? [new Scope(protocol, one, one)] : Wrong(errors, "config.port");
        }

        if (hasPorts)
        {
            foreach (var name in Shapes.Where(name => name is "fromPort" or "toPort" && settings.TryGetProperty(name, out _)))
                errors[$"config.{name}"] = "must be left out where ports says it";
            return Several(ports, protocol, errors);
        }

        return Between(hasFrom ? from : null, hasTo ? to : null, protocol, errors);
    }

    private static ImmutableArray<Scope> Between(JsonElement? from, JsonElement? to, string protocol, Dictionary<string, string> errors)
    {
        var (first, last) = (Number(from, 0), Number(to));
        if (first is null)
            Wrong(errors, "config.fromPort");
        if (last is null)
            Wrong(errors, "config.toPort");
        if (first is null || last is null)
            return [];
        if (Fault(first.Value, last.Value) is { } fault)
            errors[first == 0 ? "config.fromPort" : "config.toPort"] = fault;
        return [new Scope(protocol, first.Value, last.Value)];
    }

    private static ImmutableArray<Scope> Several(JsonElement ports, string protocol, Dictionary<string, string> errors)
    {
        if (ports.ValueKind != JsonValueKind.Array || ports.GetArrayLength() is 0 or > MostPorts)
        {
            errors["config.ports"] = $"must be a list of 1 to {MostPorts} ports and ranges, such as [5432, \"6000-6010\"]";
            return [];
        }

        var read = ImmutableArray.CreateBuilder<Scope>();
        var index = 0;
        foreach (var item in ports.EnumerateArray())
        {
            var field = $"config.ports[{index++}]";
            if (Range(item) is not var (first, last))
                errors[field] = "must be a port such as 5432, or a range such as \"6000-6010\"";
            else if (Fault(first, last) is { } fault)
                errors[field] = fault;
            else if (new Scope(protocol, first, last) is var scope && read.Any(scope.Overlaps))
                errors[field] = $"opens again some of what {read.First(scope.Overlaps)} opens; write each port once";
            else
                read.Add(scope);
        }

        return read.ToImmutable();
    }

    private static (int First, int Last)? Range(JsonElement item)
    {
        if (Number(item) is { } one)
            return (one, one);
        if (item.ValueKind != JsonValueKind.String || item.GetString()!.Split('-') is not [var from, var to])
            return null;
        return Number(from) is { } first && Number(to) is { } last ? (first, last) : null;
    }

    // Port 0 is none; it stands only at the beginning of "all ports", which clouds write so.
    private static string? Fault(int first, int last) => (first, last) switch
    {
        (0, not Highest) => "must be from 1 to 65535; 0 means all ports, and only together with 65535",
        var (a, b) when a > b => $"ends at {b}, before it begins at {a}",
        _ => null,
    };

    private static int? Number(JsonElement? value, int least = 1) =>
        value is { ValueKind: JsonValueKind.Number } number && number.TryGetInt32(out var port) && port >= least && port <= Highest ? port : null;

    private static int? Number(string text) =>
        text.Length is > 0 and <= 5 && text.All(char.IsAsciiDigit) && (text.Length == 1 || text[0] != '0')
        && int.Parse(text, CultureInfo.InvariantCulture) is var port && port <= Highest ? port : null;

    private static ImmutableArray<Scope> Wrong(Dictionary<string, string> errors, string field)
    {
        errors[field] = "must be a port, a whole number from 1 to 65535";
        return [];
    }
}
