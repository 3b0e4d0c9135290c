using System.Collections.Immutable;
using EntryGuard.Domain;
using EntryGuard.Domain.Net;
using EntryGuard.Domain.Retry;
using EntryGuard.Domain.Rules;
using EntryGuard.Domain.Sessions;

namespace EntryGuard.Server.Data;

/// <summary>What entitles a claim.</summary>
public enum Grant
{
    /// <summary>The user is assigned to the Resource directly.</summary>
    Direct,

    /// <summary>A role of the user's has the Resource.</summary>
    Role,

    /// <summary>The user is an admin and named the Resource.</summary>
    Admin,

    /// <summary>An admin made a static rule: it rests on organization and Resource alone.</summary>
    Static,

    /// <summary>Nothing: its rule was found at the provider, and is to go.</summary>
    Drift,
}

/// <summary>A claim: this session wants this address on this Resource. Written only through <see cref="SessionWrite"/> once it exists.</summary>
public sealed class ResourceIp
{
    public ResourceIpId Id { get; set; }
    public OrganizationId OrganizationId { get; set; }
    public SessionId SessionId { get; set; }
    public Session? Session { get; set; }
    public ResourceId ResourceId { get; set; }
    public Resource? Resource { get; set; }

    /// <summary>Null only if the Resource was never verified: then the claim was born FAILED, or waits for a verification.</summary>
    public AllowListKey? AllowListKey { get; set; }
    public Cidr Address { get; set; }

    /// <summary>Fixed for life.</summary>
    public ImmutableArray<Scope> Scopes { get; set; }
    public Grant Grant { get; set; }

    /// <summary>The role it rests on; null: on none. Stays when it has ended and the role is deleted.</summary>
    public RoleId? RoleId { get; set; }

    public Wanted Wanted { get; set; }
    public ResourceIpStatus Status { get; set; }
    public bool MayStand { get; set; }

    /// <summary>When it ends; extend moves it, never beyond <see cref="CapAt"/>.</summary>
    public DateTimeOffset EndsAt { get; set; }

    /// <summary>Its latest end: by its grant, the organization, the hours of its role.</summary>
    public DateTimeOffset CapAt { get; set; }

    /// <summary>What set <see cref="CapAt"/>, in words; null on what no session owns.</summary>
    public string? CappedBy { get; set; }

    /// <summary>When somebody must look at it next: its end, its next try, the deadline of its call; null: never (E22).</summary>
    public DateTimeOffset? DueAt { get; set; }

    /// <summary>Calls in this round (opening or closing).</summary>
    public int Attempts { get; set; }

    /// <summary>Start of the first call of this round; null before it.</summary>
    public DateTimeOffset? FirstAttemptAt { get; set; }

    /// <summary>When the next call is due; null: nothing waits.</summary>
    public DateTimeOffset? NextAttemptAt { get; set; }

    /// <summary>The call in flight; null: none (E11).</summary>
    public Guid? AttemptId { get; set; }
    public Guid? AttemptEpoch { get; set; }
    public DateTimeOffset? AttemptDeadlineAt { get; set; }

    /// <summary>What the last call did is not known or not proven: only a list can say (E12–E14).</summary>
    public bool AwaitsList { get; set; }

    /// <summary>Identity it was applied under; "not found" settles its removal only under the same (E15).</summary>
    public string? Identity { get; set; }
    public ImmutableArray<RuleEntry> Entries { get; set; } = [];
    public DateTimeOffset? AppliedAt { get; set; }
    public DateTimeOffset? SeenAt { get; set; }

    /// <summary>The end the provider is known to hold; null where it holds none, or where that is not known.</summary>
    public DateTimeOffset? HeldUntil { get; set; }
    public DateTimeOffset? RemovedAt { get; set; }

    /// <summary>Since when its closing is overdue; null while it is not.</summary>
    public DateTimeOffset? OverdueSince { get; set; }

    /// <summary>Why it ended; null while wanted.</summary>
    public EndReason? EndReason { get; set; }

    /// <summary>The decision to end it; null while wanted.</summary>
    public DateTimeOffset? EndingAt { get; set; }
    public string? ErrorCode { get; set; }
    public string? ErrorMessage { get; set; }

    /// <summary>The claim whose rule was found again after it had been seen gone; null: none (E20).</summary>
    public ResourceIpId? DriftOf { get; set; }

    /// <summary>The owner mark its entries carry, where that is not the mark of its own rule: somebody altered the entry. Null: its own.</summary>
    public string? Mark { get; set; }

    /// <summary>A rule of somebody else's that let the address in when its own rules were seen gone ("tcp/443 0.0.0.0/0"); null: none was seen, or it is not gone yet.</summary>
    public string? AllowedBy { get; set; }

    /// <summary>Times its rule was lost within the hour that began at <see cref="LossesSince"/>.</summary>
    public int Losses { get; set; }
    public DateTimeOffset? LossesSince { get; set; }

    /// <summary>An admin declared the rule gone; nobody saw it (E20).</summary>
    public bool IsDeclaredGone { get; set; }
    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>Its static rule names its Resource still, if only as one that was switched off or closed by hand: there is no successor, and it was not taken out.</summary>
    public bool IsNamed => EndReason is not (Domain.Sessions.EndReason.Superseded or Domain.Sessions.EndReason.Manual);

    /// <summary>Since when its rules are to be gone: the decision to end it, or the first try to undo an opening; null while they may stand.</summary>
    public DateTimeOffset? ClosingSince => EndingAt ?? (State.IsLeaving ? FirstAttemptAt : null);

    public ClaimState State
    {
        get => new(Wanted, Status, MayStand);
        set => (Wanted, Status, MayStand) = value;
    }

    /// <summary>A claim as it is born, not yet saved; <see cref="ClaimBirth"/> says how it begins.</summary>
    public static ResourceIp Born(Session owner, Resource resource, Cidr address, Grant grant, DateTimeOffset endsAt, DateTimeOffset capAt, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(owner);
        ArgumentNullException.ThrowIfNull(resource);
        var claim = new ResourceIp
        {
            Id = new ResourceIpId(Guid.CreateVersion7(now)),
            OrganizationId = owner.OrganizationId,
            SessionId = owner.Id,
            ResourceId = resource.Id,
            Resource = resource,
            Address = address,
            Scopes = resource.Scopes,
            Grant = grant,
            EndsAt = endsAt,
            CapAt = capAt,
            CreatedAt = now,
        };
        claim.Begin(resource, now);
        return claim;
    }

    /// <summary>The end that the provider is to hold is another now: to be moved at once (E06). Nothing happens where it holds none.</summary>
    public void MoveEnd(DateTimeOffset now)
    {
        if (Status == ResourceIpStatus.Applied && (HeldUntil is not null || NextAttemptAt is not null || AttemptId is not null))
            (AwaitsList, NextAttemptAt) = (false, now);
    }

    /// <summary>Its rules stand and nothing is to be done about it: no try waits, and none of those made counts.</summary>
    public void Rest()
    {
        (Attempts, FirstAttemptAt, NextAttemptAt) = (0, null, null);
        (AwaitsList, ErrorCode, ErrorMessage) = (false, null, null);
    }

    /// <summary>As its session's status sees it.</summary>
    public SessionClaim ToSessionClaim() =>
        new(State, ErrorCode is not null, Attempts < Backoff.OpeningTries, EndReason, EndingAt);

    /// <summary>As the plan sees it. Needs <see cref="Resource"/> loaded.</summary>
    public Claim ToClaim() => new()
    {
        Id = Id,
        Credential = Resource!.CredentialId,
        Resource = ResourceId,
        Address = Address,
        Scopes = Scopes,
        State = State,
        EndsAt = EndsAt,
        NextAttemptAt = NextAttemptAt,
        AwaitsList = AwaitsList,
        Entries = Entries,
        SeenAt = SeenAt,
        HeldUntil = HeldUntil,
        Mark = Mark,
        Identity = Resource.Identity,
    };
}
