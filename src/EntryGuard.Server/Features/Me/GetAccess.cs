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
    public static async Task<Ok<AccessResponse>> Handle(EntryGuardDb db, Caller caller, DatabaseClock clock, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(db);
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(clock);
        var now = clock.Now;
        await using var read = await db.BeginReadAsync(ct);
        var organization = await db.Organizations.AsNoTracking().SingleAsync(ct);
        var frozen = organization.FrozenAt ?? await db.Users.Where(u => u.Id == caller.UserId).Select(u => u.FrozenAt).SingleAsync(ct);
        var rows = await Entitlements.Of(db, caller.UserId).AsNoTracking().ToListAsync(ct);
        var request = new AccessRequest(caller.Address.IpVersion == 0 ? null : caller.Address, null, caller.MfaAt, now, now, now);
        return TypedResults.Ok(new AccessResponse
        {
            IpAddress = caller.Address.ToString(),
            MaxSessionMinutes = (int)organization.MaxSession.TotalMinutes,
            WhyNot = frozen is { } since ? $"No session can be started since {since:u}: an administrator froze {(organization.FrozenAt is null ? "your account" : "the organization")}." : null,
            Resources =
            [
                .. rows.Where(r => caller.Reaches(r.ResourceId)).GroupBy(r => r.ResourceId).OrderBy(g => g.First().ResourceName, StringComparer.OrdinalIgnoreCase)
                    .Select(g => Show([.. g], request, organization.MaxSession, frozen is not null)),
            ],
        });
    }

    private static AccessibleResource Show(IReadOnlyList<ReachRow> rows, AccessRequest request, TimeSpan longest, bool isFrozen)
    {
        var resource = rows[0];
        var ways = rows.Select(r => r.Way).OrderBy(w => w.Grant).ThenBy(w => w.Role?.Name, StringComparer.Ordinal).ToList();

        // A reason can still be given: so it is judged as if one had been.
        var plain = Entitlements.Best(ways, request, longest);
        var reasoned = Entitlements.Best(ways.Select(Reasoned), request, longest);
        var better = reasoned is { } r && (plain is not { } p || p.Verdict.Until < r.Verdict.Until) ? reasoned : null;
        var best = better ?? plain;
        var whyNot = !resource.IsUsable ? "is switched off, or has no credential; ask an administrator"
            : resource.FrozenAt is { } since ? $"cannot be opened since {since:u}: an administrator froze it"
            : best is null ? string.Join("; ", ways.Select(w => Reasoned(w).Judge(request, longest).WhyNot).OfType<string>().Distinct()) : null;
        var can = whyNot is null && !isFrozen;
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
            Ways =
            [
                .. ways.Select(w => (Way: w, Verdict: Reasoned(w).Judge(request, longest))).Select(w => new AccessWay
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

    private static Way Reasoned(Way way) => way.Role is { IsReasonRequired: true } role ? way with { Role = role.WithoutReason() } : way;
}
