using EntryGuard.Domain;
using EntryGuard.Domain.Net;
using EntryGuard.Domain.Sessions;

namespace EntryGuard.Server.Data;

/// <summary>What an owner of claims is.</summary>
public enum OwnerKind
{
    /// <summary>One user's time-bound access.</summary>
    Session,

    /// <summary>An admin's rule without an end, or with one far away.</summary>
    StaticRule,

    /// <summary>Nobody's: rules of ours that were found at a provider though no claim accounts for them, being taken off.</summary>
    Drift,
}

/// <summary>
/// An owner of claims: one user's time-bound access; or, with the same locks, dates and worker, a static rule or stray rules. Written only
/// through <see cref="SessionWrite"/> once it exists.
/// </summary>
public sealed class Session
{
    public SessionId Id { get; set; }
    public OrganizationId OrganizationId { get; set; }
    public OwnerKind Kind { get; set; }

    /// <summary>Whose session; null for all else: nothing that is done to a user, or by one, touches a static rule.</summary>
    public UserId? UserId { get; set; }
    public User? User { get; set; }

    /// <summary>Guarded: an update names the status it leaves.</summary>
    public SessionStatus Status { get; set; }

    /// <summary>Null until EXPIRING; then fixed.</summary>
    public EndReason? EndReason { get; set; }
    /// <summary>The end of what has none: later than anything, and within what every database and clock can hold.</summary>
    public static DateTimeOffset Never { get; } = new(9999, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public Cidr? IPv4 { get; set; }
    public Cidr? IPv6 { get; set; }

    /// <summary>Name of a static rule; null for all else.</summary>
    public string? Label { get; set; }

    /// <summary>Who answers for a static rule; null for all else.</summary>
    public UserId? AnswersFor { get; set; }

    /// <summary>When somebody is to look whether a static rule is still needed; null: no date was set.</summary>
    public DateTimeOffset? ReviewAt { get; set; }

    /// <summary>E-mail address of whoever made a static rule; null for all else.</summary>
    public string? CreatedByEmail { get; set; }

    /// <summary>When a rule of it was found at the provider again after it had been seen gone, last; null: never (E20).</summary>
    public DateTimeOffset? FoundAgainAt { get; set; }

    /// <summary>The API key it was started with: whoever revokes that ends it. Null: none, the user was signed in.</summary>
    public ApiKeyId? ApiKeyId { get; set; }

    /// <summary>When the user had last shown a second factor at the start; null: never, or it was a key.</summary>
    public DateTimeOffset? MfaAt { get; set; }

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

    /// <summary>Last write outside of PENDING and EXPIRING; the sweep recomputes what changed since it last looked, and those two in any case.</summary>
    public DateTimeOffset ChangedAt { get; set; }
    public List<ResourceIp> ResourceIps { get; } = [];

    public SessionState State => new(Status, EndReason);

    /// <summary>An end has something to do: it has not begun yet. A static rule that FAILED counts, since it may be tried again.</summary>
    public bool IsRunning => State.IsRunning || (Kind == OwnerKind.StaticRule && Status == SessionStatus.Failed);

    /// <summary>The one address or range of a static rule.</summary>
    public Cidr Address => IPv4 ?? IPv6 ?? Cidr.None;
}
