using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Domain.Access;
using EntryGuard.Domain.Net;
using EntryGuard.Domain.Sessions;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.Sessions;

/// <summary>The session a start would make, before it is stored: what would be opened, what not, and why.</summary>
public sealed class StartDraft
{
    private readonly Organization organization;
    private readonly IReadOnlyDictionary<AllowListKey, DateTimeOffset> overdue;
    private readonly List<NotOpened> notOpened = [];
    private readonly List<Verdict> refused = [];
    private readonly Dictionary<RoleId, string> roleNames = [];
    private bool couldNotClose;

    private StartDraft(Organization organization, IReadOnlyDictionary<AllowListKey, DateTimeOffset> overdue, Session session) =>
        (this.organization, this.overdue, Session) = (organization, overdue, session);

    /// <summary>With its claims; not tracked yet.</summary>
    public Session Session { get; }

    /// <summary>Resources and addresses left out.</summary>
    public IReadOnlyList<NotOpened> NotOpened => notOpened;

    /// <summary>Drafts a session, or says why there can be none. Changes nothing.</summary>
    /// <param name="db">Of the caller's organization.</param>
    /// <param name="caller">Who starts it.</param>
    /// <param name="wish">What is to be opened.</param>
    /// <param name="providers">Those of this server.</param>
    /// <param name="overdue">From <see cref="OverdueClosings"/>.</param>
    /// <param name="now">Database time.</param>
    /// <param name="ct">Cancels it.</param>
    public static async Task<(StartDraft? Draft, Refusal? Refusal)> MakeAsync(
        EntryGuardDb db, Caller caller, StartWish wish, ProviderSet providers, IReadOnlyDictionary<AllowListKey, DateTimeOffset> overdue, DateTimeOffset now,
        CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(db);
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(wish);
        var organization = await db.Organizations.AsNoTracking().SingleAsync(ct);
        var duration = wish.DurationField is null && wish.Duration > organization.MaxSession ? organization.MaxSession : wish.Duration;
        if (duration > organization.MaxSession)
            return (null, Refusal.Field(wish.DurationField!, $"is longer than the organization's longest session, {RoleTerms.Words(organization.MaxSession)}; ask for that or less", ErrorCodes.SessionTooLong));
        var (reachable, refusal) = await Reach.ForStartAsync(db, caller, wish.ResourceIds, ct);
        if (refusal is not null)
            return (null, refusal);

        var draft = new StartDraft(organization, overdue, new Session
        {
            Id = new SessionId(Guid.CreateVersion7(now)),
            OrganizationId = caller.Organization,
            UserId = caller.UserId,
            Status = SessionStatus.Pending,
            IPv4 = wish.IPv4,
            IPv6 = wish.IPv6,
            ApiKeyId = caller.Key?.Id,
            MfaAt = caller.MfaAt,
            Reason = wish.Reason,
            StartedAt = now,
            ExpiresAt = now + duration,
            IdempotencyKey = wish.IdempotencyKey,
            IdempotencyHash = wish.IdempotencyKey is null ? null : wish.Hash,
            ChangedAt = now,
        });
        foreach (var address in wish.Addresses)
        {
            var request = new AccessRequest(address, wish.Reason, caller.MfaAt, now, now, now);
            foreach (var (resource, ways) in reachable)
                draft.Consider(resource, ways, request, providers);
        }

        return draft.WhyNot(wish) is { } why ? (null, why) : (draft, null);
    }

    /// <summary>What the start would do.</summary>
    public async Task<StartPreview> PreviewAsync(EntryGuardDb db, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(db);
        var addresses = Session.ResourceIps.Select(c => c.Address).Distinct().ToList();
        var live = await db.ResourceIps.AsNoTracking()
            .Where(c => c.DueAt != null && c.Status == ResourceIpStatus.Applied && addresses.Contains(c.Address))
            .Select(c => new { c.AllowListKey, c.Address, c.Scopes }).ToListAsync(ct);
        return new StartPreview
        {
            ExpiresAt = Session.ExpiresAt,
            LatestEnd = Longest.CapAt,
            LimitedBy = Longest.CappedBy!,
            NotOpened = notOpened,
            ResourceIps =
            [
                .. Session.ResourceIps.Select(c => new PreviewedResourceIp
                {
                    ResourceId = c.ResourceId.Value,
                    ResourceName = c.Resource!.Name,
                    IpAddress = c.Address.ToString(),
                    Rules = [.. c.Scopes.Select(s => s.ToString())],
                    Shared = c.Scopes.All(s => live.Exists(l => l.AllowListKey == c.AllowListKey && l.Address == c.Address && l.Scopes.Contains(s))),
                    Capacity = [.. c.Resource.Quotas.Where(q => q.Counts(c.Address.IpVersion)).Select(q => new CapacityResponse { IpVersion = q.IpVersion, Used = q.Used, Limit = q.Limit })],
                    Health = Names.Wire(c.Resource.Health),
                    Grant = Names.Wire(c.Grant),
                    RoleName = c.RoleId is { } role ? roleNames[role] : null,
                    EndsAt = c.EndsAt,
                    LatestEnd = c.CapAt,
                    LimitedBy = c.CappedBy!,
                }),
            ],
        };
    }

    /// <summary>For the audit row of the start.</summary>
    public object AuditDetails() => new
    {
        addresses = Session.ResourceIps.Select(c => c.Address.ToString()).Distinct(),
        resources = Session.ResourceIps.Select(c => new
        {
            id = c.ResourceId.Value,
            name = c.Resource!.Name,
            grant = Names.Wire(c.Grant),
            role = c.RoleId is { } role ? roleNames[role] : null,
        }).Distinct(),
        expiresAt = Session.ExpiresAt,
        reason = Session.Reason,
    };

    private ResourceIp Longest => Session.ResourceIps.MaxBy(c => c.CapAt)!;

    private void Consider(Resource resource, IReadOnlyList<Way> ways, AccessRequest request, ProviderSet providers)
    {
        var address = request.Address!.Value;
        if (AddressLimits.WhyNot(providers, resource, address) is { } why)
            Skip(resource, address, why);
        else if (Freeze.WhyNot(resource.FrozenAt) is { } frozen)
            Skip(resource, address, frozen);
        else if (!organization.OpensWhileOverdue && resource.OverdueSince(overdue) is { } since)
            SkipUnclosable(resource, address, since);
        else if (Entitlements.Best(ways, request, organization.MaxSession) is var (way, verdict))
            Add(resource, address, way, verdict);
        else
            Refuse(resource, address, [.. ways.Select(w => w.Judge(request, organization.MaxSession))]);
    }

    private void Add(Resource resource, Cidr address, Way way, Verdict verdict)
    {
        var end = verdict.Until < Session.ExpiresAt ? verdict.Until : Session.ExpiresAt;
        var claim = ResourceIp.Born(Session, resource, address, way.Grant, end, verdict.Until, Session.StartedAt);
        (claim.RoleId, claim.CappedBy) = (way.Role?.Id, verdict.LimitedBy);
        if (way.Role is { } role)
            roleNames[role.Id] = role.Name;
        Session.ResourceIps.Add(claim);
    }

    private void Refuse(Resource resource, Cidr address, IReadOnlyList<Verdict> verdicts)
    {
        refused.AddRange(verdicts);
        Skip(resource, address, string.Join("; ", verdicts.Select(v => v.WhyNot).OfType<string>().Distinct()));
    }

    // What nothing can be opened for, or what was named and is not opened: a Resource that was named is never left out in silence.
    private Refusal? WhyNot(StartWish wish)
    {
        var named = wish.ResourceIds?.Where(id => !Session.ResourceIps.Exists(c => c.ResourceId == id)).Select(id => id.Value).ToHashSet();
        if (refused.Count > 0 && (Session.ResourceIps.Count == 0 || notOpened.Exists(n => named?.Contains(n.ResourceId) == true)))
            return Lacking();
        if (Session.ResourceIps.Count == 0)
            return Nothing(wish);
        if (wish.DurationField is not null && Longest.CapAt < Session.ExpiresAt)
            return Refusal.Field(wish.DurationField, $"is longer than {Longest.CappedBy}; ask for at most {RoleTerms.Words(Longest.CapAt - Session.StartedAt)}", ErrorCodes.SessionTooLong);
        Session.ExpiresAt = Session.ResourceIps.Max(c => c.EndsAt);
        return null;
    }

    private Refusal? Lacking()
    {
        var lack = refused.MinBy(v => v.Lack)!;
        return lack.Lack switch
        {
            AccessLack.Reason => Refusal.Field("reason", $"does not do: {lack.WhyNot}", ErrorCodes.ReasonRequired),
            AccessLack.Network => new Refusal(ErrorCodes.AddressNotAllowed, RefusalKind.Forbidden, $"Nothing can be opened: {lack.WhyNot}."),
            AccessLack.Mfa => new Refusal(ErrorCodes.MfaRequired, RefusalKind.Forbidden, $"Nothing can be opened: {lack.WhyNot}."),
            AccessLack.Hours or AccessLack.Nothing => new Refusal(ErrorCodes.OutsideHours, RefusalKind.Forbidden, $"Nothing can be opened: {lack.WhyNot}."),
        };
    }

    private Refusal Nothing(StartWish wish)
    {
        var why = notOpened.Select(n => $"{n.ResourceName}: {n.Why}").Distinct().ToList();
        if (couldNotClose)
            return new Refusal(ErrorCodes.ClosingOverdue, RefusalKind.Invalid, $"Nothing can be opened. {string.Join("; ", why)}");
        return notOpened.Exists(n => n.Why.StartsWith("takes no", StringComparison.Ordinal))
            ? Refusal.Field(wish.IPv4 is null ? "ipv6Address" : "ipv4Address", $"is refused. {string.Join("; ", why)}", ErrorCodes.AddressNotAllowed)
            : new Refusal(ErrorCodes.NothingToOpen, RefusalKind.Invalid, why.Count == 0
                ? "Nothing is granted to you. Ask an administrator, or name Resources in resourceIds if you are one."
                : $"Nothing can be opened. {string.Join("; ", why)}");
    }

    private void Skip(Resource resource, Cidr address, string why) =>
        notOpened.Add(new NotOpened { ResourceId = resource.Id.Value, ResourceName = resource.Name, IpAddress = address.ToString(), Why = why });

    private void SkipUnclosable(Resource resource, Cidr address, DateTimeOffset since)
    {
        couldNotClose = true;
        Skip(resource, address, OverdueClosings.WhyNothingNew(since));
    }
}
