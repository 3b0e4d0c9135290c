using System.Linq.Expressions;
using System.Security.Cryptography;
using System.Text;
using EntryGuard.Contracts;
using EntryGuard.Domain.Sessions;
using EntryGuard.Server.Data;

namespace EntryGuard.Server.Features.StaticRules;

/// <summary>How a static rule is shown.</summary>
public static class StaticRuleView
{
    /// <summary>In SQL; finish with <see cref="Row.ToResponse"/>.</summary>
    public static Expression<Func<Session, Row>> Projection(EntryGuardDb db) => s => new Row
    {
        Rule = s,
        OwnerEmail = db.Users.Where(u => u.Id == s.AnswersFor).Select(u => u.Email).First(),
        Claims = s.ResourceIps
            .Where(c => c.EndReason == null || (c.EndReason != EndReason.Superseded && c.EndReason != EndReason.Manual) || c.DueAt != null)
            .OrderBy(c => c.Id).Select(c => new ClaimRow { Claim = c, ResourceName = c.Resource!.Name, IsDeleted = c.Resource.DeletedAt != null }).ToList(),
    };

    /// <summary>Stands for what an admin decided about the rule, not for what the engine made of it: the same decisions have the same ETag.</summary>
    public static string ETag(Session rule, IEnumerable<ResourceIp> claims)
    {
        ArgumentNullException.ThrowIfNull(rule);
        var named = claims.Where(c => c.IsNamed).Select(c => c.ResourceId.Value).Order();
        var text = $"{rule.Label}\n{rule.Address}\n{rule.ExpiresAt.UtcTicks}\n{rule.ReviewAt?.UtcTicks}\n{rule.AnswersFor?.Value}\n{string.Join(' ', named)}";
        return $"\"{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 16))}\"";
    }

    /// <summary>What the database gives.</summary>
    public sealed class Row
    {
        public required Session Rule { get; init; }
        public required string OwnerEmail { get; init; }

        /// <summary>Those it has now, or is still losing.</summary>
        public required List<ClaimRow> Claims { get; init; }

        public string ETag => StaticRuleView.ETag(Rule, Claims.Select(c => c.Claim));

        public StaticRuleResponse ToResponse(IReadOnlyList<NotOpened>? notOpened = null) => new()
        {
            Id = Rule.Id.Value,
            Label = Rule.Label!,
            IpAddress = Rule.Address.ToString(),
            Status = Names.Wire(Rule.Status),
            StatusMessage = Words(Rule, Claims),
            CreatedByEmail = Rule.CreatedByEmail!,
            CreatedAt = Rule.StartedAt,
            OwnerUserId = Rule.AnswersFor!.Value.Value,
            OwnerEmail = OwnerEmail,
            ExpiresAt = Rule.ExpiresAt < Session.Never ? Rule.ExpiresAt : null,
            ReviewAt = Rule.ReviewAt,
            EndingAt = Rule.EndingAt,
            EndedAt = Rule.EndedAt,
            EndedReason = Rule.EndReason is { } reason ? Names.Wire(reason) : null,
            OpenRules = Claims.Count(c => c.Claim.State.IsLeaving),
            OverdueSince = Claims.Where(c => c.Claim.MayStand).Min(c => c.Claim.OverdueSince),
            Resources = [.. Claims.Where(c => !c.IsDeleted || !c.Claim.State.IsSettled || Rule.EndedAt is not null).Select(c => c.ToResponse())],
            NotOpened = notOpened,
        };
    }

    /// <summary>One claim of it.</summary>
    public sealed class ClaimRow
    {
        public required ResourceIp Claim { get; init; }
        public required string ResourceName { get; init; }
        public required bool IsDeleted { get; init; }

        public StaticRuleResource ToResponse() => new()
        {
            ResourceIpId = Claim.Id.Value,
            ResourceId = Claim.ResourceId.Value,
            ResourceName = ResourceName,
            IpAddress = Claim.Address.ToString(),
            Status = Names.Wire(Claim.Status),
            AppliedAt = Claim.AppliedAt,
            OverdueSince = Claim.MayStand ? Claim.OverdueSince : null,
            ErrorCode = Claim.ErrorCode,
            ErrorMessage = Claim.ErrorMessage,
        };
    }

    private static string Words(Session rule, List<ClaimRow> claims) => rule.Status switch
    {
        SessionStatus.Pending => "It is being opened.",
        SessionStatus.Active => "It is open on all its Resources.",
        SessionStatus.Partial => "It is open on some of its Resources; the others say why not. Retry them, or change the rule.",
        SessionStatus.Failed when claims.Exists(c => c.Claim.State.IsLeaving) => "It opens nothing any more, and what it opened is being closed.",
        SessionStatus.Failed => "It opens nothing. Its Resources say why; retry them, change the rule, or delete it.",
        SessionStatus.Expiring when claims.Exists(c => c.Claim.State.IsOverdue) =>
            "It was to end, but a rule could not be removed yet. It is tried until it is gone, and administrators are alerted.",
        SessionStatus.Expiring => "It is being closed.",
        SessionStatus.Expired => "Its time was up. Every rule it alone needed was seen gone.",
        SessionStatus.Cancelled => "It was deleted. Every rule it alone needed was seen gone.",
    };
}
