using EntryGuard.Domain;
using EntryGuard.Domain.Providers;
using EntryGuard.Domain.Rules;
using EntryGuard.Domain.Sessions;

namespace EntryGuard.Server.Data;

/// <content>Rules that stand though nobody wants them.</content>
public sealed partial class SessionWrite
{
    /// <summary>An owner for rules that nobody's claim accounts for, of the organization through whose Resource they were seen.</summary>
    public Session AddDriftOwner(OrganizationId organization)
    {
        var owner = new Session
        {
            Id = new SessionId(Guid.CreateVersion7(now)),
            OrganizationId = organization,
            Kind = OwnerKind.Drift,
            Status = SessionStatus.Expiring,
            EndReason = EndReason.Drift,
            StartedAt = now,
            ExpiresAt = now,
            EndingAt = now,
            ChangedAt = now,
        };
        db.Sessions.Add(owner);
        sessions[owner.Id] = owner;
        return owner;
    }

    /// <summary>A rule was found standing that is to go: a claim that is born leaving takes it off, with the same tries and alarms as any (E20).</summary>
    /// <param name="owner">Locked, or made by <see cref="AddDriftOwner"/>.</param>
    /// <param name="resource">Through which it was seen; of the owner's organization, and tracked.</param>
    /// <param name="entry">As listed.</param>
    /// <param name="mark">What it carries, where that is not the mark of its own rule; null: it is.</param>
    /// <param name="of">The claim whose rule it was; null: none is known.</param>
    public ResourceIp AddDrift(Session owner, Resource resource, ObservedRule entry, string? mark, ResourceIpId? of)
    {
        ArgumentNullException.ThrowIfNull(owner);
        ArgumentNullException.ThrowIfNull(resource);
        ArgumentNullException.ThrowIfNull(entry);
        var claim = new ResourceIp
        {
            Id = new ResourceIpId(Guid.CreateVersion7(now)),
            OrganizationId = owner.OrganizationId,
            SessionId = owner.Id,
            ResourceId = resource.Id,
            Resource = resource,
            AllowListKey = resource.AllowListKey,
            Address = entry.Rule.Address,
            Scopes = [entry.Rule.Scope],
            Grant = Grant.Drift,
            Wanted = Wanted.Absent,
            Status = ResourceIpStatus.Removing,
            MayStand = true,
            EndsAt = now,
            CapAt = now,
            EndReason = Domain.Sessions.EndReason.Drift,
            EndingAt = now,
            NextAttemptAt = now,
            Identity = resource.Identity,
            Entries = [new RuleEntry(entry.Id, entry.Rule.Scope)],
            SeenAt = now,
            Mark = mark,
            DriftOf = of,
            CreatedAt = now,
        };
        db.ResourceIps.Add(claim);
        if (!owner.ResourceIps.Contains(claim))
            owner.ResourceIps.Add(claim);
        if (of is not null)
            owner.FoundAgainAt = now;
        Touch(claim);
        return claim;
    }
}
