using EntryGuard.Contracts;

namespace EntryGuard.Server.Web.Parts;

/// <summary>A Resource IP as far as something can be done about it, whatever it belongs to.</summary>
/// <param name="OwnerId">Whose session it is of; null: only administrators do something about it.</param>
/// <param name="Error">What went wrong last; null: nothing.</param>
/// <param name="IsOverdue">Its closing is.</param>
/// <param name="CanRetry">Another try would do something: a closing at once, an opening that was given up once more.</param>
public sealed record ClaimAtHand(Guid Id, Guid? OwnerId, string ResourceName, string IpAddress, string? Error, bool IsOverdue, bool CanRetry)
{
    internal static ClaimAtHand Of(ResourceIpResponse claim, SessionResponse session) => new(
        claim.Id, session.UserId, claim.ResourceName, claim.IpAddress, claim.ErrorMessage, claim.OverdueSince is not null,
        claim.OverdueSince is not null || (claim.Status == "REMOVING" && claim.ErrorCode is not null) || (claim.Status == "FAILED" && session.CanExtend()));

    /// <summary>A closing that fails, with its owner: another try would do something whoever's it is.</summary>
    internal static ClaimAtHand OfFailing(ResourceIpResponse claim) => new(
        claim.Id, claim.Owner?.UserId, claim.ResourceName, claim.IpAddress, claim.ErrorMessage, claim.OverdueSince is not null, true);

    /// <summary>While the rule is wanted, what failed or was closed by hand can be opened again as well.</summary>
    internal static ClaimAtHand Of(StaticRuleResource claim, StaticRuleResponse rule) => new(
        claim.ResourceIpId, null, claim.ResourceName, claim.IpAddress, claim.ErrorMessage, claim.OverdueSince is not null,
        claim.OverdueSince is not null || (claim.Status == "REMOVING" && claim.ErrorCode is not null) || (claim.Status is "FAILED" or "REMOVED" && rule.EndingAt is null && rule.EndedAt is null));
}
