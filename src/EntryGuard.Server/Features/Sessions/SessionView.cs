using System.Collections.Immutable;
using System.Linq.Expressions;
using EntryGuard.Contracts;
using EntryGuard.Domain.Rules;
using EntryGuard.Domain.Sessions;
using EntryGuard.Server.Data;

namespace EntryGuard.Server.Features.Sessions;

/// <summary>How a session is shown: one projection for list, get, stream and console.</summary>
public static class SessionView
{
    /// <summary>In SQL; finish with <see cref="Row.ToResponse"/>.</summary>
    public static Expression<Func<Session, Row>> Projection => s => new Row
    {
        Session = s,
        UserName = s.User!.Name,
        UserEmail = s.User.Email,
        OrganizationName = s.User.Organization!.Name,
        WhomToAsk = s.Status != SessionStatus.Failed ? null
            : s.User.Organization.Users.Where(u => u.Authority == Authority.Admin && u.IsActive && u.DeletedAt == null).OrderBy(u => u.Id).Select(u => u.Email).FirstOrDefault(),
        Claims = s.ResourceIps.OrderBy(c => c.Id).Select(c => new ClaimRow { Claim = c, ResourceName = c.Resource!.Name, ForeignRules = c.Resource.ForeignRules }).ToList(),
    };

    /// <summary>What the database gives.</summary>
    public sealed class Row
    {
        public required Session Session { get; init; }
        public required string? UserName { get; init; }
        public required string UserEmail { get; init; }
        public required string OrganizationName { get; init; }

        /// <summary>An admin's e-mail address, if access failed and there is an admin.</summary>
        public required string? WhomToAsk { get; init; }
        public required List<ClaimRow> Claims { get; init; }

        public SessionResponse ToResponse(IReadOnlyList<NotOpened>? notOpened = null) => new()
        {
            Id = Session.Id.Value,
            UserId = Session.UserId!.Value.Value,
            UserName = UserName,
            UserEmail = UserEmail,
            Ipv4Address = Session.IPv4?.ToString(),
            Ipv6Address = Session.IPv6?.ToString(),
            Status = Names.Wire(Session.Status),
            StatusMessage = Words(Session, Claims.Select(c => c.Claim).ToList(), WhomToAsk),
            Reason = Session.Reason,
            StartedAt = Session.StartedAt,
            ExpiresAt = Session.ExpiresAt,
            FoundAgainAt = Session.FoundAgainAt,
            EndingAt = Session.EndingAt,
            EndedAt = Session.EndedAt,
            EndedReason = Session.EndReason is { } reason ? Names.Wire(reason) : null,
            OverdueSince = Claims.Select(c => c.Claim).Where(c => c.MayStand).Min(c => c.OverdueSince),
            OpenRules = Claims.Count(c => c.Claim.State.IsLeaving),
            ResourceIps = [.. Claims.Select(c => c.ToResponse())],
            NotOpened = notOpened,
            CreatedAt = Session.StartedAt,
            OrganizationName = OrganizationName,
        };
    }

    /// <summary>One claim of it.</summary>
    public sealed class ClaimRow
    {
        public required ResourceIp Claim { get; init; }
        public required string ResourceName { get; init; }

        /// <summary>Of the Resource, as last seen.</summary>
        public required ImmutableArray<ForeignRule> ForeignRules { get; init; }

        /// <summary>Of a claim whose Resource is loaded.</summary>
        public static ClaimRow Of(ResourceIp claim)
        {
            ArgumentNullException.ThrowIfNull(claim);
            return new() { Claim = claim, ResourceName = claim.Resource!.Name, ForeignRules = claim.Resource.ForeignRules };
        }

        public ResourceIpResponse ToResponse() => new()
        {
            Id = Claim.Id.Value,
            ResourceId = Claim.ResourceId.Value,
            ResourceName = ResourceName,
            IpVersion = Claim.Address.IpVersion,
            IpAddress = Claim.Address.ToString(),
            Status = Names.Wire(Claim.Status),
            Grant = Names.Wire(Claim.Grant),
            RoleId = Claim.RoleId?.Value,
            LatestEnd = Claim.CapAt,
            LimitedBy = Claim.CappedBy,
            ProviderRuleId = Claim.Entries.Select((RuleEntry e) => e.Id).FirstOrDefault(id => id is not null),
            EndsAt = Claim.EndsAt,
            AppliedAt = Claim.AppliedAt,
            RemovedAt = Claim.RemovedAt,
            Attempts = Claim.Attempts,
            NextAttemptAt = Claim.State.IsSettled ? null : Claim.NextAttemptAt,
            OverdueSince = Claim.MayStand ? Claim.OverdueSince : null,
            AllowedAnywayBy = Claim.RemovedAt is not null ? Claim.AllowedBy : Resource.AllowingAnyway(ForeignRules, Claim.Address, Claim.Scopes)?.Rule.ToString(),
            ErrorCode = Claim.ErrorCode,
            ErrorMessage = Claim.ErrorMessage,
            ClosingSince = Claim.ClosingSince,
        };
    }

    private static string Words(Session session, IReadOnlyList<ResourceIp> claims, string? whomToAsk) => session.Status switch
    {
        SessionStatus.Pending => "Access is being opened.",
        SessionStatus.Active or SessionStatus.Partial when claims.Any(c => c.State is { Wanted: Wanted.Absent, IsOverdue: true }) =>
            "Access goes on, but a rule of it that should be gone could not be removed yet. It is tried until it is gone, and administrators are alerted.",
        SessionStatus.Active when claims.Any(c => c.State is { Wanted: Wanted.Absent, IsLeaving: true }) => "Access is open on every Resource that is still due, and is being closed on another.",
        SessionStatus.Active when claims.Any(c => c.State.Wanted == Wanted.Absent) => "Access is open on every Resource that is still due; on the others it ended before.",
        SessionStatus.Active => "Access is open on all Resources.",
        SessionStatus.Partial => "Access is open on some Resources; the others say why not. You can use, extend or stop it.",
        SessionStatus.Failed =>
            $"No access was granted. Ask an administrator of your organization{(whomToAsk is null ? "" : $", {whomToAsk}")}; the Resource IPs say what went wrong.",
        SessionStatus.Expiring when claims.Any(c => c.State.IsOverdue) =>
            "Access was to end, but a rule could not be removed yet. It is tried until it is gone, and administrators are alerted.",
        SessionStatus.Expiring => "Access is being closed.",
        SessionStatus.Expired => $"Its time was up. Every rule it alone needed was seen gone.{Afterwards(claims)}",
        SessionStatus.Cancelled => $"It was ended early. Every rule it alone needed was seen gone.{Afterwards(claims)}",
    };

    // What a user would take for a lie of ours if it were not said.
    private static string Afterwards(IReadOnlyList<ResourceIp> claims)
    {
        var again = claims.Any(c => c.State.IsLeaving) ? " One of them was found at the provider again, and is being taken off." : "";
        return claims.FirstOrDefault(c => c.AllowedBy is not null) is { } still ? $"{again} {still.Address} is still allowed by a rule that is not ours: {still.AllowedBy}." : again;
    }
}
