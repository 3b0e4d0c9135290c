namespace EntryGuard.Gate.Linux;

/// <summary>Empty pipes to splice through. A direction holds one only while data waits in it, so idle connections cost none.</summary>
/// <remarks>
/// Used by one loop only. Without back-pressure one pipe serves everybody in turn, so a few large ones give all the speed there is; the rest
/// have the kernel's default size, because an unprivileged user may have 64 MiB of pipes before the kernel makes new ones tiny.
/// </remarks>
internal sealed class PipePool
{
    /// <summary>Bytes: the most one splice takes, so the most a direction holds; fcntl gives no more without privilege.</summary>
    public const int MostBytes = 1024 * 1024;

    private const int MostLarge = 8;
    private const int MostIdle = 32;

    private readonly Stack<Pipe> _idle = [];
    private int _large;

    public bool TryTake(out Pipe pipe)
    {
        if (_idle.TryPop(out pipe))
            return true;
        if (Libc.Pipe(out var read, out var write) < 0)
            return false;
        var isLarge = _large < MostLarge && Libc.SetPipeSize(read, MostBytes);
        if (isLarge)
            _large++;
        pipe = new Pipe(read, write, isLarge);
        return true;
    }

    /// <summary>Takes back a pipe; one that still holds data is closed, for it would end up in somebody else's connection.</summary>
    public void Return(Pipe pipe, bool isEmpty)
    {
        if (isEmpty && _idle.Count < MostIdle)
            _idle.Push(pipe);
        else
            Close(pipe);
    }

    public void CloseAll()
    {
        while (_idle.TryPop(out var pipe))
            Close(pipe);
    }

    private void Close(Pipe pipe)
    {
        Libc.Close(pipe.Read);
        Libc.Close(pipe.Write);
        if (pipe.IsLarge)
            _large--;
    }
}
