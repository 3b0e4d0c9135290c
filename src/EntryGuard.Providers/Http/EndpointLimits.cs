using System.Net;
using System.Net.Sockets;
using EntryGuard.Domain.Net;

namespace EntryGuard.Providers.Http;

/// <summary>
/// Where providers may connect to (E32): public addresses over TLS, and what the operator named. Every address is checked when it is dialled,
/// after name lookup, so a name that leads elsewhere tomorrow is refused tomorrow.
/// </summary>
/// <param name="hosts">Host names that may lead to addresses that are not public, and may be spoken to without TLS; lower case.</param>
/// <param name="ranges">Addresses that are not public and may be spoken to, also without TLS.</param>
public sealed class EndpointLimits(IReadOnlyList<string> hosts, IReadOnlyList<Cidr> ranges)
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Public addresses only.</summary>
    public static EndpointLimits Default { get; } = new([], []);

    /// <summary>Reads an endpoint as an admin writes it.</summary>
    /// <param name="text">"https://keystone.example.org:5000/v3".</param>
    /// <param name="endpoint">Null exactly if there is a fault.</param>
    /// <returns>What is wrong, as far as the text shows it, and what to write instead; null: nothing.</returns>
    public string? Read(string text, out Uri? endpoint)
    {
        endpoint = null;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("https" or "http") || url.Host.Length == 0)
            return "is no address of a service; write one such as https://cloud.example.org:5000";
        if (url.UserInfo.Length > 0)
            return "holds a user name; leave that out";
        if (url.Query.Length > 0 || url.Fragment.Length > 0)
            return "holds a query or a fragment; leave that out";
        var address = Cidr.TryParse(url.DnsSafeHost, out var literal, out _) ? literal.FirstAddress : null;
        if (address is not null && WhyNot(url.Host, address) is { } why)
            return why;
        if (url.Scheme == "http" && !IsNamed(url.Host, address))
            return "is not encrypted; write https, or have the operator name the host in EntryGuard:PrivateEndpoints";
        endpoint = url;
        return null;
    }

    /// <summary>A handler that connects to nothing else, follows no redirect, and uses no proxy, which would connect for it.</summary>
    public SocketsHttpHandler NewHandler() => new()
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        UseCookies = false,
        ConnectTimeout = ConnectTimeout,
        PooledConnectionLifetime = TimeSpan.FromMinutes(2),
        ConnectCallback = ConnectAsync,
    };

    /// <summary>The words of a refusal to connect, if it is the reason of a fault; null: it is not.</summary>
    public static string? RefusalIn(Exception? e)
    {
        for (; e is not null; e = e.InnerException)
        {
            if (e is EndpointRefusedException refused)
                return refused.Message;
        }

        return null;
    }

    /// <summary>The operator named it, by its host or by the address that is written there.</summary>
    public bool IsNamed(Uri endpoint)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        return IsNamed(endpoint.Host, Cidr.TryParse(endpoint.DnsSafeHost, out var literal, out _) ? literal.FirstAddress : null);
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken ct)
    {
        var host = context.DnsEndPoint.Host;
        var found = await Dns.GetHostAddressesAsync(host, ct);
        var allowed = found.Where(address => WhyNot(host, address) is null).ToArray();
        if (allowed.Length == 0 && found.Length > 0)
            throw new EndpointRefusedException($"{host} {WhyNot(host, found[0])}.");
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(allowed, context.DnsEndPoint.Port, ct);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private string? WhyNot(string host, IPAddress address)
    {
        var there = Cidr.Of(address);
        if (ForbiddenAddresses.Contain(there))
            return $"leads to {there}, which is link-local or a metadata service and is never connected to";
        return AddressKinds.KindOf(there) == AddressKind.Public || IsNamed(host, address)
            ? null
            : $"leads to {there}, which is not public; the operator may allow it in EntryGuard:PrivateEndpoints";
    }

    private bool IsNamed(string host, IPAddress? address) =>
        hosts.Contains(host, StringComparer.OrdinalIgnoreCase) || (address is not null && ranges.Any(range => range.Contains(address)));

    private sealed class EndpointRefusedException(string message) : IOException(message);
}
