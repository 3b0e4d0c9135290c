using System.Net;

namespace EntryGuard.Gate;

/// <summary>The addresses a target has at the moment. A name is looked up on the thread pool, one lookup at a time, never on the loop.</summary>
internal sealed class TargetAddresses
{
    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(10);

    private readonly TimeProvider _clock;
    private readonly DnsEndPoint? _name;
    private readonly Lock _lock = new();
    private IPEndPoint[]? _known;
    private long _knownAt;
    private bool _looking;

    public TargetAddresses(EndPoint target, TimeProvider clock)
    {
        _clock = clock;
        _name = target as DnsEndPoint;
        _known = target is IPEndPoint address ? [address] : null;
    }

    /// <summary>What to dial, in order; null if a lookup has to be awaited first: then <paramref name="found"/> is called once it ended.</summary>
    /// <param name="found">Gets the addresses, none if the lookup failed. Called on another thread, once for all who asked meanwhile.</param>
    public IPEndPoint[]? Get(Action<IPEndPoint[]> found)
    {
        lock (_lock)
        {
            if (_name is null || (_known is not null && _clock.GetElapsedTime(_knownAt) < Freshness))
                return _known;
            if (!_looking)
            {
                _looking = true;
                _ = Task.Run(() => LookUpAsync(_name, found));
            }

            return null;
        }
    }

    private async Task LookUpAsync(DnsEndPoint name, Action<IPEndPoint[]> found)
    {
        IPEndPoint[] answer = [];
        try
        {
            answer = [.. (await Dns.GetHostAddressesAsync(name.Host, name.AddressFamily)).Select(address => new IPEndPoint(address, name.Port))];
        }
        catch (Exception)
        {
            // The connections that wait are reset and counted as refused by the target; the next one looks again.
        }

        lock (_lock)
        {
            _known = answer.Length > 0 ? answer : null;
            _knownAt = _clock.GetTimestamp();
            _looking = false;
        }

        found(answer);
    }
}
