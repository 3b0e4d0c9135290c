using System.Collections.Concurrent;
using EntryGuard.Domain;

namespace EntryGuard.Server.Features.Events;

/// <summary>Counts the open streams of this node: each holds a connection, so nobody may have any number of them.</summary>
public sealed class EventStreams
{
    /// <summary>At once, per user.</summary>
    public const int MostPerUser = 20;

    private readonly ConcurrentDictionary<UserId, int> open = new();

    /// <summary>Null: the user has too many. Dispose to close.</summary>
    public IDisposable? TryOpen(UserId user)
    {
        if (open.AddOrUpdate(user, 1, (_, count) => count + 1) <= MostPerUser)
            return new Place(this, user);
        Close(user);
        return null;
    }

    private void Close(UserId user)
    {
        if (open.AddOrUpdate(user, 0, (_, count) => count - 1) == 0)
            open.TryRemove(new KeyValuePair<UserId, int>(user, 0));
    }

    private sealed class Place(EventStreams streams, UserId user) : IDisposable
    {
        private EventStreams? owner = streams;

        public void Dispose() => Interlocked.Exchange(ref owner, null)?.Close(user);
    }
}
