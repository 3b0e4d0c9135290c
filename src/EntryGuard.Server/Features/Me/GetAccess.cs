using EntryGuard.Contracts;
using EntryGuard.Domain.Access;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.Me;

/// <summary><c>GET /me/access</c>: as a start would decide, without starting.</summary>
public static class GetAccess
{
    private const int MostAdministrators = 5;

    public static async Task<Ok<AccessResponse>> Handle(EntryGuardDb db, Caller caller, DatabaseClock clock, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(db);
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(clock);
        var now = clock.Now;
        await using var read = await db.BeginReadAsync(ct);
        var organization = await db.Organizations.AsNoTracking().SingleAsync(ct);
        var whyNobody = Freeze.WhyNobody(organization.FrozenAt, await db.Users.Where(u => u.Id == caller.UserId).Select(u => u.FrozenAt).SingleAsync(ct));
        var administrators = await db.Users.Where(u => u.Authority == Authority.Admin && u.Kind == UserKind.Person && u.IsActive && u.DeletedAt == null)
            .OrderBy(u => u.Id).Select(u => u.Name ?? u.Email).Take(MostAdministrators).ToListAsync(ct);
        var reachable = await Entitlements.ReachAsync(db, caller.UserId, ct);
        var reasoned = reachable.SelectMany(r => r.Ways).Distinct().ToDictionary(w => w, w => w.Reasoned());
        var request = new AccessRequest(caller.Address.IpVersion == 0 ? null : caller.Address, null, caller.MfaAt, now, now, now);
        return TypedResults.Ok(new AccessResponse
        {
            IpAddress = caller.Address.ToString(),
            MaxSessionMinutes = (int)organization.MaxSession.TotalMinutes,
            WhyNot = whyNobody,
            Administrators = administrators,
            Resources =
            [
                .. reachable.Where(r => caller.Reaches(r.Resource.ResourceId)).OrderBy(r => r.Resource.ResourceName, StringComparer.OrdinalIgnoreCase)
                    .Select(r => Show(r, reasoned, request, organization.MaxSession, whyNobody is not null)),
            ],
        });
    }

    // A reason can still be given: so each way is judged as if one had been as well.
    private static AccessibleResource Show(Reachable reachable, Dictionary<Way, Way> reasoned, AccessRequest request, TimeSpan longest, bool isFrozen)
    {
        var resource = reachable.Resource;
        var ways = reachable.Ways.OrderBy(w => w.Grant).ThenBy(w => w.Role?.Name, StringComparer.Ordinal).ToList();
        var plain = Entitlements.Best(ways, request, longest);
        var given = Entitlements.Best(ways.Select(w => reasoned[w]), request, longest);
        var better = given is { } g && (plain is not { } p || p.Verdict.Until < g.Verdict.Until) ? given : null;
        var best = better ?? plain;
        var whyNot = !resource.IsUsable ? "is switched off, or has no credential; ask an administrator"
            : Freeze.WhyNot(resource.FrozenAt) ?? (best is null ? string.Join("; ", ways.Select(w => reasoned[w].Judge(request, longest).WhyNot).OfType<string>().Distinct()) : null);
        var can = whyNot is null && !isFrozen;
        var needsSecondFactor = best is null && resource is { IsUsable: true, FrozenAt: null } && !isFrozen
            && ways.Exists(w => reasoned[w].Judge(request, longest).Lack == AccessLack.Mfa);
        return new AccessibleResource
        {
            ResourceId = resource.ResourceId.Value,
            ResourceName = resource.ResourceName,
            Provider = resource.Provider,
            ResourceType = resource.ResourceType,
            ResourceIdentifier = resource.Identifier,
            Health = Names.Wire(resource.Health),
            CanOpen = can,
            LatestEnd = can ? best!.Value.Verdict.Until : null,
            MaxMinutes = can ? (int)(best!.Value.Verdict.Until - request.Now).TotalMinutes : null,
            LimitedBy = can ? best!.Value.Verdict.LimitedBy : null,
            NeedsReason = can && better is not null,
            ReasonPattern = can && better is not null ? ways.Single(w => w.Role is not null && w.Role.Id == better.Value.Way.Role?.Id).Role!.ReasonPattern : null,
            WhyNot = whyNot,
            NeedsSecondFactor = needsSecondFactor,
            Ways =
            [
                .. ways.Select(w => (Way: w, Verdict: reasoned[w].Judge(request, longest))).Select(w => new AccessWay
                {
                    Grant = Names.Wire(w.Way.Grant),
                    RoleId = w.Way.Role?.Id.Value,
                    RoleName = w.Way.Role?.Name,
                    LatestEnd = w.Verdict.IsGranted ? w.Verdict.Until : null,
                    WhyNot = w.Verdict.WhyNot,
                }),
            ],
        };
    }
}
