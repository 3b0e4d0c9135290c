using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace EntryGuard.Bench;

/// <summary>Both ends of the race, on blocking sockets and threads: the cheapest load there is, so that the proxies are what is measured.</summary>
internal sealed class LoopbackLoad : IDisposable
{
    private const int ChunkSize = 256 * 1024;
    private const int EchoThreads = 16;

    private readonly Socket _sink = Listen();
    private readonly Socket _echo = Listen();
    private long _sunk;

    public LoopbackLoad()
    {
        StartThread(AcceptSinks);
        for (var i = 0; i < EchoThreads; i++)
            StartThread(Echo);
    }

    public int SinkPort => ((IPEndPoint)_sink.LocalEndPoint!).Port;
    public int EchoPort => ((IPEndPoint)_echo.LocalEndPoint!).Port;

    /// <summary>Bytes per second that arrive at the sink through that many connections which send as fast as they can.</summary>
    public async Task<double> ThroughputAsync(int door, int connections, TimeSpan warmUp, TimeSpan measured)
    {
        var sockets = Enumerable.Range(0, connections).Select(_ => Dial(door)).ToArray();
        var senders = sockets.Select(socket => StartThread(() => Flood(socket))).ToArray();
        await Task.Delay(warmUp, TimeProvider.System);
        var (since, before) = (Stopwatch.GetTimestamp(), Interlocked.Read(ref _sunk));
        await Task.Delay(measured, TimeProvider.System);
        var rate = (Interlocked.Read(ref _sunk) - before) / Stopwatch.GetElapsedTime(since).TotalSeconds;
        foreach (var socket in sockets)
            socket.Close(0);
        foreach (var sender in senders)
            sender.Join();
        return rate;
    }

    /// <summary>Connect, one byte there and back, close: how often per second that many callers get it done.</summary>
    /// <exception cref="IOException">A caller got a wrong answer or none.</exception>
    public async Task<double> ConnectionRateAsync(int door, int callers, TimeSpan warmUp, TimeSpan measured)
    {
        var done = 0L;
        var isOver = false;
        Exception? failure = null;
        var threads = Enumerable.Range(0, callers).Select(_ => StartThread(() =>
        {
            try
            {
                var letter = new byte[1];
                while (!Volatile.Read(ref isOver))
                {
                    using var socket = Dial(door);
                    letter[0] = 42;
                    socket.Send(letter);
                    letter[0] = 0;
                    if (socket.Receive(letter) != 1 || letter[0] != 42)
                        throw new IOException("The echo did not come back.");
                    Interlocked.Increment(ref done);
                }
            }
            catch (Exception e)
            {
                failure = e;
            }
        })).ToArray();
        await Task.Delay(warmUp, TimeProvider.System);
        var (since, before) = (Stopwatch.GetTimestamp(), Interlocked.Read(ref done));
        await Task.Delay(measured, TimeProvider.System);
        var rate = (Interlocked.Read(ref done) - before) / Stopwatch.GetElapsedTime(since).TotalSeconds;
        Volatile.Write(ref isOver, true);
        foreach (var thread in threads)
            thread.Join();
        return failure is null ? rate : throw new IOException($"A caller failed: {failure.Message}", failure);
    }

    public void Dispose()
    {
        _sink.Dispose();
        _echo.Dispose();
    }

    private void AcceptSinks()
    {
        while (TryAccept(_sink) is { } socket)
            StartThread(() => Drain(socket));
    }

    private void Drain(Socket socket)
    {
        using (socket)
        {
            var chunk = new byte[ChunkSize];
            try
            {
                while (socket.Receive(chunk) is > 0 and var read)
                    Interlocked.Add(ref _sunk, read);
            }
            catch (SocketException)
            {
                // The sender is stopped in mid-stream: expected.
            }
        }
    }

    private void Echo()
    {
        var buffer = new byte[1024];
        while (TryAccept(_echo) is { } socket)
        {
            using (socket)
            {
                try
                {
                    while (socket.Receive(buffer) is > 0 and var read)
                        socket.Send(buffer.AsSpan(0, read));
                }
                catch (SocketException)
                {
                    // The proxy gave up; the caller notices and says so.
                }
            }
        }
    }

    private static void Flood(Socket socket)
    {
        var chunk = new byte[ChunkSize];
        try
        {
            while (true)
                socket.Send(chunk);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Closed under it: the end of the round.
        }
    }

    private static Socket? TryAccept(Socket listener)
    {
        try
        {
            var socket = listener.Accept();
            socket.NoDelay = true;
            return socket;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return null;
        }
    }

    private static Socket Dial(int door)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = 5000 };
        socket.Connect(IPAddress.Loopback, door);
        return socket;
    }

    private static Socket Listen()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        socket.Listen(1024);
        return socket;
    }

    private static Thread StartThread(ThreadStart work)
    {
        var thread = new Thread(work, maxStackSize: 256 * 1024) { IsBackground = true };
        thread.Start();
        return thread;
    }
}
