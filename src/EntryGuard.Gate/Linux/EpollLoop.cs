using System.Net;
using System.Net.Sockets;
using EntryGuard.Domain.Net;

namespace EntryGuard.Gate.Linux;

/// <summary>The data path on Linux: one thread that accepts, checks, dials, splices and cuts.</summary>
/// <remarks>
/// One thread owns every descriptor, so none can be closed or used again under a call in progress, and "check the peer, then register the
/// connection" cannot be split by a cut: a cut asked for after the check comes after the registration and finds it. Other threads only signal
/// the eventfd and wait. Events are edge-triggered and name a connection by slot and generation, so those left over from a closed one are dropped.
/// </remarks>
internal sealed unsafe partial class EpollLoop : IAllowTableObserver
{
    private const ulong ListenerData = ulong.MaxValue, WakeData = ulong.MaxValue - 1;
    private const uint ConnectionEvents = Libc.EPOLLIN | Libc.EPOLLOUT | Libc.EPOLLRDHUP | Libc.EPOLLET;
    private const int EventsPerWait = 256;

    /// <summary>Accepts per turn, so that a flood of strangers does not starve those inside.</summary>
    private const int AcceptsPerTurn = 64;

    /// <summary>Per direction and turn. With the bytes below it makes 3 MiB, one to two milliseconds, the most one direction keeps others waiting.</summary>
    private const int SplicesPerTurn = 16;

    /// <summary>Bytes passed after which no further splice follows in this turn.</summary>
    private const int BytesPerTurn = 2 * PipePool.MostBytes;

    /// <summary>How long accepting rests when the process has no descriptors left.</summary>
    private const int AcceptRestMilliseconds = 100;

    private static readonly TimeSpan CutPatience = TimeSpan.FromSeconds(5);

    private readonly GateOptions _options;
    private readonly AllowTable _table;
    private readonly TimeProvider _clock;
    private readonly string _name;
    private readonly GateCounters _counters;
    private readonly Socket _listener;
    private readonly int _listenerFd;
    private readonly TargetAddresses _target;
    private readonly PipePool _pipes = new();
    private readonly List<Connection> _connections = [];
    private readonly Stack<Connection> _free = [];
    private readonly Queue<(Connection Connection, uint Generation, long Deadline)> _dialling = new();
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private List<Connection> _unfinished = [], _unfinishedNow = [];
    private bool _isAcceptingPaused;
    private int _epoll = -1;

    // Shared with other threads.
    private readonly object _sync = new();
    private readonly List<IPEndPoint[]> _found = [];
    private int _wake = -1;
    private bool _hasEnded;
    private bool _isShrunk;
    private (long DueAt, CutCause Cause) _shrunk;
    private long _checkedVersion;
    private volatile bool _isStopping;

    // The listener is bound and listening, and owned by the loop from here on; the name (what it listens on) is for thread and metrics.
    public EpollLoop(GateOptions options, AllowTable table, TimeProvider clock, Socket listener, string name, GateCounters counters)
    {
        (_options, _table, _clock, _listener, _name, _counters) = (options, table, clock, listener, name, counters);
        _listenerFd = (int)listener.SafeHandle.DangerousGetHandle();
        _target = new TargetAddresses(options.Target, clock);
    }

    /// <summary>Ends when the loop has; faulted if it did not end because it was told to.</summary>
    public Task Completion => _completion.Task;

    public void Start()
    {
        _epoll = Libc.EpollCreate();
        _wake = Libc.EventFd();
        if (_epoll < 0 || _wake < 0
            || Libc.EpollAdd(_epoll, _wake, Libc.EPOLLIN, WakeData) < 0
            || Libc.EpollAdd(_epoll, _listenerFd, Libc.EPOLLIN, ListenerData) < 0)
        {
            var message = $"The gate on {_name} could not set up its event loop (errno {Libc.Error}).";
            CloseOwn();
            throw new GateStartException(message, new SocketException((int)SocketError.TooManyOpenSockets));
        }

        // Read before observing: whatever shrinks from here on is noticed by the first turn.
        _checkedVersion = _table.Shrinks;
        _table.Observe(this);
        new Thread(Run) { IsBackground = true, Name = $"gate {_name}" }.Start();
    }

    public void Stop()
    {
        _isStopping = true;
        Wake();
    }

    public void Nudge() => Wake();

    public void Shrunk(long dueAt, CutCause cause)
    {
        lock (_sync)
        {
            if (!_isShrunk || dueAt < _shrunk.DueAt)
                _shrunk = (dueAt, cause);
            _isShrunk = true;
        }

        Wake();
    }

    public void AwaitCuts(long version)
    {
        var since = Environment.TickCount64;
        lock (_sync)
        {
            while (!_hasEnded && _checkedVersion < version)
            {
                var left = CutPatience.TotalMilliseconds - (Environment.TickCount64 - since);
                if (left <= 0)
                    throw new TimeoutException($"The gate on {_name} did not confirm its cuts within {CutPatience.TotalSeconds} s.");
                Monitor.Wait(_sync, (int)left + 1);
            }
        }
    }

    private void Wake()
    {
        // Under the lock, because the loop closes the eventfd under it: the number may belong to somebody else a moment later.
        lock (_sync)
        {
            if (!_hasEnded && _wake >= 0)
                Libc.Signal(_wake);
        }
    }

    private void Run()
    {
        Exception? fault = null;
        try
        {
            Turn();
        }
        catch (Exception e)
        {
            fault = e;
        }

        // Shut in either case: a gate that fails leaves nothing open.
        _table.Forget(this);
        var stoppedAt = _clock.GetTimestamp();
        foreach (var connection in _connections)
        {
            if (connection.IsInUse)
                Cut(connection, stoppedAt, CutCause.Closed);
        }

        _pipes.CloseAll();
        CloseOwn();
        if (fault is null)
            _completion.SetResult();
        else
            _completion.SetException(fault);
    }

    private void CloseOwn()
    {
        _listener.Dispose();
        if (_epoll >= 0)
            Libc.Close(_epoll);
        lock (_sync)
        {
            _hasEnded = true;
            if (_wake >= 0)
                Libc.Close(_wake);
            _wake = -1;
            Monitor.PulseAll(_sync);
        }
    }

    private void Turn()
    {
        var buffer = stackalloc byte[EventsPerWait * EpollEvents.Stride];
        while (!_isStopping)
        {
            var count = Libc.EpollWait(_epoll, buffer, EventsPerWait, SleepMilliseconds());
            if (count < 0 && Libc.Error != Libc.EINTR)
                throw new IOException($"epoll_wait failed (errno {Libc.Error}).");

            // Not left to the timer alone: timers run on the thread pool, and a pool that is starved must not hold the door open.
            _table.Sweep();
            if (_isAcceptingPaused)
                PauseAccepting(false);
            for (var i = 0; i < count; i++)
            {
                CutUncovered();
                var (events, data) = EpollEvents.Read(buffer + (i * EpollEvents.Stride));
                switch (data)
                {
                    case WakeData:
                        Libc.Quiet(_wake);
                        break;
                    case ListenerData:
                        Accept();
                        break;
                    default:
                        OnEvent(events, data);
                        break;
                }
            }

            CutUncovered();
            DialFound();
            GiveUpDialling();
            (_unfinished, _unfinishedNow) = (_unfinishedNow, _unfinished);
            foreach (var connection in _unfinishedNow)
            {
                CutUncovered();
                connection.IsQueued = false;
                if (connection.IsEstablished)
                    Pump(connection);
            }

            _unfinishedNow.Clear();
        }
    }

    private int SleepMilliseconds()
    {
        if (_unfinished.Count > 0)
            return 0;
        var sleep = _isAcceptingPaused ? AcceptRestMilliseconds : double.PositiveInfinity;
        if (_table.LongestNap() is { } nap)
            sleep = Math.Min(sleep, nap.TotalMilliseconds);
        if (_dialling.TryPeek(out var next))
        {
            // At most a second: the deadline counts on the injected clock, which need not run like the kernel's.
            var left = Math.Ceiling((next.Deadline - _clock.GetTimestamp()) * 1000d / _clock.TimestampFrequency);
            sleep = Math.Min(sleep, Math.Clamp(left, 0, 1000));
        }

        return double.IsPositiveInfinity(sleep) ? -1 : (int)sleep;
    }

    /// <summary>Re-checks every connection if the table shrank since the last time. Called between any two pieces of work.</summary>
    private void CutUncovered()
    {
        var version = _table.Shrinks;
        if (version == Volatile.Read(ref _checkedVersion))
            return;

        (long DueAt, CutCause Cause) shrunk;
        lock (_sync)
        {
            shrunk = _isShrunk ? _shrunk : (_clock.GetTimestamp(), CutCause.Removed);
            _isShrunk = false;
        }

        foreach (var connection in _connections)
        {
            if (connection.IsInUse && !_table.Allows(connection.Peer))
                Cut(connection, shrunk.DueAt, shrunk.Cause);
        }

        lock (_sync)
        {
            _checkedVersion = version;
            Monitor.PulseAll(_sync);
        }
    }

    private void Accept()
    {
        for (var i = 0; i < AcceptsPerTurn; i++)
        {
            CutUncovered();
            var client = Libc.Accept(_listenerFd, out var address);
            if (client < 0)
            {
                var error = Libc.Error;
                if (error == Libc.EAGAIN)
                    return;
                if (Libc.IsOutOfResources(error))
                {
                    // The listener would be reported ready for ever; those in the backlog wait until somebody has left.
                    PauseAccepting(true);
                    return;
                }

                continue;   // the peer has gone again, or its network reported an error: nobody to answer
            }

            var peer = Cidr.Of(address);
            if (!_table.Allows(peer))
            {
                _counters.RefusedNotAllowed();   // before the peer can see it, here and below: who saw it finds it counted
                Libc.Reset(client);
            }
            else if (_counters.Active >= _options.MaxConnections)
            {
                _counters.RefusedLimit();
                Libc.Reset(client);
            }
            else
            {
                Open(client, peer);
            }
        }
    }

    private void PauseAccepting(bool isPaused)
    {
        _isAcceptingPaused = isPaused;
        if (Libc.EpollChange(_epoll, _listenerFd, isPaused ? 0 : Libc.EPOLLIN, ListenerData) < 0)
            throw new IOException($"epoll_ctl failed (errno {Libc.Error}).");
    }

    private void Open(int client, Cidr peer)
    {
        if (!_free.TryPop(out var connection))
        {
            connection = new Connection(_connections.Count);
            _connections.Add(connection);
        }

        connection.Generation++;
        connection.Peer = peer;
        connection.Client = client;
        _counters.Opened();
        var patience = (long)(_options.ConnectTimeout.TotalSeconds * _clock.TimestampFrequency);
        _dialling.Enqueue((connection, connection.Generation, _clock.GetTimestamp() + patience));
        connection.Candidates = _target.Get(Found);
        if (connection.Candidates is not null)
            DialNext(connection);
    }

    private void Found(IPEndPoint[] addresses)
    {
        lock (_sync)
            _found.Add(addresses);
        Wake();
    }

    private static ulong DataOf(Connection connection, bool isTarget) =>
        ((ulong)connection.Generation << 32) | ((uint)connection.Slot << 1) | (isTarget ? 1u : 0u);

    private void OnEvent(uint events, ulong data)
    {
        var connection = _connections[(int)((uint)data >> 1)];
        if (connection.Generation != (uint)(data >> 32))
            return;

        var isTarget = (data & 1) == 1;
        // Until then only the target is registered, so the event is its connect's.
        if (!connection.IsEstablished && !Establish(connection, events))
            return;

        if ((events & ~Libc.EPOLLOUT) != 0)
            (isTarget ? ref connection.ToClient : ref connection.ToTarget).SourceReadable = true;
        if ((events & (Libc.EPOLLOUT | Libc.EPOLLERR | Libc.EPOLLHUP)) != 0)
            (isTarget ? ref connection.ToTarget : ref connection.ToClient).SinkWritable = true;

        // What a socket received before it failed is still passed on; then the other side learns of the failure as it happened.
        if (Pump(connection) && (events & Libc.EPOLLERR) != 0)
            Reset(connection);
    }

    private void Cut(Connection connection, long dueAt, CutCause cause)
    {
        _counters.WasCut(cause);
        Reset(connection);
        if (cause == CutCause.Closed)
            return;
        var latency = _clock.GetElapsedTime(dueAt);
        _counters.CutTook(latency);
        GateMetrics.RecordCut(latency, _name);
    }

    private void Reset(Connection connection)
    {
        _counters.Ended();
        Libc.Reset(connection.Client);
        if (connection.Target >= 0)
            Libc.Reset(connection.Target);
        Release(connection);
    }

    /// <summary>Forgets a connection whose sockets are closed.</summary>
    private void Release(Connection connection)
    {
        ReturnPipe(ref connection.ToTarget);
        ReturnPipe(ref connection.ToClient);
        connection.Generation++;
        connection.Client = -1;
        connection.Target = -1;
        connection.IsEstablished = false;
        connection.Candidates = null;
        connection.NextCandidate = 0;
        connection.ToTarget = default;
        connection.ToClient = default;
        _free.Push(connection);
    }

    private void ReturnPipe(ref Direction direction)
    {
        if (!direction.HasPipe)
            return;
        _pipes.Return(direction.Pipe, direction.Pending == 0);
        direction.Pipe = default;
    }
}
