using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.Sessions;

/// <summary>Who may reach what. Being an admin opens nothing by itself: an admin may name any Resource, and the grant says so.</summary>
public static class Reach
{
    /// <summary>
    /// Share-locks what a start rests on: organization, user, roles, credentials, Resources, in this order (E18). Whoever takes one of them
    /// away locks its row first, so either the start sees it, or it sees the claims. SQLite has one writer and needs no lock.
    /// </summary>
    public static async Task LockForStartAsync(EntryGuardDb db, Caller caller, IReadOnlyList<ResourceId>? named, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(db);
        ArgumentNullException.ThrowIfNull(caller);
        if (!db.IsShared)
            return;
        await db.ShareAsync(caller.Organization, ct);
        await db.ShareWithRolesAsync(caller.UserId, ct);
        await db.ShareAsync(named ?? await Entitlements.Of(db, caller.UserId).Select(r => r.ResourceId).Distinct().ToListAsync(ct), ct);
    }

    /// <summary>The Resources of a start with the ways that lead the caller to each, or why there are none.</summary>
    public static async Task<(IReadOnlyList<(Resource Resource, IReadOnlyList<Way> Ways)> Reachable, Refusal? Refusal)> ForStartAsync(
        EntryGuardDb db, Caller caller, IReadOnlyList<ResourceId>? named, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(db);
        ArgumentNullException.ThrowIfNull(caller);
        if (await WhyNobodyAsync(db, caller, ct) is { } no)
            return ([], no);

        var ways = (await Entitlements.ReachAsync(db, caller.UserId, ct)).ToDictionary(r => r.Resource, r => r.Ways);
        var ids = (named ?? ways.Keys.AsEnumerable()).Where(caller.Reaches).ToList();
        var found = await db.Resources.Include(r => r.Credential).Where(r => ids.Contains(r.Id) && r.DeletedAt == null).OrderBy(r => r.Id).ToListAsync(ct);
        found.RemoveAll(r => !ways.ContainsKey(r.Id) && !caller.IsOrgAdmin);
        if (named is null)
            return ([.. found.Where(IsUsable).Select(r => (r, ways[r.Id]))], null);

        return WhyNot(named, found) is { } refusal ? ([], refusal)
            : ([.. found.Select(r => (r, ways.GetValueOrDefault(r.Id) ?? [new Way(Grant.Admin, null)]))], null);
    }

    /// <summary>Switched on, and with a credential if it ever had one.</summary>
    public static bool IsUsable(Resource resource) => resource.IsActive && resource.Credential?.DeletedAt is null;

    private static async Task<Refusal?> WhyNobodyAsync(EntryGuardDb db, Caller caller, CancellationToken ct)
    {
        var user = await db.Users.AsNoTracking().SingleOrDefaultAsync(u => u.Id == caller.UserId && u.DeletedAt == null, ct);
        var organization = await db.Organizations.AsNoTracking().SingleAsync(ct);
        if (user is not { IsActive: true } || !organization.IsActive)
            return new Refusal(ErrorCodes.Forbidden, RefusalKind.Forbidden, "The user or the organization is deactivated.");
        if (caller.Key is { } key && !await db.ApiKeys.AnyAsync(k => k.Id == key.Id && k.RevokedAt == null, ct))
            return new Refusal(ErrorCodes.Forbidden, RefusalKind.Forbidden, "The API key was revoked at this moment.");
        return Freeze.WhyNobody(organization.FrozenAt, user.FrozenAt) is { } frozen ? Frozen(frozen) : null;
    }

    private static Refusal? WhyNot(IReadOnlyList<ResourceId> named, List<Resource> found)
    {
        var missing = named.Except(found.Select(r => r.Id)).ToList();
        if (missing.Count > 0)
            return new Refusal(ErrorCodes.ResourceNotFound, RefusalKind.NotFound,
                $"No Resource within your reach has the id {string.Join(", ", missing.Select(id => id.Value))}.")
            {
                Errors = new Dictionary<string, string> { ["resourceIds"] = "names a Resource that does not exist or is not within your reach" },
            };
        if (found.Find(r => !r.IsActive) is { } off)
            return new Refusal(ErrorCodes.ResourceInactive, RefusalKind.Invalid, $"The Resource {off.Name} is switched off; leave it out, or ask an administrator.");
        if (found.Find(r => !IsUsable(r)) is { } bare)
            return new Refusal(ErrorCodes.ResourceInactive, RefusalKind.Invalid, $"The credential of the Resource {bare.Name} was deleted; leave it out, or ask an administrator to give it another one.");
        return found.Find(r => r.FrozenAt is not null) is { } frozen
            ? Frozen($"The Resource {frozen.Name} {Freeze.WhyNot(frozen.FrozenAt)}. Leave it out.") : null;
    }

    private static Refusal Frozen(string message) => new(ErrorCodes.Frozen, RefusalKind.Forbidden, message);
}
