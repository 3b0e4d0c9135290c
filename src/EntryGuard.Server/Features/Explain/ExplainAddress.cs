using System.Collections.Immutable;
using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Domain.Net;
using EntryGuard.Domain.Rules;
using EntryGuard.Domain.Sessions;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.Explain;

/// <summary>
/// <c>GET /explain</c>: claims, and what stands at the provider. An admin may ask about every Resource of the organization. A member may ask
/// about Resources assigned to them, or on which they have something open; about the address they come from or have open, unless they may
/// name others; and is shown the claims of their own sessions, the others as a number.
/// </summary>
public static class ExplainAddress
{
    private static Refusal NotFound { get; } = new(ErrorCodes.ResourceNotFound, RefusalKind.NotFound, "There is no such Resource within your reach.");

    public static async Task<Results<Ok<ExplainResponse>, RefusalResult>> Handle(
        Guid resource, string? address, EntryGuardDb db, Caller caller, Inspection inspection, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(inspection);
        var asked = caller.Address;
        if (address is not null && !Cidr.TryParse(address, out asked, out var fault))
            return new RefusalResult(Refusal.Field("address", fault));
        var (door, claims, refusal) = await ReadAsync(db, caller, new ResourceId(resource), asked, ct);
        if (door is null)
            return new RefusalResult(refusal!);
        var sight = await inspection.LookAsync(door.Id, asked, ct);   // after the read: no transaction is open while a provider is asked
        return TypedResults.Ok(Answer(door, asked, caller, claims, sight));
    }

    private static async Task<(Resource? Door, List<Held> Claims, Refusal? Refusal)> ReadAsync(
        EntryGuardDb db, Caller caller, ResourceId id, Cidr asked, CancellationToken ct)
    {
        await using var read = await db.BeginReadAsync(ct);
        var door = await db.Resources.AsNoTracking().SingleOrDefaultAsync(r => r.Id == id && r.DeletedAt == null
            && (caller.SeesAll || db.UserResources.Any(g => g.UserId == caller.UserId && g.ResourceId == id)
                || db.RoleUsers.Any(h => h.UserId == caller.UserId && db.RoleResources.Any(g => g.RoleId == h.RoleId && g.ResourceId == id))
                || db.ResourceIps.Any(c => c.ResourceId == id && c.DueAt != null && c.Session!.UserId == caller.UserId)), ct);
        if (door is null)
            return (null, [], NotFound);
        if (door.AllowListKey is not { } key)
            return (door, [], null);

        var open = db.ResourceIps.AsNoTracking().Where(c => c.AllowListKey == key && c.DueAt != null);
        var covering = (await open.Select(c => c.Address).Distinct().ToListAsync(ct)).Where(a => a.Contains(asked)).ToList();
        var claims = await open.Where(c => covering.Contains(c.Address)).OrderBy(c => c.Id)
            .Select(c => new Held(c, c.Resource!.Name, c.Session!.Kind, c.Session.UserId, c.Session.User == null ? c.Session.Label : c.Session.User.Email, c.Session.Status)).ToListAsync(ct);
        if (!caller.SeesAll && !caller.MayNameAddress && asked != caller.Address && !claims.Exists(c => c.User == caller.UserId))
            return (null, [], new Refusal(ErrorCodes.AddressNotPermitted, RefusalKind.Forbidden,
                $"You may only ask about the address you come from, {caller.Address}, and those you have open."));
        return (door, claims, null);
    }

    private static ExplainResponse Answer(Resource door, Cidr asked, Caller caller, List<Held> claims, Sight sight)
    {
        // Rules for other ports of the same allow-list do not open this door.
        ImmutableArray<Scope> scopes = [.. door.Scopes.Union(claims.SelectMany(c => c.Claim.Scopes))];
        var rules = sight.Snapshot?.Rules.Where(r => r.Rule.Address.Contains(asked) && scopes.Any(s => s.Overlaps(r.Rule.Scope))).ToList();
        bool? isOpen = rules is null ? null : rules.Count > 0 ? true : sight.Snapshot!.IsComplete ? false : null;
        var shown = claims.Where(c => caller.SeesAll || c.User == caller.UserId).ToList();
        var standing = rules?.Count(r => r.IsMarkedBy(sight.Installation) && r.Rule.Address == asked);
        return new ExplainResponse
        {
            ResourceId = door.Id.Value,
            ResourceName = door.Name,
            Address = asked.ToString(),
            Message = ExplainWords.Of(asked, isOpen, [.. claims.Select(c => c.Claim)], claims.Count - shown.Count, rules, sight),
            IsOpen = isOpen,
            Standing = standing,
            Claims = [.. shown.Select(c => c.ToResponse())],
            OtherOrganizations = sight.OtherOrganizations,
            Rules =
            [
                .. (rules ?? []).Select(r => new ExplainedRule
                {
                    Rule = r.Rule.Scope.ToString(),
                    Address = r.Rule.Address.ToString(),
                    IsOurs = r.IsMarkedBy(sight.Installation),
                    IsWider = r.Rule.Address != asked,
                    ProviderRuleId = r.Id,
                    Until = r.Until < Session.Never ? r.Until : null,
                }),
            ],
            ListedAt = sight.Snapshot?.AskedAt,
            ListError = sight.Fault?.Message,
            LastSeenAt = standing > 0 ? sight.Snapshot!.AskedAt : claims.Max(c => c.Claim.SeenAt),
        };
    }

    private sealed record Held(ResourceIp Claim, string ResourceName, OwnerKind Kind, UserId? User, string? OwnerName, SessionStatus SessionStatus)
    {
        public ExplainedClaim ToResponse() => new()
        {
            ResourceIpId = Claim.Id.Value,
            SessionId = Claim.SessionId.Value,
            OwnerKind = Names.Wire(Kind),
            OwnerName = OwnerName,
            ResourceName = ResourceName,
            IpAddress = Claim.Address.ToString(),
            Rules = [.. Claim.Scopes.Select(s => s.ToString())],
            Status = Names.Wire(Claim.Status),
            SessionStatus = Names.Wire(SessionStatus),
            IsLive = Claim.State.IsLive,
            Until = Claim.EndsAt < Session.Never ? Claim.EndsAt : null,
            OverdueSince = Claim.MayStand ? Claim.OverdueSince : null,
            LastSeenAt = Claim.SeenAt,
        };
    }
}
