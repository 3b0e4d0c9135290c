namespace EntryGuard.Gate.Linux;

/// <summary>Empty pipes to splice through. A direction holds one only while data waits in it, so idle connections cost none.</summary>
/// <remarks>Used by one loop only. The size of a pipe bounds what is buffered per direction, sockets aside.</remarks>
internal sealed class PipePool
{
    /// <summary>Bytes; also the most one splice takes. Four times the default: fewer calls per byte, still far below a socket's buffers.</summary>
    public const int PipeSize = 256 * 1024;

    /// <summary>More than are in use at one moment under load without back-pressure, few enough to forget about.</summary>
    private const int MostIdle = 32;

    private readonly Stack<(int Read, int Write)> _idle = [];

    public bool TryTake(out (int Read, int Write) pipe)
    {
        if (_idle.TryPop(out pipe))
            return true;
        if (Libc.Pipe(out var read, out var write) < 0)
            return false;
        Libc.SetPipeSize(read, PipeSize);
        pipe = (read, write);
        return true;
    }

    /// <summary>Takes back a pipe; one that still holds data is closed, for it would end up in somebody else's connection.</summary>
    public void Return((int Read, int Write) pipe, bool isEmpty)
    {
        if (isEmpty && _idle.Count < MostIdle)
        {
            _idle.Push(pipe);
            return;
        }

        Libc.Close(pipe.Read);
        Libc.Close(pipe.Write);
    }

    public void CloseAll()
    {
        while (_idle.TryPop(out var pipe))
        {
            Libc.Close(pipe.Read);
            Libc.Close(pipe.Write);
        }
    }
}
