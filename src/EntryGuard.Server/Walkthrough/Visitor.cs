using System.Net;
using System.Net.Sockets;
using System.Text;
using EntryGuard.Domain.Net;

namespace EntryGuard.Server.Walkthrough;

/// <summary>Somebody at the door: real TCP connections to the gate, from a chosen address.</summary>
internal sealed class Visitor(string gate, string from)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Asks for the page behind the gate: how much of it came, or how the visitor was refused.</summary>
    public async Task<Knock> KnockAsync(CancellationToken ct)
    {
        var got = 0;
        try
        {
            using var limit = Limited(ct);
            using var socket = await ConnectAsync(limit.Token);
            await socket.SendAsync("GET / HTTP/1.1\r\nHost: demo\r\nConnection: close\r\n\r\n"u8.ToArray(), limit.Token);
            var buffer = new byte[4096];
            var start = "";
            while (await socket.ReceiveAsync(buffer, limit.Token) is > 0 and var read)
            {
                if (got == 0)
                    start = Encoding.ASCII.GetString(buffer, 0, read);
                got += read;
            }

            return new Knock(start.StartsWith("HTTP/1.1 200", StringComparison.Ordinal), got, got > 0 ? $"{got} bytes of the page" : "closed without a byte");
        }
        catch (SocketException e)
        {
            return new Knock(false, got, $"{WordsFor(e.SocketErrorCode)}, {got} bytes");
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return new Knock(false, got, $"no answer within {Patience.TotalSeconds} s, {got} bytes");
        }
    }

    /// <summary>Knocks again and again until told to stop: how often, and how many bytes came through in all.</summary>
    public async Task<(int Knocks, int Bytes)> KnockUntilAsync(CancellationToken stop)
    {
        var (knocks, bytes) = (0, 0);
        while (!stop.IsCancellationRequested)
        {
            bytes += (await KnockAsync(CancellationToken.None)).Bytes;
            knocks++;
            await Task.Yield();
        }

        return (knocks, bytes);
    }

    /// <summary>Opens a connection, gets the page on it, and keeps it.</summary>
    public async Task<Socket> StayAsync(CancellationToken ct)
    {
        using var limit = Limited(ct);
        var socket = await ConnectAsync(limit.Token);
        await socket.SendAsync("GET / HTTP/1.1\r\nHost: demo\r\n\r\n"u8.ToArray(), limit.Token);
        if (await socket.ReceiveAsync(new byte[4096], limit.Token) == 0)
            throw new InvalidOperationException("The open door let no byte through.");
        return socket;
    }

    /// <summary>Waits until the kept connection ends: how it did, or that it lives on.</summary>
    public static async Task<(bool IsCut, string How)> CutAsync(Socket socket, TimeSpan patience, CancellationToken ct)
    {
        var buffer = new byte[4096];
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(patience);
        try
        {
            while (await socket.ReceiveAsync(buffer, limit.Token) > 0)
            {
            }

            return (true, "closed");
        }
        catch (SocketException e)
        {
            return (true, WordsFor(e.SocketErrorCode));
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return (false, $"STILL OPEN after {patience.TotalSeconds} s");
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
            await socket.ConnectAsync(target, ct);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static string WordsFor(SocketError error) => error switch
    {
        SocketError.ConnectionReset => "reset",
        SocketError.ConnectionRefused => "connection refused",
        var other => other.ToString(),
    };

    private static CancellationTokenSource Limited(CancellationToken ct)
    {
        var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(Patience);
        return limit;
    }
}

/// <summary>One try at the door.</summary>
/// <param name="IsOpen">The page came.</param>
/// <param name="Bytes">How much came, page or not.</param>
/// <param name="Saw">In words.</param>
internal sealed record Knock(bool IsOpen, int Bytes, string Saw);
