namespace EntryGuard.Contracts;

/// <summary>Answer of <c>GET /api/v1/detect-ip</c>.</summary>
public sealed record DetectIpResponse
{
    /// <summary>The address the request came from.</summary>
    public required string Ip { get; init; }

    /// <summary>4 or 6.</summary>
    public required int Version { get; init; }

    /// <summary>When.</summary>
    public required DateTimeOffset Timestamp { get; init; }

    /// <summary>That this server saw it, for 5 minutes; see <see cref="StartSessionRequest.AddressProof"/>.</summary>
    public required string Proof { get; init; }
}
