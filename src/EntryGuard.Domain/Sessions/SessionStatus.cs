namespace EntryGuard.Domain.Sessions;

/// <summary>Status of a session. Moved only by <c>SessionStatus.From</c> and by the end of its claims.</summary>
public enum SessionStatus
{
    /// <summary>Started; not every claim had its first answer.</summary>
    Pending,

    /// <summary>Every claim stands.</summary>
    Active,

    /// <summary>Some claims stand, or may soon again; others failed or are being retried.</summary>
    Partial,

    /// <summary>No claim ever stood and none is tried any more. Terminal. A static rule: none stands now; a retry or an edit moves it on.</summary>
    Failed,

    /// <summary>Decided to end; its rules are being taken off.</summary>
    Expiring,

    /// <summary>Ended by time; every rule on its account alone was seen gone. Terminal.</summary>
    Expired,

    /// <summary>Ended by a person or by policy; every rule on its account alone was seen gone. Terminal.</summary>
    Cancelled,
}

/// <summary>Why a session, or one of its claims, ended.</summary>
public enum EndReason
{
    /// <summary>Stopped by its user. A claim of a static rule: its Resource was taken out of the rule.</summary>
    Manual,

    /// <summary>Stopped by an admin. A claim of a static rule: closed by hand, by the operator or with its rule.</summary>
    Admin,

    /// <summary>Its time was up.</summary>
    Expired,

    /// <summary>What it rested on was taken away: assignment, user, Resource, credential, organization.</summary>
    AccessRevoked,

    /// <summary>All of its rules were lost and not put back.</summary>
    RulesLost,

    /// <summary>The database was restored from a backup.</summary>
    Restored,

    /// <summary>Claims of rules that were found at a provider though nobody wants them, and their owners.</summary>
    Drift,

    /// <summary>Claims only: replaced by a successor after a change of ports, or of a static rule. Never the reason of a session.</summary>
    Superseded,
}

/// <summary>Status of a session with the reason of its end.</summary>
/// <param name="Status">What people are shown.</param>
/// <param name="Reason">Null until the session is EXPIRING; then fixed.</param>
public readonly record struct SessionState(SessionStatus Status, EndReason? Reason)
{
    /// <summary>FAILED, EXPIRED, CANCELLED: never moves again.</summary>
    public bool IsTerminal => Status is SessionStatus.Failed or SessionStatus.Expired or SessionStatus.Cancelled;

    /// <summary>PENDING, ACTIVE, PARTIAL: a stop has something to do.</summary>
    public bool IsRunning => Status is SessionStatus.Pending or SessionStatus.Active or SessionStatus.Partial;
}

/// <summary>One claim, as far as its session's status depends on it.</summary>
/// <param name="State">The claim's own state.</param>
/// <param name="Answered">An opening call about it was answered, or was lost, since it last began.</param>
/// <param name="TriesLeft">The opening schedule has another call; false once it is only read back every 5 min.</param>
/// <param name="Reason">Why it ended; null while it is wanted.</param>
/// <param name="EndedAt">When it was decided to end; null while it is wanted.</param>
public readonly record struct SessionClaim(ClaimState State, bool Answered, bool TriesLeft, EndReason? Reason, DateTimeOffset? EndedAt);

/// <summary>The session machine (E17), and its variant for static rules.</summary>
public static class SessionStatuses
{
    extension(SessionStatus)
    {
        /// <summary>The state of a session after one step; apply until it does not change. Pure and total. The table is in docs/design.md.</summary>
        /// <param name="previous">State before.</param>
        /// <param name="claims">All claims of the session, ended ones too.</param>
        /// <remarks>
        /// A result of EXPIRING obliges the caller to end every claim that is still wanted, with the result's reason, in the same transaction.
        /// </remarks>
        public static SessionState From(SessionState previous, IReadOnlyCollection<SessionClaim> claims)
        {
            var counted = claims.Where(c => c.State.Wanted == Wanted.Present).Select(Count).ToArray();
            var any = counted.ToHashSet();
            var allSettled = claims.All(c => c.State.IsSettled);
            var onlyFailed = any.Count > 0 && any.All(c => c == Counted.Failed);

            return previous.Status switch
            {
                SessionStatus.Pending => counted.Length == 0 ? Ending(claims)
                    : any.Contains(Counted.FirstAnswerOutstanding) ? previous
                    : onlyFailed ? allSettled ? new SessionState(SessionStatus.Failed, null) : previous
                    : !any.Contains(Counted.Applied) ? previous
                    : any.Count == 1 ? new SessionState(SessionStatus.Active, null) : new SessionState(SessionStatus.Partial, null),
                SessionStatus.Active or SessionStatus.Partial => counted.Length == 0 || onlyFailed ? Ending(claims)
                    : any.Count == 1 && any.Contains(Counted.Applied) ? new SessionState(SessionStatus.Active, null)
                    : new SessionState(SessionStatus.Partial, null),
                SessionStatus.Expiring => !allSettled || claims.Any(c => c.State.IsLive) ? previous
                    : new SessionState(previous.Reason == EndReason.Expired ? SessionStatus.Expired : SessionStatus.Cancelled, previous.Reason),
                SessionStatus.Failed or SessionStatus.Expired or SessionStatus.Cancelled => previous,
            };
        }

        /// <summary>
        /// As <see cref="From"/>, of a static rule: FAILED is not its end, but what it reads while nothing of it stands or is tried; and
        /// nothing that happens to its claims ends it but its own expiry, which the first claim that ended by time tells of.
        /// </summary>
        /// <inheritdoc cref="From" path="/param"/>
        /// <inheritdoc cref="From" path="/remarks"/>
        public static SessionState FromStatic(SessionState previous, IReadOnlyCollection<SessionClaim> claims)
        {
            if (previous.Status is SessionStatus.Expiring or SessionStatus.Expired or SessionStatus.Cancelled)
                return SessionStatus.From(previous, claims);
            if (claims.Any(c => c.Reason == EndReason.Expired))
                return new SessionState(SessionStatus.Expiring, EndReason.Expired);
            var counted = claims.Where(c => c.State.Wanted == Wanted.Present).Select(Count).ToArray();
            if (counted.All(c => c == Counted.Failed))
                return previous.Status == SessionStatus.Pending && counted.Length > 0 && !claims.All(c => c.State.IsSettled)
                    ? previous
                    : new SessionState(SessionStatus.Failed, null);
            return SessionStatus.From(previous.Status == SessionStatus.Failed ? new SessionState(SessionStatus.Pending, null) : previous, claims);
        }
    }

    private enum Counted
    {
        Applied,
        FirstAnswerOutstanding,
        Waiting,
        Unknown,
        Failed,
    }

    private static Counted Count(SessionClaim claim) => claim.State.Status switch
    {
        ResourceIpStatus.Applied => Counted.Applied,
        ResourceIpStatus.Pending or ResourceIpStatus.Applying when !claim.Answered => Counted.FirstAnswerOutstanding,
        ResourceIpStatus.Pending or ResourceIpStatus.Applying when claim.TriesLeft => Counted.Waiting,
        ResourceIpStatus.Pending or ResourceIpStatus.Applying => Counted.Unknown,
        ResourceIpStatus.Failed or ResourceIpStatus.Removing or ResourceIpStatus.Removed => Counted.Failed,
    };

    // The reason of the last claim to leave; of two at the same instant the first in the enum, whatever the order of the claims.
    // Nobody left by a decision of ours: then the rules were lost.
    private static SessionState Ending(IReadOnlyCollection<SessionClaim> claims)
    {
        var last = claims.Where(c => c.Reason is not (null or EndReason.Superseded)).OrderByDescending(c => c.EndedAt).ThenBy(c => c.Reason);
        return new SessionState(SessionStatus.Expiring, last.Select(c => c.Reason).FirstOrDefault() ?? EndReason.RulesLost);
    }
}
