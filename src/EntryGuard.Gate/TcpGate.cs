using System.Net;
using System.Net.Sockets;
using EntryGuard.Gate.Linux;

namespace EntryGuard.Gate;

/// <summary>
/// A TCP front door: passes connections from addresses in its <see cref="AllowTable"/> on to one target and resets all others at once,
/// unread, without dialling the target.
/// </summary>
/// <remarks>
/// Per direction at most 1 MiB is held besides the sockets' own buffers; FIN is passed on per direction, a reset or error of one side resets
/// the other. A connection whose entry ends or is removed is reset on both sides, unless another entry covers its address.
/// Runs on one thread of its own, Linux only.
/// </remarks>
public sealed class TcpGate : IAsyncDisposable
{
    private readonly EpollLoop _loop;
    private readonly GateCounters _counters;

    private TcpGate(AllowTable table, IPEndPoint listenEndpoint, EpollLoop loop, GateCounters counters) =>
        (Table, ListenEndpoint, _loop, _counters) = (table, listenEndpoint, loop, counters);

    /// <summary>Who may pass. Belongs to the caller: the gate does not dispose it.</summary>
    public AllowTable Table { get; }

    /// <summary>Where it really listens: the port taken if <see cref="GateOptions.Listen"/> left it open.</summary>
    public IPEndPoint ListenEndpoint { get; }

    /// <summary>Completes when the gate has closed and cut everything; faulted if it closed because of a failure of its own.</summary>
    public Task Completion => _loop.Completion;

    /// <summary>The figures of this moment.</summary>
    public GateStatus Status => new(
        !_loop.Completion.IsCompleted, _counters.Accepted, _counters.Active, _counters.NotAllowed, _counters.Limit, _counters.Target, _counters.Cuts,
        _counters.ToTarget, _counters.ToClient, _counters.LongestCut);

    /// <summary>Listens, and passes whom <paramref name="table"/> allows. The target need not be up, nor its name be known, at this time.</summary>
    /// <param name="options">Where from and where to.</param>
    /// <param name="table">Who may pass; may be empty, and shared with other gates.</param>
    /// <param name="clock">For connect time-outs and latencies; the same the table has.</param>
    /// <exception cref="ArgumentException">The options are wrong; all of <see cref="GateOptions.Errors"/> in the message.</exception>
    /// <exception cref="GateStartException">The endpoint cannot be listened on.</exception>
    /// <exception cref="PlatformNotSupportedException">Not on Linux.</exception>
    public static TcpGate Start(GateOptions options, AllowTable table, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(clock);
        if (options.Errors() is { Count: > 0 } errors)
            throw new ArgumentException(string.Join("; ", errors), nameof(options));
        if (!OperatingSystem.IsLinux())
            throw new PlatformNotSupportedException("The gate needs Linux: it is built on epoll and splice.");

        var listener = Listen(options);
        var endpoint = (IPEndPoint)listener.LocalEndPoint!;
        var name = endpoint.ToString();
        var counters = new GateCounters();
        var loop = new EpollLoop(options, table, clock, listener, name, counters);
        loop.Start();
        GateMetrics.Add(counters, name);
        return new TcpGate(table, endpoint, loop, counters);
    }

    /// <summary>Stops listening and resets every connection. The port is free on return; may be called again.</summary>
    public async ValueTask DisposeAsync()
    {
        _loop.Stop();
        await _loop.Completion.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        GateMetrics.Remove(_counters);
    }

    private static Socket Listen(GateOptions options)
    {
        var listener = new Socket(options.Listen.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (options.Listen.Address.Equals(IPAddress.IPv6Any))
                listener.DualMode = true;
            // Accepted sockets inherit these two, which saves two calls per connection.
            listener.NoDelay = true;
            listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            listener.Blocking = false;
            listener.Bind(options.Listen);
            listener.Listen(options.Backlog);
            return listener;
        }
        catch (SocketException e)
        {
            listener.Dispose();
            throw new GateStartException($"The gate cannot listen on {options.Listen}: {e.Message} ({e.SocketErrorCode}).", e);
        }
    }
}
