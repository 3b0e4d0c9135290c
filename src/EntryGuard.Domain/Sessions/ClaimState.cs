namespace EntryGuard.Domain.Sessions;

/// <summary>Whether the owner of a claim still wants its rule. Goes from Present to Absent once, never back.</summary>
public enum Wanted
{
    /// <summary>The rule is to stand.</summary>
    Present,

    /// <summary>The rule is to be gone, unless another claim wants it.</summary>
    Absent,
}

/// <summary>Status of a Resource IP, as shown to people.</summary>
public enum ResourceIpStatus
{
    /// <summary>Queued, or waiting for its next try.</summary>
    Pending,

    /// <summary>A call about it is out, or went without an answer and is being read back.</summary>
    Applying,

    /// <summary>Its rules stand: access is granted.</summary>
    Applied,

    /// <summary>Opening was given up and nothing stands on its account; or (while the rule may stand) its closing is overdue and still tried.</summary>
    Failed,

    /// <summary>Its rules are being taken off.</summary>
    Removing,

    /// <summary>Its rules were seen gone, or stand only for others.</summary>
    Removed,
}

/// <summary>What can happen to a claim. Facts (entries, errors) are written whatever happens; only this moves the status.</summary>
public enum RuleEvent
{
    /// <summary>An opening attempt was committed; the call may go out from now on.</summary>
    ApplyStarted,

    /// <summary>All its rules are known to stand.</summary>
    SeenPresent,

    /// <summary>Definitely nothing stands on its account, from this attempt or an earlier one; tries are left.</summary>
    NotMade,

    /// <summary>Some of its rules may stand, some do not: an opening made only a part, or a part was lost; tries are left.</summary>
    HalfMade,

    /// <summary>A call went without an answer: nothing is known.</summary>
    NoAnswer,

    /// <summary>Opening: nothing stands on its account and no try is left. Closing: the tries of the schedule are used up, it is overdue.</summary>
    GaveUp,

    /// <summary>Given up, or lost for good, while some of its rules may stand: they must be taken off (E09).</summary>
    MustUndo,

    /// <summary>A closing attempt was committed.</summary>
    RemoveStarted,

    /// <summary>A closing attempt did not succeed; the schedule goes on.</summary>
    StillThere,

    /// <summary>All its rules are seen gone.</summary>
    SeenGone,

    /// <summary>Its rules stand only for other live claims, which took over its entries (E06).</summary>
    Kept,

    /// <summary>The owner does not want it any more: stop, expiry, access revoked.</summary>
    Ended,

    /// <summary>All its rules were seen gone while wanted, and may be put back (E26).</summary>
    Lost,

    /// <summary>All its rules were seen gone while wanted, too often to be put back.</summary>
    LostForGood,

    /// <summary>A person asked for another round of tries.</summary>
    Retried,

    /// <summary>An admin declared the rule gone (E20).</summary>
    DeclaredGone,
}

/// <summary>The part of a claim that moves: <see cref="Wanted"/>, status, and whether the rule may exist on its account.</summary>
/// <param name="Wanted">What the owner wants.</param>
/// <param name="Status">What people are shown.</param>
/// <param name="MayStand">
/// Set with the commit of APPLYING, or when it shares a rule that stands; cleared only when nothing was made, its rules were seen gone or kept
/// for others, or an admin declared them gone.
/// </param>
public readonly record struct ClaimState(Wanted Wanted, ResourceIpStatus Status, bool MayStand)
{
    /// <summary>A claim as it is born: wanted, nothing sent.</summary>
    public static ClaimState New => new(Wanted.Present, ResourceIpStatus.Pending, false);

    /// <summary>PRESENT and PENDING, APPLYING or APPLIED: such a claim keeps its rules standing.</summary>
    public bool IsLive => Wanted == Wanted.Present
        && Status is ResourceIpStatus.Pending or ResourceIpStatus.Applying or ResourceIpStatus.Applied;

    /// <summary>Nobody has to do anything about it before its end: PRESENT and APPLIED; FAILED with nothing standing; REMOVED.</summary>
    public bool IsSettled => Status switch
    {
        ResourceIpStatus.Applied => Wanted == Wanted.Present,
        ResourceIpStatus.Failed => !MayStand,
        ResourceIpStatus.Removed => true,
        ResourceIpStatus.Pending or ResourceIpStatus.Applying or ResourceIpStatus.Removing => false,
    };

    /// <summary>The rule may exist on its account and it is not live: closing, undoing, or overdue. Such a claim is tried until it is settled.</summary>
    public bool IsLeaving => MayStand && !IsLive;

    /// <summary>A closing or an undoing that ran out of its schedule: red, alerted, still tried.</summary>
    public bool IsOverdue => Status == ResourceIpStatus.Failed && MayStand;

    /// <summary>The state after an event; null: impossible here, to be ignored. The table is in docs/design.md.</summary>
    public ClaimState? On(RuleEvent what) => Wanted switch
    {
        Wanted.Present => Status switch
        {
            ResourceIpStatus.Pending => what switch
            {
                RuleEvent.ApplyStarted => Present(ResourceIpStatus.Applying, true),
                RuleEvent.SeenPresent => Present(ResourceIpStatus.Applied, true),
                RuleEvent.NotMade => this,
                RuleEvent.SeenGone => Present(ResourceIpStatus.Pending, false),
                RuleEvent.GaveUp when MayStand => Present(ResourceIpStatus.Removing, true),
                RuleEvent.GaveUp => Present(ResourceIpStatus.Failed, false),
                RuleEvent.MustUndo => Present(ResourceIpStatus.Removing, true),
                RuleEvent.Ended => MayStand ? Absent(ResourceIpStatus.Removing, true) : Absent(ResourceIpStatus.Removed, false),
                RuleEvent.HalfMade or RuleEvent.NoAnswer or RuleEvent.RemoveStarted or RuleEvent.StillThere or RuleEvent.Kept or RuleEvent.Lost
                    or RuleEvent.LostForGood or RuleEvent.Retried or RuleEvent.DeclaredGone => null,
            },
            ResourceIpStatus.Applying => what switch
            {
                RuleEvent.SeenPresent => Present(ResourceIpStatus.Applied, true),
                RuleEvent.NotMade or RuleEvent.SeenGone => Present(ResourceIpStatus.Pending, false),
                RuleEvent.HalfMade => Present(ResourceIpStatus.Pending, true),
                RuleEvent.NoAnswer => this,
                RuleEvent.GaveUp => Present(ResourceIpStatus.Failed, false),
                RuleEvent.MustUndo => Present(ResourceIpStatus.Removing, true),
                RuleEvent.Ended => Absent(ResourceIpStatus.Removing, true),
                RuleEvent.ApplyStarted or RuleEvent.RemoveStarted or RuleEvent.StillThere or RuleEvent.Kept or RuleEvent.Lost
                    or RuleEvent.LostForGood or RuleEvent.Retried or RuleEvent.DeclaredGone => null,
            },
            ResourceIpStatus.Applied => what switch
            {
                RuleEvent.SeenPresent => this,
                RuleEvent.Lost => Present(ResourceIpStatus.Pending, false),
                RuleEvent.LostForGood => Present(ResourceIpStatus.Failed, false),
                RuleEvent.HalfMade => Present(ResourceIpStatus.Pending, true),
                RuleEvent.MustUndo => Present(ResourceIpStatus.Removing, true),
                RuleEvent.Ended => Absent(ResourceIpStatus.Removing, true),
                RuleEvent.ApplyStarted or RuleEvent.NotMade or RuleEvent.NoAnswer or RuleEvent.GaveUp or RuleEvent.RemoveStarted
                    or RuleEvent.StillThere or RuleEvent.SeenGone or RuleEvent.Kept or RuleEvent.Retried or RuleEvent.DeclaredGone => null,
            },
            ResourceIpStatus.Removing => what switch
            {
                RuleEvent.RemoveStarted or RuleEvent.StillThere or RuleEvent.NoAnswer => this,
                RuleEvent.SeenGone or RuleEvent.Kept or RuleEvent.DeclaredGone => Present(ResourceIpStatus.Failed, false),
                RuleEvent.GaveUp => Present(ResourceIpStatus.Failed, true),
                RuleEvent.Ended => Absent(ResourceIpStatus.Removing, true),
                RuleEvent.ApplyStarted or RuleEvent.SeenPresent or RuleEvent.NotMade or RuleEvent.HalfMade or RuleEvent.MustUndo or RuleEvent.Lost
                    or RuleEvent.LostForGood or RuleEvent.Retried => null,
            },
            ResourceIpStatus.Failed when MayStand => what switch
            {
                RuleEvent.RemoveStarted or RuleEvent.StillThere or RuleEvent.NoAnswer or RuleEvent.GaveUp => this,
                RuleEvent.SeenGone or RuleEvent.Kept or RuleEvent.DeclaredGone => Present(ResourceIpStatus.Failed, false),
                RuleEvent.Ended => Absent(ResourceIpStatus.Removing, true),
                RuleEvent.ApplyStarted or RuleEvent.SeenPresent or RuleEvent.NotMade or RuleEvent.HalfMade or RuleEvent.MustUndo or RuleEvent.Lost
                    or RuleEvent.LostForGood or RuleEvent.Retried => null,
            },
            ResourceIpStatus.Failed => what switch
            {
                RuleEvent.Retried => New,
                RuleEvent.Ended => Absent(ResourceIpStatus.Failed, false),
                RuleEvent.ApplyStarted or RuleEvent.SeenPresent or RuleEvent.NotMade or RuleEvent.HalfMade or RuleEvent.NoAnswer or RuleEvent.GaveUp
                    or RuleEvent.MustUndo or RuleEvent.RemoveStarted or RuleEvent.StillThere or RuleEvent.SeenGone or RuleEvent.Kept
                    or RuleEvent.Lost or RuleEvent.LostForGood or RuleEvent.DeclaredGone => null,
            },
            ResourceIpStatus.Removed => null,   // never PRESENT
        },
        Wanted.Absent => Status switch
        {
            ResourceIpStatus.Removing => what switch
            {
                RuleEvent.RemoveStarted or RuleEvent.StillThere or RuleEvent.NoAnswer => this,
                RuleEvent.SeenGone or RuleEvent.Kept or RuleEvent.DeclaredGone => Absent(ResourceIpStatus.Removed, false),
                RuleEvent.GaveUp => Absent(ResourceIpStatus.Failed, true),
                RuleEvent.ApplyStarted or RuleEvent.SeenPresent or RuleEvent.NotMade or RuleEvent.HalfMade or RuleEvent.MustUndo or RuleEvent.Ended
                    or RuleEvent.Lost or RuleEvent.LostForGood or RuleEvent.Retried => null,
            },
            ResourceIpStatus.Failed when MayStand => what switch
            {
                RuleEvent.RemoveStarted or RuleEvent.StillThere or RuleEvent.NoAnswer or RuleEvent.GaveUp => this,
                RuleEvent.SeenGone or RuleEvent.Kept or RuleEvent.DeclaredGone => Absent(ResourceIpStatus.Removed, false),
                RuleEvent.ApplyStarted or RuleEvent.SeenPresent or RuleEvent.NotMade or RuleEvent.HalfMade or RuleEvent.MustUndo or RuleEvent.Ended
                    or RuleEvent.Lost or RuleEvent.LostForGood or RuleEvent.Retried => null,
            },
            ResourceIpStatus.Failed or ResourceIpStatus.Removed => null,   // settled for good
            ResourceIpStatus.Pending or ResourceIpStatus.Applying or ResourceIpStatus.Applied => null,   // never ABSENT
        },
    };

    private static ClaimState Present(ResourceIpStatus status, bool mayStand) => new(Wanted.Present, status, mayStand);

    private static ClaimState Absent(ResourceIpStatus status, bool mayStand) => new(Wanted.Absent, status, mayStand);
}
