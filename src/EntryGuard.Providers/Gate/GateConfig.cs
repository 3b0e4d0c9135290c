using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using EntryGuard.Domain.Net;
using EntryGuard.Domain.Providers;
using EntryGuard.Domain.Rules;

namespace EntryGuard.Providers.Gate;

/// <summary>The <c>config</c> of a gate, read: <c>{ "listen": "127.0.0.1:15432", "target": "127.0.0.1:5432" }</c>.</summary>
/// <param name="Listen">Where the door is.</param>
/// <param name="Target">What is behind it: an <see cref="IPEndPoint"/>, or a <see cref="DnsEndPoint"/>.</param>
public sealed record GateConfig(IPEndPoint Listen, EndPoint Target)
{
    /// <summary>What <see cref="Read"/> accepts.</summary>
    internal static IReadOnlyList<FieldDescription> Fields { get; } =
    [
        new("config.listen", "Listen on", FieldKind.Text)
        {
            IsRequired = true,
            Hint = "Address and port on which this server lets people in; the operator says which addresses may be used.",
            Example = "127.0.0.1:15432",
        },
        new("config.target", "Leads to", FieldKind.Text)
        {
            IsRequired = true,
            Hint = "Address or host name, and port, of what is behind the gate.",
            Example = "127.0.0.1:5432",
        },
    ];

    /// <summary>What an address is let in to.</summary>
    public Scope Scope => Scope.Tcp(Listen.Port);

    /// <summary>Clients of this family can come in; on [::] both can.</summary>
    public bool IPv4 => Listen.AddressFamily == AddressFamily.InterNetwork || Listen.Address.Equals(IPAddress.IPv6Any);

    /// <inheritdoc cref="IPv4"/>
    public bool IPv6 => Listen.AddressFamily == AddressFamily.InterNetworkV6;

    /// <summary>As in <c>config</c>.</summary>
    public string TargetText => Target is DnsEndPoint name ? $"{name.Host}:{name.Port}" : Target.ToString()!;

    /// <summary>Reads and checks against the operator's limits. All errors at once; null exactly if there are any.</summary>
    public static GateConfig? Read(ResourceConfig config, GateLimits limits, Dictionary<string, string> errors)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(limits);
        ArgumentNullException.ThrowIfNull(errors);
        if (config.Settings.ValueKind != JsonValueKind.Object)
        {
            errors["config"] = """must be an object such as { "listen": "127.0.0.1:15432", "target": "127.0.0.1:5432" }""";
            return null;
        }

        foreach (var property in config.Settings.EnumerateObject().Where(p => p.Name is not ("listen" or "target")))
            errors[$"config.{property.Name}"] = "is unknown; a gate has listen and target";
        var listen = Endpoint(config.Settings, "listen", errors);
        var target = Endpoint(config.Settings, "target", errors);
        if (listen is DnsEndPoint)
            errors["config.listen"] = "must be an IP address with a port, such as 127.0.0.1:15432";
        if (listen is IPEndPoint here && !limits.MayListen(here.Address))
            errors["config.listen"] = $"is outside of what the operator lets gates listen on ({string.Join(", ", limits.Listen)}); see EntryGuard:Gate:Listen";
        if (target is IPEndPoint there && !limits.MayForward(there.Address))
            errors["config.target"] = $"is outside of what the operator lets gates lead to ({string.Join(", ", limits.Forward)}); see EntryGuard:Gate:Forward";
        if (listen is IPEndPoint door && door.Equals(target))
            errors["config.target"] = "is where the gate itself listens; write the address of what is behind it";
        return errors.Count == 0 ? new GateConfig((IPEndPoint)listen!, target!) : null;
    }

    private static EndPoint? Endpoint(JsonElement settings, string name, Dictionary<string, string> errors)
    {
        var field = $"config.{name}";
        if (!settings.TryGetProperty(name, out var value) || value.ValueKind != JsonValueKind.String)
        {
            errors[field] = "is missing; write address and port, such as 127.0.0.1:5432 or [::1]:5432";
            return null;
        }

        var text = value.GetString()!;
        var colon = text.LastIndexOf(':');
        if (colon <= 0 || !int.TryParse(text[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port is < 1 or > 65535)
        {
            errors[field] = $"is '{text}'; write address and port, such as 127.0.0.1:5432 or [::1]:5432";
            return null;
        }

        var host = text[..colon];
        var bracketed = host is ['[', .., ']'];
        if (Cidr.TryParse(bracketed ? host[1..^1] : host, out var address, out var fault))
        {
            if (address.IsSingleAddress && !host.Contains('/', StringComparison.Ordinal) && bracketed == (address.IpVersion == 6))
                return new IPEndPoint(address.FirstAddress, port);
            errors[field] = $"is '{text}'; write IPv4 bare and IPv6 in brackets, such as [::1]:5432";
            return null;
        }

        // Anything made of digits and dots was meant to be an address: what the strict reader refused is not looked up as a name.
        if (Uri.CheckHostName(host) == UriHostNameType.Dns && !host.All(c => char.IsAsciiDigit(c) || c == '.'))
            return new DnsEndPoint(host, port);
        errors[field] = $"is '{text}', which {fault}";
        return null;
    }
}
