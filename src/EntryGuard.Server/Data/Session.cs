using EntryGuard.Domain;
using EntryGuard.Domain.Net;
using EntryGuard.Domain.Sessions;

namespace EntryGuard.Server.Data;

/// <summary>One user's time-bound access. Written only through <see cref="SessionWrite"/> once it exists.</summary>
public sealed class Session
{
    public SessionId Id { get; set; }
    public OrganizationId OrganizationId { get; set; }
    public UserId UserId { get; set; }
    public User? User { get; set; }

    /// <summary>Guarded: an update names the status it leaves.</summary>
    public SessionStatus Status { get; set; }

    /// <summary>Null until EXPIRING; then fixed.</summary>
    public EndReason? EndReason { get; set; }
    public Cidr? IPv4 { get; set; }
    public Cidr? IPv6 { get; set; }

    /// <summary>Why the user asked for it, in the user's words; null if none were given.</summary>
    public string? Reason { get; set; }
    public DateTimeOffset StartedAt { get; set; }

    /// <summary>Latest end of the claims that are wanted; stays what it was once none is.</summary>
    public DateTimeOffset ExpiresAt { get; set; }

    /// <summary>The decision to end; null while running.</summary>
    public DateTimeOffset? EndingAt { get; set; }

    /// <summary>The last rule seen gone, or the opening given up; null before.</summary>
    public DateTimeOffset? EndedAt { get; set; }

    /// <summary>The caller's <c>Idempotency-Key</c>, unique per user; null if none was sent.</summary>
    public string? IdempotencyKey { get; set; }

    /// <summary>SHA-256 of the request that came with the key: the same key with another request is a mistake.</summary>
    public byte[]? IdempotencyHash { get; set; }

    /// <summary>Last write; the sweep recomputes what changed since it last looked.</summary>
    public DateTimeOffset ChangedAt { get; set; }
    public List<ResourceIp> ResourceIps { get; } = [];

    public SessionState State => new(Status, EndReason);
}
