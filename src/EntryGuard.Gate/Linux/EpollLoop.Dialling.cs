using System.Net;

namespace EntryGuard.Gate.Linux;

// From an accepted client to a connection: names, addresses, connects.
internal sealed unsafe partial class EpollLoop
{
    private void DialFound()
    {
        IPEndPoint[] addresses;
        lock (_sync)
        {
            if (_found.Count == 0)
                return;
            addresses = _found[^1];
            _found.Clear();
        }

        foreach (var connection in _connections)
        {
            if (!connection.IsInUse || connection.Candidates is not null)
                continue;
            connection.Candidates = addresses;
            DialNext(connection);
        }
    }

    /// <summary>Starts a connect to the next address worth trying, or refuses the client if none is left.</summary>
    private void DialNext(Connection connection)
    {
        if (connection.Target >= 0)
        {
            Libc.Close(connection.Target);
            connection.Target = -1;
        }

        while (connection.NextCandidate < connection.Candidates!.Length)
        {
            var address = connection.Candidates[connection.NextCandidate++];
            if (_options.MayForwardTo?.Invoke(address.Address) == false)
                continue;
            var fd = Libc.Socket(address.Address);
            if (fd < 0)
                continue;
            Libc.SetNoDelay(fd);
            Libc.SetKeepAlive(fd);
            // Completion, even an immediate one, is read from the event: one path.
            if ((Libc.Connect(fd, address) == 0 || Libc.Error == Libc.EINPROGRESS)
                && Libc.EpollAdd(_epoll, fd, ConnectionEvents, DataOf(connection, isTarget: true)) == 0)
            {
                connection.Target = fd;
                return;
            }

            Libc.Close(fd);
        }

        RefuseForTarget(connection);
    }

    private void GiveUpDialling()
    {
        while (_dialling.TryPeek(out var next))
        {
            var isStillDialling = next.Connection.Generation == next.Generation && !next.Connection.IsEstablished;
            if (isStillDialling && _clock.GetTimestamp() < next.Deadline)
                return;
            _dialling.Dequeue();
            if (isStillDialling)
                RefuseForTarget(next.Connection);
        }
    }

    private void RefuseForTarget(Connection connection)
    {
        _counters.RefusedTarget();
        Reset(connection);
    }

    private bool Establish(Connection connection, uint events)
    {
        if ((events & (Libc.EPOLLOUT | Libc.EPOLLERR | Libc.EPOLLHUP)) == 0)
            return false;
        if (Libc.TakeError(connection.Target) != 0 || (events & (Libc.EPOLLERR | Libc.EPOLLHUP)) != 0 || Libc.IsConnectedToItself(connection.Target))
        {
            DialNext(connection);
            return false;
        }

        if (Libc.EpollAdd(_epoll, connection.Client, ConnectionEvents, DataOf(connection, isTarget: false)) < 0)
        {
            RefuseForTarget(connection);
            return false;
        }

        connection.IsEstablished = true;
        connection.ToTarget = new Direction { SourceReadable = true, SinkWritable = true };
        connection.ToClient = new Direction { SourceReadable = false, SinkWritable = true };
        return true;
    }
}
