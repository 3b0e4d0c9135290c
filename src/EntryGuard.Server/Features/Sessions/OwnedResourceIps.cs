using System.Linq.Expressions;
using EntryGuard.Contracts;
using EntryGuard.Server.Data;

namespace EntryGuard.Server.Features.Sessions;

/// <summary>How Resource IPs are shown where they are listed by themselves, with whose they are.</summary>
public static class OwnedResourceIps
{
    /// <summary>In SQL; finish with <see cref="Row.ToResponse"/>.</summary>
    public static Expression<Func<ResourceIp, Row>> Projection => c => new Row
    {
        Shown = new SessionView.ClaimRow { Claim = c, ResourceName = c.Resource!.Name, ForeignRules = c.Resource.ForeignRules },
        Kind = c.Session!.Kind,
        Label = c.Session.Label,
        UserId = c.Session.UserId,
        UserName = c.Session.User!.Name,
        UserEmail = c.Session.User.Email,
    };

    /// <summary>Since when it should be gone, the oldest first. No row moves towards the front while it waits, so that none is missed between two pages.</summary>
    public static IOrderedQueryable<ResourceIp> OldestFirst(this IQueryable<ResourceIp> failing) =>
        failing.OrderBy(c => c.EndingAt ?? c.FirstAttemptAt ?? c.CreatedAt).ThenBy(c => c.Id);

    /// <summary>What the database gives.</summary>
    public sealed class Row
    {
        public required SessionView.ClaimRow Shown { get; init; }
        public required OwnerKind Kind { get; init; }
        public required string? Label { get; init; }
        public required Domain.UserId? UserId { get; init; }
        public required string? UserName { get; init; }
        public required string? UserEmail { get; init; }

        public ResourceIpResponse ToResponse() => Shown.ToResponse() with
        {
            Owner = new ResourceIpOwner
            {
                Kind = Names.Wire(Kind),
                SessionId = Kind == OwnerKind.Session ? Shown.Claim.SessionId.Value : null,
                UserId = UserId?.Value,
                UserName = UserName,
                UserEmail = UserEmail,
                StaticRuleId = Kind == OwnerKind.StaticRule ? Shown.Claim.SessionId.Value : null,
                StaticRuleLabel = Label,
            },
        };
    }
}
