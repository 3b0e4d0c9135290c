using System.Net;
using System.Net.Sockets;
using System.Text;

namespace EntryGuard.Server.Hosting.Start;

/// <summary>The small page behind the demo gate: something to reach. Speaks just enough HTTP/1.1, on loopback only.</summary>
internal sealed class DemoPage : IAsyncDisposable
{
    private const string Html = "<!doctype html><title>EntryGuard demo</title><h1>You are in.</h1><p>The gate let this address pass. It will shut when the session ends.</p>\n";
    private static readonly byte[] Answer = Encoding.ASCII.GetBytes(
        $"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {Html.Length}\r\n\r\n{Html}");

    private readonly Socket listener;
    private readonly CancellationTokenSource stop = new();
    private readonly Task accepting;

    private DemoPage(Socket listener)
    {
        this.listener = listener;
        accepting = AcceptAsync();
    }

    /// <summary>Where it answers.</summary>
    public IPEndPoint Endpoint => (IPEndPoint)listener.LocalEndPoint!;

    /// <summary>Listens on loopback.</summary>
    /// <param name="port">0 takes a free one.</param>
    public static DemoPage Start(int port)
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
        listener.Listen();
        return new DemoPage(listener);
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Dispose();
        await accepting;
        stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = ServeAsync(await listener.AcceptAsync(stop.Token));
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // The server stops.
        }
    }

    private async Task ServeAsync(Socket client)
    {
        try
        {
            using (client)
            {
                var buffer = new byte[8192];
                var text = new StringBuilder();
                while (await client.ReceiveAsync(buffer, stop.Token) is > 0 and var read)
                {
                    text.Append(Encoding.ASCII.GetString(buffer, 0, read));
                    if (text.Length > 65536)
                        return;
                    if (!text.ToString().Contains("\r\n\r\n", StringComparison.Ordinal))
                        continue;
                    var close = text.ToString().Contains("Connection: close", StringComparison.OrdinalIgnoreCase);
                    text.Clear();
                    await client.SendAsync(Answer, stop.Token);
                    if (close)
                        return;
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            // The visitor was cut off, or the server stops.
        }
    }
}
