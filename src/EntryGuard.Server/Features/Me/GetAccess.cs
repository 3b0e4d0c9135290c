using EntryGuard.Contracts;
using EntryGuard.Domain;
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

    /// <param name="addressProof">Of <c>GET /detect-ip</c>: a start would take it, and open for that address as well.</param>
    public static async Task<Results<Ok<AccessResponse>, RefusalResult>> Handle(
        string? addressProof, EntryGuardDb db, Caller caller, ProviderSet providers, OverdueClosings closings, AddressProofs proofs, DatabaseClock clock, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(db);
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(closings);
        ArgumentNullException.ThrowIfNull(proofs);
        ArgumentNullException.ThrowIfNull(clock);
        var now = clock.Now;
        var proved = addressProof is null ? null : proofs.Read(addressProof);
        if (addressProof is not null && !(proved?.Until > now))
            return new RefusalResult(Refusal.Field("addressProof", AddressProofs.Worthless));
        var overdue = await closings.SinceAsync(caller.Organization, caller.UserId, null, ct);
        await using var read = await db.BeginReadAsync(ct);
        var organization = await db.Organizations.AsNoTracking().SingleAsync(ct);
        var whyNobody = Freeze.WhyNobody(organization.FrozenAt, await db.Users.Where(u => u.Id == caller.UserId).Select(u => u.FrozenAt).SingleAsync(ct));
        var administrators = await db.Users.Where(u => u.Authority == Authority.Admin && u.Kind == UserKind.Person && u.IsActive && u.DeletedAt == null)
            .OrderBy(u => u.Id).Select(u => u.Name ?? u.Email).Take(MostAdministrators).ToListAsync(ct);
        var reachable = await Entitlements.ReachAsync(db, caller.UserId, ct);
        var ways = reachable.Where(r => caller.Reaches(r.Resource)).ToDictionary(r => r.Resource, r => r.Ways);
        var resources = await db.Resources.AsNoTracking().Include(r => r.Credential).Where(r => ways.Keys.Contains(r.Id)).ToListAsync(ct);
        var judge = new AccessJudge(
            providers, overdue, organization, whyNobody is not null,
            [.. caller.Observed(proved?.Address).Select(address => new AccessRequest(address.IpVersion == 0 ? null : address, null, caller.MfaAt, now, now, now))]);
        return TypedResults.Ok(new AccessResponse
        {
            IpAddress = caller.Address.ToString(),
            MaxSessionMinutes = (int)organization.MaxSession.TotalMinutes,
            WhyNot = whyNobody,
            Administrators = administrators,
            Resources = [.. resources.OrderBy(r => r.Name, StringComparer.OrdinalIgnoreCase).Select(r => judge.Of(r, ways[r.Id]))],
        });
    }
}
