using System.Net;
using System.Net.Sockets;

namespace EntryGuard.Gate.Tests;

/// <summary>The two ends of the tests: plain sockets on loopback, every wait bounded.</summary>
internal static class Peers
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public static Socket Listen(IPAddress address, int backlog = 128)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(address, 0));
        socket.Listen(backlog);
        return socket;
    }

    public static async Task<Socket> DialAsync(IPEndPoint to, IPAddress? from = null)
    {
        var socket = new Socket(to.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (from is not null)
            socket.Bind(new IPEndPoint(from, 0));
        using var patience = new CancellationTokenSource(Patience);
        await socket.ConnectAsync(to, patience.Token);
        return socket;
    }

    public static async Task<Socket> NextAsync(this Socket listener)
    {
        using var patience = new CancellationTokenSource(Patience);
        return await listener.AcceptAsync(patience.Token);
    }

    public static async Task SayAsync(this Socket socket, byte[] bytes)
    {
        using var patience = new CancellationTokenSource(Patience);
        await socket.SendAllAsync(bytes, patience.Token);
    }

    public static async Task SendAllAsync(this Socket socket, ReadOnlyMemory<byte> bytes, CancellationToken ct)
    {
        while (bytes.Length > 0)
            bytes = bytes[await socket.SendAsync(bytes, ct)..];
    }

    /// <summary>Exactly that many bytes, or fewer if the stream ends.</summary>
    public static async Task<byte[]> HearAsync(this Socket socket, int count)
    {
        using var patience = new CancellationTokenSource(Patience);
        var buffer = new byte[count];
        var got = 0;
        while (got < count && await socket.ReceiveAsync(buffer.AsMemory(got), patience.Token) is > 0 and var read)
            got += read;
        return buffer[..got];
    }

    /// <summary>True if the peer reset the connection, false if it ended it; what it sends before either is thrown away.</summary>
    public static async Task<bool> IsResetAsync(this Socket socket)
    {
        using var patience = new CancellationTokenSource(Patience);
        var buffer = new byte[65536];
        try
        {
            while (await socket.ReceiveAsync(buffer, patience.Token) > 0)
            {
            }

            return false;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            return true;
        }
    }

    /// <summary>True if the gate let no byte out and reset the connection, be it before or after connect returned.</summary>
    public static async Task<bool> IsRefusedAsync(IPEndPoint gate, IPAddress? from = null)
    {
        try
        {
            using var client = await DialAsync(gate, from);
            await client.HearAsync(1);
            return false;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            return true;
        }
    }

    /// <summary>Sends one byte through and back; what both ends see is a working connection.</summary>
    public static async Task EchoOnceAsync(Socket client, Socket target)
    {
        await client.SayAsync([42]);
        (await target.HearAsync(1)).ShouldBe([42]);
        await target.SayAsync([43]);
        (await client.HearAsync(1)).ShouldBe([43]);
    }
}
