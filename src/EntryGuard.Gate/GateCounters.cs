namespace EntryGuard.Gate;

/// <summary>The plain figures of one gate. Written by its loop alone, read by anybody; each is whole, but they are not read as one.</summary>
internal sealed class GateCounters
{
    private long _accepted, _active, _notAllowed, _limit, _target, _removed, _lapsed, _closed, _toTarget, _toClient, _longestCut;

    public long Accepted => Volatile.Read(ref _accepted);
    public long Active => Volatile.Read(ref _active);
    public long NotAllowed => Volatile.Read(ref _notAllowed);
    public long Limit => Volatile.Read(ref _limit);
    public long Target => Volatile.Read(ref _target);
    public long ToTarget => Volatile.Read(ref _toTarget);
    public long ToClient => Volatile.Read(ref _toClient);
    public TimeSpan LongestCut => new(Volatile.Read(ref _longestCut));
    public long Cuts => Cut(CutCause.Removed) + Cut(CutCause.Lapsed) + Cut(CutCause.Closed);

    public long Cut(CutCause cause) => Volatile.Read(ref CellOf(cause));

    public void Opened()
    {
        Add(ref _accepted, 1);
        Add(ref _active, 1);
    }

    public void Ended() => Add(ref _active, -1);
    public void RefusedNotAllowed() => Add(ref _notAllowed, 1);
    public void RefusedLimit() => Add(ref _limit, 1);
    public void RefusedTarget() => Add(ref _target, 1);
    public void PassedToTarget(long bytes) => Add(ref _toTarget, bytes);
    public void PassedToClient(long bytes) => Add(ref _toClient, bytes);

    public void WasCut(CutCause cause) => Add(ref CellOf(cause), 1);

    public void CutTook(TimeSpan latency)
    {
        if (latency.Ticks > _longestCut)
            Volatile.Write(ref _longestCut, latency.Ticks);
    }

    private ref long CellOf(CutCause cause)
    {
        switch (cause)
        {
            case CutCause.Removed: return ref _removed;
            case CutCause.Lapsed: return ref _lapsed;
            default: return ref _closed;
        }
    }

    private static void Add(ref long cell, long amount) => Volatile.Write(ref cell, cell + amount);
}
