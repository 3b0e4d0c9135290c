using System.Diagnostics.CodeAnalysis;
using EntryGuard.Domain.Net;

namespace EntryGuard.Gate;

/// <summary>Who may pass a gate, and until when. Every entry carries its own end, so the door shuts even if nobody calls again.</summary>
/// <remarks>
/// Thread-safe. One table may serve several gates. An entry counts in the half-open interval up to its <see cref="AllowEntry.Until"/>, and
/// lapses at whichever comes first: the wall clock reaching that instant, or as much monotonic time having passed as was left when it was put.
/// So a clock set forward or a suspended machine shuts the door on the next look (at most one second), and a clock set back never holds it
/// open; the price is that correcting a clock that was fast shuts early, and the entry has to be put again.
/// </remarks>
public sealed class AllowTable : IDisposable
{
    /// <summary>Timers run on a clock that suspend stops and steps do not reach; so none is trusted for longer than this.</summary>
    private static readonly TimeSpan LongestSleep = TimeSpan.FromSeconds(1);

    private readonly TimeProvider _clock;
    private readonly ITimer _timer;
    private readonly Lock _lock = new();
    private readonly Dictionary<Cidr, Line> _single = [];
    private readonly Dictionary<Cidr, Line> _ranges = [];
    private volatile IAllowTableObserver[] _observers = [];
    private long _nextWall = long.MaxValue;      // UTC ticks; never later than the earliest end, possibly earlier after a removal
    private long _nextMonotonic = long.MaxValue; // timestamps of the clock; likewise
    private long _shrinks;
    private bool _disposed;

    /// <summary>An empty table: nobody passes.</summary>
    /// <param name="clock">Wall time decides ends; its timers wake the table.</param>
    public AllowTable(TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(clock);
        _clock = clock;
        _timer = clock.CreateTimer(static table => ((AllowTable)table!).Tick(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Counts every change after which some address may no longer be covered. Gates re-check their connections when it moves.</summary>
    internal long Shrinks => Volatile.Read(ref _shrinks);

    /// <summary>Lets an address or range in, or replaces the end and the mark of the entry that already does.</summary>
    /// <param name="address">What to let in. Another entry that overlaps it is independent of this one.</param>
    /// <param name="until">When it ends by itself. An earlier end than before counts at once.</param>
    /// <param name="mark">Whose entry it is; replaces the mark that stood.</param>
    /// <returns>
    /// False if <paramref name="until"/> has come already: then no entry for this exact address or range stands, and connections it covered
    /// are cut as <see cref="Remove"/> does it.
    /// </returns>
    /// <exception cref="ArgumentException"><paramref name="address"/> is <see cref="Cidr.None"/>.</exception>
    /// <exception cref="TimeoutException">See <see cref="Remove"/>.</exception>
    public bool Put(Cidr address, DateTimeOffset until, string mark)
    {
        ArgumentNullException.ThrowIfNull(mark);
        if (address == Cidr.None)
            throw new ArgumentException("There is no address in it; an entry lets in one address or one range.", nameof(address));

        var now = _clock.GetUtcNow();
        if (until <= now)
        {
            Remove(address);
            return false;
        }

        bool sooner;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            var line = new Line(new AllowEntry(address, until, mark), MonotonicEnd(until - now));
            LinesFor(address)[address] = line;
            sooner = until.UtcTicks < _nextWall || line.MonotonicEnd < _nextMonotonic;
            _nextWall = Math.Min(_nextWall, until.UtcTicks);
            _nextMonotonic = Math.Min(_nextMonotonic, line.MonotonicEnd);
            if (sooner)
                Rearm();
        }

        if (sooner)
        {
            foreach (var observer in _observers)
                observer.Nudge();
        }

        return true;
    }

    /// <summary>Takes one entry away and cuts the live connections no other entry covers.</summary>
    /// <param name="address">Exactly what was put: removing a range leaves the addresses inside it that have entries of their own.</param>
    /// <returns>
    /// True if the entry stood. Either way, on return nothing passes on its account: no new connection, no further byte of an old one.
    /// Blocks for that, normally far less than 100 ms.
    /// </returns>
    /// <exception cref="TimeoutException">
    /// The entry is gone and new connections are refused, but a gate did not confirm its cuts within 5 s. Calling again asks again.
    /// </exception>
    public bool Remove(Cidr address)
    {
        bool stood;
        long version;
        var removedAt = _clock.GetTimestamp();
        lock (_lock)
        {
            stood = LinesFor(address).Remove(address, out var line) && IsLive(line, _clock.GetUtcNow(), removedAt);
            // Even if it did not stand: it may have lapsed a moment ago with its cuts still under way, and the answer vouches for those too.
            version = ++_shrinks;
        }

        var observers = _observers;
        foreach (var observer in observers)
            observer.Shrunk(removedAt, CutCause.Removed);
        foreach (var observer in observers)
            observer.AwaitCuts(version);
        return stood;
    }

    /// <summary>True if some entry lets this peer in now.</summary>
    /// <param name="peer">A single address, from <see cref="Cidr.Of"/>; a range passes only if one entry covers all of it.</param>
    public bool Allows(Cidr peer)
    {
        lock (_lock)
        {
            if (_single.Count == 0 && _ranges.Count == 0)
                return false;

            var wall = _clock.GetUtcNow();
            var monotonic = _clock.GetTimestamp();
            if (_single.TryGetValue(peer, out var single) && IsLive(single, wall, monotonic))
                return true;

            foreach (var (range, line) in _ranges)
            {
                if (range.Contains(peer) && IsLive(line, wall, monotonic))
                    return true;
            }

            return false;
        }
    }

    /// <summary>The entries that count now, in the order of <see cref="Cidr"/>.</summary>
    public IReadOnlyList<AllowEntry> List()
    {
        lock (_lock)
        {
            var wall = _clock.GetUtcNow();
            var monotonic = _clock.GetTimestamp();
            return
            [
                .. _single.Values.Concat(_ranges.Values).Where(line => IsLive(line, wall, monotonic))
                    .Select(line => line.Entry).OrderBy(entry => entry.Address),
            ];
        }
    }

    /// <summary>Shuts the door for everybody and stops the timer. Connections are cut by the gates soon after, not before the return.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_disposed)
                return;
            _disposed = true;
            _single.Clear();
            _ranges.Clear();
            _shrinks++;
        }

        _timer.Dispose();
        foreach (var observer in _observers)
            observer.Shrunk(_clock.GetTimestamp(), CutCause.Removed);
    }

    internal void Observe(IAllowTableObserver observer)
    {
        lock (_lock)
            _observers = [.. _observers, observer];
    }

    internal void Forget(IAllowTableObserver observer)
    {
        lock (_lock)
            _observers = [.. _observers.Where(other => other != observer)];
    }

    /// <summary>Drops what has ended and tells the gates. Cheap when nothing is due.</summary>
    /// <remarks>Never waits for a gate: gates call it themselves, and two of them waiting for each other would never end.</remarks>
    internal void Sweep()
    {
        var wall = _clock.GetUtcNow();
        var monotonic = _clock.GetTimestamp();
        if (wall.UtcTicks < Volatile.Read(ref _nextWall) && monotonic < Volatile.Read(ref _nextMonotonic))
            return;

        long dueAt;
        lock (_lock)
        {
            var late = Math.Max(TakeLapsed(_single, wall, monotonic), TakeLapsed(_ranges, wall, monotonic));
            _nextWall = long.MaxValue;
            _nextMonotonic = long.MaxValue;
            foreach (var line in _single.Values.Concat(_ranges.Values))
            {
                _nextWall = Math.Min(_nextWall, line.Entry.Until.UtcTicks);
                _nextMonotonic = Math.Min(_nextMonotonic, line.MonotonicEnd);
            }

            if (late < 0)
                return;
            _shrinks++;
            dueAt = monotonic - late;
        }

        foreach (var observer in _observers)
            observer.Shrunk(dueAt, CutCause.Lapsed);
    }

    /// <summary>How long a gate may sleep before it calls <see cref="Sweep"/>; null while no entry has an end to watch.</summary>
    internal TimeSpan? LongestNap()
    {
        lock (_lock)
            return _single.Count + _ranges.Count == 0 ? null : Nap();
    }

    private void Tick()
    {
        Sweep();
        lock (_lock)
            Rearm();
    }

    private void Rearm()
    {
        if (!_disposed && _single.Count + _ranges.Count > 0)
            _timer.Change(Nap(), Timeout.InfiniteTimeSpan);
    }

    private TimeSpan Nap()
    {
        var wall = _nextWall - _clock.GetUtcNow().UtcTicks;
        var monotonic = _nextMonotonic - _clock.GetTimestamp();
        var left = Math.Min(wall / (double)TimeSpan.TicksPerMillisecond, monotonic * 1000d / _clock.TimestampFrequency);
        // Whole milliseconds, rounded up: a timer that fires early would only have to be set again.
        return TimeSpan.FromMilliseconds(Math.Clamp(Math.Ceiling(left), 1, LongestSleep.TotalMilliseconds));
    }

    /// <summary>Removes what has ended; returns how long ago the longest ended, in timestamps of the clock, or -1 if none has.</summary>
    private long TakeLapsed(Dictionary<Cidr, Line> lines, DateTimeOffset wall, long monotonic)
    {
        var late = -1L;
        foreach (var (address, line) in lines)
        {
            if (IsLive(line, wall, monotonic))
                continue;
            lines.Remove(address);   // allowed while enumerating since .NET Core 3.0
            var byWall = (long)((wall - line.Entry.Until).TotalSeconds * _clock.TimestampFrequency);
            late = Math.Max(late, Math.Max(0, Math.Max(byWall, monotonic - line.MonotonicEnd)));
        }

        return late;
    }

    private long MonotonicEnd(TimeSpan left)
    {
        var span = left.TotalSeconds * _clock.TimestampFrequency;
        var now = _clock.GetTimestamp();
        return span >= long.MaxValue - now ? long.MaxValue : now + (long)span;
    }

    private Dictionary<Cidr, Line> LinesFor(Cidr address) => address.IsSingleAddress ? _single : _ranges;

    private static bool IsLive([NotNullWhen(true)] Line? line, DateTimeOffset wall, long monotonic) =>
        line is not null && wall < line.Entry.Until && monotonic < line.MonotonicEnd;

    private sealed record Line(AllowEntry Entry, long MonotonicEnd);
}
