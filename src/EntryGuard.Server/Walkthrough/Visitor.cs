using System.Net;
using System.Net.Sockets;
using System.Text;
using EntryGuard.Domain.Net;

namespace EntryGuard.Server.Walkthrough;

/// <summary>Somebody at the door: real TCP connections to the gate, from a chosen address.</summary>
internal sealed class Visitor(string gate, string from)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Asks for the page behind the gate: its first line, or how it was refused.</summary>
    public async Task<(bool IsOpen, string Saw)> KnockAsync(CancellationToken ct)
    {
        try
        {
            using var socket = await ConnectAsync(ct);
            await socket.SendAsync("GET / HTTP/1.1\r\nHost: demo\r\nConnection: close\r\n\r\n"u8.ToArray(), ct);
            var page = await ReadAllAsync(socket, ct);
            return page.StartsWith("HTTP/1.1 200", StringComparison.Ordinal) ? (true, $"{page.Length} bytes of the page") : (false, $"{page.Length} bytes, then closed");
        }
        catch (SocketException e)
        {
            return (false, e.SocketErrorCode switch
            {
                SocketError.ConnectionReset => "reset at once, no byte",
                SocketError.ConnectionRefused => "connection refused, no byte",
                var other => other.ToString(),
            });
        }
    }

    /// <summary>Opens a connection, gets the page on it, and keeps it.</summary>
    public async Task<Socket> StayAsync(CancellationToken ct)
    {
        var socket = await ConnectAsync(ct);
        await socket.SendAsync("GET / HTTP/1.1\r\nHost: demo\r\n\r\n"u8.ToArray(), ct);
        await socket.ReceiveAsync(new byte[4096], ct);
        return socket;
    }

    /// <summary>Waits until the kept connection ends.</summary>
    public static async Task<string> CutAsync(Socket socket, CancellationToken ct)
    {
        var buffer = new byte[4096];
        try
        {
            while (await socket.ReceiveAsync(buffer, ct) > 0)
            {
            }

            return "closed";
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode == SocketError.ConnectionReset ? "reset" : e.SocketErrorCode.ToString();
        }
    }

    private async Task<Socket> ConnectAsync(CancellationToken ct)
    {
        var colon = gate.LastIndexOf(':');
        var target = new IPEndPoint(Cidr.Parse(gate[..colon]).FirstAddress, int.Parse(gate[(colon + 1)..], System.Globalization.CultureInfo.InvariantCulture));
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(Cidr.Parse(from).FirstAddress, 0));
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
            limit.CancelAfter(Patience);
            await socket.ConnectAsync(target, limit.Token);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static async Task<string> ReadAllAsync(Socket socket, CancellationToken ct)
    {
        var text = new StringBuilder();
        var buffer = new byte[4096];
        while (await socket.ReceiveAsync(buffer, ct) is > 0 and var read)
            text.Append(Encoding.UTF8.GetString(buffer, 0, read));
        return text.ToString();
    }
}
