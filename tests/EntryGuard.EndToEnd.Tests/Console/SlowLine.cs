using System.Net;
using System.Net.Sockets;
using EntryGuard.Domain.Net;

namespace EntryGuard.EndToEnd.Tests.Console;

/// <summary>A way to a server on which, when it is slow, everything arrives a second late: two for there and back. It can be cut, and lead there from
/// another address.</summary>
internal sealed class SlowLine : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private Task serving = Task.CompletedTask;

    public volatile bool IsSlow;

    /// <summary>The loopback address that the server sees, of connections from now on.</summary>
    public volatile string From = "127.0.0.1";

    private CancellationTokenSource cut = new();
    private volatile bool isDown;

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    public static SlowLine To(int port)
    {
        var line = new SlowLine();
        line.listener.Start();
        line.serving = line.ServeAsync(port);
        return line;
    }

    /// <summary>Whatever goes through it breaks, and nothing goes through until it is mended.</summary>
    public async Task CutAsync()
    {
        isDown = true;
        await cut.CancelAsync();
    }

    public void Mend()
    {
        cut.Dispose();
        cut = new();
        isDown = false;
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Dispose();
        await serving;
        cut.Dispose();
        stop.Dispose();
    }

    private async Task ServeAsync(int port)
    {
        var lines = new List<Task>();
        try
        {
            while (true)
                lines.Add(CarryAsync(await listener.AcceptTcpClientAsync(stop.Token), port));
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(lines);
        }
    }

    private async Task CarryAsync(TcpClient browser, int port)
    {
        using var held = browser;
        if (isDown)
            return;
        using var server = new TcpClient(new IPEndPoint(Cidr.Parse(From).FirstAddress, 0));
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stop.Token, cut.Token);
        try
        {
            await server.ConnectAsync(IPAddress.Loopback, port, end.Token);
            var (here, there) = (browser.GetStream(), server.GetStream());
            await Task.WhenAll(PassAsync(here, there, server, end.Token), PassAsync(there, here, browser, end.Token));
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // Somebody left.
        }
    }

    private async Task PassAsync(NetworkStream from, NetworkStream to, TcpClient end, CancellationToken ct)
    {
        var buffer = new byte[64 * 1024];
        while (await from.ReadAsync(buffer, ct) is > 0 and var read)
        {
            if (IsSlow)
                await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, ct);
            await to.WriteAsync(buffer.AsMemory(0, read), ct);
        }

        end.Client.Shutdown(SocketShutdown.Send);
    }
}
