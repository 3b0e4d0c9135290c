using System.Net.Sockets;

namespace EntryGuard.Gate;

/// <summary>A gate could not listen where it should: the port is taken, the address is not this host's, or the right is missing.</summary>
/// <param name="message">Names the endpoint and the reason.</param>
/// <param name="inner">What the socket said.</param>
public sealed class GateStartException(string message, SocketException inner) : IOException(message, inner)
{
    /// <summary>The reason, for those who branch on it.</summary>
    public SocketError SocketError { get; } = inner.SocketErrorCode;
}
