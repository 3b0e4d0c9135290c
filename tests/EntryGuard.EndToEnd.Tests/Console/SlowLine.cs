using System.Net;
using System.Net.Sockets;

namespace EntryGuard.EndToEnd.Tests.Console;

/// <summary>A way to a server on which, when it is slow, everything arrives a second late: two for there and back.</summary>
internal sealed class SlowLine : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private Task serving = Task.CompletedTask;

    public volatile bool IsSlow;

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    public static SlowLine To(int port)
    {
        var line = new SlowLine();
        line.listener.Start();
        line.serving = line.ServeAsync(port);
        return line;
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Dispose();
        await serving;
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
        using var server = new TcpClient();
        try
        {
            await server.ConnectAsync(IPAddress.Loopback, port, stop.Token);
            await Task.WhenAll(PassAsync(browser, server), PassAsync(server, browser));
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // Somebody left.
        }
    }

    private async Task PassAsync(TcpClient from, TcpClient to)
    {
        var buffer = new byte[64 * 1024];
        while (await from.GetStream().ReadAsync(buffer, stop.Token) is > 0 and var read)
        {
            if (IsSlow)
                await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, stop.Token);
            await to.GetStream().WriteAsync(buffer.AsMemory(0, read), stop.Token);
        }

        to.Client.Shutdown(SocketShutdown.Send);
    }
}
