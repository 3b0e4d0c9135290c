namespace EntryGuard.Gate.Linux;

/// <summary>One way through a connection: from the source socket through a pipe to the sink socket.</summary>
internal struct Direction
{
    /// <summary>The default while no pipe is held.</summary>
    public Pipe Pipe;

    /// <summary>Bytes in the pipe.</summary>
    public int Pending;

    /// <summary>Edge-triggered: true until the source answered EAGAIN, true again with the next event.</summary>
    public bool SourceReadable;

    /// <summary>Likewise for the sink.</summary>
    public bool SinkWritable;

    /// <summary>The source sent its FIN and everything before it was taken.</summary>
    public bool SourceEnded;

    /// <summary>The FIN was passed on: nothing more goes this way.</summary>
    public bool IsShut;

    public readonly bool HasPipe => Pipe != default;
}
