namespace EntryGuard.Gate.Linux;

// From socket to socket, by splice, as far as both go.
internal sealed unsafe partial class EpollLoop
{
    /// <summary>Moves what can be moved, both ways. False if the connection has ended by it.</summary>
    private bool Pump(Connection connection)
    {
        var toTarget = Pump(ref connection.ToTarget, connection.Client, connection.Target, out var bytes);
        if (bytes > 0)
            _counters.PassedToTarget(bytes);
        var toClient = PumpResult.Failed;
        if (toTarget != PumpResult.Failed)
        {
            toClient = Pump(ref connection.ToClient, connection.Target, connection.Client, out bytes);
            if (bytes > 0)
                _counters.PassedToClient(bytes);
        }

        if (toTarget == PumpResult.Failed || toClient == PumpResult.Failed)
        {
            Reset(connection);
            return false;
        }

        if (connection.ToTarget.IsShut && connection.ToClient.IsShut)
        {
            _counters.Ended();
            Libc.Close(connection.Client);
            Libc.Close(connection.Target);
            Release(connection);
            return false;
        }

        if ((toTarget == PumpResult.HasMore || toClient == PumpResult.HasMore) && !connection.IsQueued)
        {
            connection.IsQueued = true;
            _unfinished.Add(connection);
        }

        return true;
    }

    private enum PumpResult
    {
        Waiting,
        HasMore,
        Failed,
    }

    private PumpResult Pump(ref Direction direction, int source, int sink, out long bytes)
    {
        bytes = 0;
        if (direction.IsShut)
            return PumpResult.Waiting;

        for (var splices = 0; splices < SplicesPerTurn && bytes < BytesPerTurn; splices++)
        {
            // The pipe is only filled when it is empty: then EAGAIN can only mean that the source has nothing.
            if (direction.Pending == 0 && !direction.SourceEnded)
            {
                if (!direction.SourceReadable)
                    break;
                if (!direction.HasPipe && !_pipes.TryTake(out direction.Pipe))
                    return PumpResult.Failed;
                var taken = Libc.Splice(source, direction.Pipe.Write, PipePool.MostBytes);
                if (taken > 0)
                {
                    direction.Pending = (int)taken;
                }
                else if (taken == 0)
                {
                    direction.SourceEnded = true;
                }
                else
                {
                    var error = Libc.Error;
                    if (error == Libc.EAGAIN)
                        direction.SourceReadable = false;
                    else if (error != Libc.EINTR)
                        return PumpResult.Failed;
                    continue;
                }
            }

            if (direction.Pending > 0)
            {
                if (!direction.SinkWritable)
                    return PumpResult.Waiting;   // back-pressure: the pipe stays full and the source's window closes
                var given = Libc.Splice(direction.Pipe.Read, sink, direction.Pending);
                if (given > 0)
                {
                    direction.Pending -= (int)given;
                    bytes += given;
                }
                else
                {
                    var error = Libc.Error;
                    if (given == 0 || (error != Libc.EAGAIN && error != Libc.EINTR))
                        return PumpResult.Failed;
                    if (error == Libc.EAGAIN)
                        direction.SinkWritable = false;
                }
            }

            if (direction.Pending == 0 && direction.SourceEnded)
            {
                if (Libc.ShutdownWrite(sink) < 0)
                    return PumpResult.Failed;
                direction.IsShut = true;
                break;
            }
        }

        if (direction.Pending > 0)
            return direction.SinkWritable ? PumpResult.HasMore : PumpResult.Waiting;
        ReturnPipe(ref direction);
        return direction.SourceReadable && !direction.SourceEnded ? PumpResult.HasMore : PumpResult.Waiting;
    }
}
