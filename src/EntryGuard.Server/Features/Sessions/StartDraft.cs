using EntryGuard.Contracts;
using EntryGuard.Domain;
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
            return (null, Refusal.Field(wish.DurationField!, $"is longer than the organization's longest session, {Words(organization.MaxSession)}; ask for that or less", ErrorCodes.SessionTooLong));
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
            Reason = wish.Reason,
            StartedAt = now,
            ExpiresAt = now + duration,
            IdempotencyKey = wish.IdempotencyKey,
            IdempotencyHash = wish.IdempotencyKey is null ? null : wish.Hash,
            ChangedAt = now,
        });
        foreach (var (resource, grant) in reachable)
        {
            foreach (var address in wish.Addresses)
                draft.Consider(resource, grant, address, providers, now + duration, now);
        }

        if (draft.Session.ResourceIps.Count > 0)
            return (draft, null);
        var why = draft.notOpened.Select(n => $"{n.ResourceName}: {n.Why}").Distinct().ToList();
        if (draft.couldNotClose)
            return (null, new Refusal(ErrorCodes.ClosingOverdue, RefusalKind.Invalid, $"Nothing can be opened. {string.Join("; ", why)}"));
        return draft.notOpened.Exists(n => n.Why.StartsWith("takes no", StringComparison.Ordinal))
            ? (null, Refusal.Field(wish.IPv4 is null ? "ipv6Address" : "ipv4Address", $"is refused. {string.Join("; ", why)}", ErrorCodes.AddressNotAllowed))
            : (null, new Refusal(ErrorCodes.NothingToOpen, RefusalKind.Invalid, why.Count == 0
                ? "Nothing is assigned to you. Ask an administrator, or name Resources in resourceIds if you are one."
                : $"Nothing can be opened. {string.Join("; ", why)}"));
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
            LatestEnd = Session.ResourceIps.Max(c => c.CapAt),
            LimitedBy = $"the organization's longest session, {Words(organization.MaxSession)}",
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
                }),
            ],
        };
    }

    /// <summary>For the audit row of the start.</summary>
    public object AuditDetails() => new
    {
        addresses = Session.ResourceIps.Select(c => c.Address.ToString()).Distinct(),
        resources = Session.ResourceIps.Select(c => new { id = c.ResourceId.Value, name = c.Resource!.Name, grant = Names.Wire(c.Grant) }).Distinct(),
        expiresAt = Session.ExpiresAt,
        reason = Session.Reason,
    };

    private void Consider(Resource resource, Grant grant, Cidr address, ProviderSet providers, DateTimeOffset endsAt, DateTimeOffset now)
    {
        if (AddressLimits.WhyNot(providers, resource, address) is { } why)
            Skip(resource, address, why);
        else if (!organization.OpensWhileOverdue && resource.OverdueSince(overdue) is { } since)
            SkipUnclosable(resource, address, since);
        else
            Session.ResourceIps.Add(ResourceIp.Born(Session, resource, address, grant, endsAt, now + organization.MaxSession, now));
    }

    private void Skip(Resource resource, Cidr address, string why) =>
        notOpened.Add(new NotOpened { ResourceId = resource.Id.Value, ResourceName = resource.Name, IpAddress = address.ToString(), Why = why });

    private void SkipUnclosable(Resource resource, Cidr address, DateTimeOffset since)
    {
        couldNotClose = true;
        Skip(resource, address, OverdueClosings.WhyNothingNew(since));
    }

    private static string Words(TimeSpan span) =>
        span.TotalHours >= 1 && span.Minutes == 0 && span.Seconds == 0 ? $"{span.TotalHours:0} h" : $"{span.TotalMinutes:0.##} min";
}
