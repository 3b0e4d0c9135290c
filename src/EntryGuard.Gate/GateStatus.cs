namespace EntryGuard.Gate;

/// <summary>What a gate has done since it was started, read at one moment. All but the active connections only ever grow.</summary>
/// <param name="IsOpen">True while the gate listens; false once it was closed or its loop failed (<see cref="TcpGate.Completion"/> says why).</param>
/// <param name="Accepted">Connections let in, whether or not the target then answered.</param>
/// <param name="Active">Connections let in and not yet ended.</param>
/// <param name="RefusedNotAllowed">Reset because no entry covered the peer; the target was not dialled.</param>
/// <param name="RefusedLimit">Reset because <see cref="GateOptions.MaxConnections"/> (or the process's file descriptors) were in use.</param>
/// <param name="RefusedTarget">Let in, then reset because the target could not be reached in time.</param>
/// <param name="Cut">Live connections ended because their entry ended or the gate closed.</param>
/// <param name="BytesToTarget">Bytes handed to the target's sockets.</param>
/// <param name="BytesToClient">Bytes handed to the clients' sockets.</param>
/// <param name="LongestCut">The longest time from an entry's end or removal to a cut it led to.</param>
public sealed record GateStatus(
    bool IsOpen,
    long Accepted,
    long Active,
    long RefusedNotAllowed,
    long RefusedLimit,
    long RefusedTarget,
    long Cut,
    long BytesToTarget,
    long BytesToClient,
    TimeSpan LongestCut);
