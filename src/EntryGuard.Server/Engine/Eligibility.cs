using EntryGuard.Domain;
using EntryGuard.Domain.Sessions;
using EntryGuard.Server.Data;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Engine;

/// <summary>
/// Whether claims still rest on something: organization, user, API key, Resource and credential in use, and the grant they name (a static rule: no user). Asked when a claim is marked
/// APPLYING, when it would share a rule, at retry, and by the sweep (E18). Whoever takes a grant away has re-based what another covers, see <see cref="Entitlements"/>.
/// </summary>
public static class Eligibility
{
    /// <summary>Of these claims, the ones that nothing entitles any more.</summary>
    public static async Task<HashSet<ResourceIpId>> LostAsync(EntryGuardDb db, IReadOnlyCollection<ResourceIpId> claims, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(db);
        if (claims.Count == 0)
            return [];
        var eligible = await Eligible(db, db.ResourceIps.Where(c => claims.Contains(c.Id))).Select(c => c.Id).ToListAsync(ct);
        return [.. claims.Except(eligible)];
    }

    /// <summary>Wanted claims of any session that nothing entitles any more.</summary>
    public static IQueryable<ResourceIp> Lost(EntryGuardDb db)
    {
        ArgumentNullException.ThrowIfNull(db);
        var wanted = db.ResourceIps.Where(c => c.Wanted == Wanted.Present && c.DueAt != null);
        return wanted.Where(c => !Eligible(db, db.ResourceIps).Any(e => e.Id == c.Id));
    }

    private static IQueryable<ResourceIp> Eligible(EntryGuardDb db, IQueryable<ResourceIp> claims) =>
        from claim in claims
        join session in db.Sessions on claim.SessionId equals session.Id
        join organization in db.Organizations on claim.OrganizationId equals organization.Id
        join resource in db.Resources on claim.ResourceId equals resource.Id
        where organization.IsActive && resource.IsActive && resource.DeletedAt == null
            && (resource.CredentialId == null || resource.Credential!.DeletedAt == null)
            && (claim.Grant == Grant.Static
                || (db.Users.Any(u => u.Id == session.UserId && u.IsActive && (claim.Grant != Grant.Admin || u.Authority == Authority.Admin))
                    && (session.ApiKeyId == null || db.ApiKeys.Any(k => k.Id == session.ApiKeyId && k.RevokedAt == null))
                    && (claim.Grant != Grant.Direct || db.UserResources.Any(g => g.UserId == session.UserId && g.ResourceId == resource.Id))
                    && (claim.Grant != Grant.Role || (db.RoleUsers.Any(g => g.RoleId == claim.RoleId && g.UserId == session.UserId)
                        && db.RoleResources.Any(g => g.RoleId == claim.RoleId && g.ResourceId == resource.Id)))))
        select claim;
}
