using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Hosting;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.Sessions;

/// <summary>Who may reach what. Being an admin opens nothing by itself: an admin may name any Resource, and the grant says so.</summary>
public static class Reach
{
    /// <summary>
    /// Share-locks what a start rests on: organization, user, credentials, Resources, in this order (E18). Whoever deactivates one of them
    /// updates its row first, so either the start sees it, or it sees the claims. SQLite has one writer and needs no lock.
    /// </summary>
    public static async Task LockForStartAsync(EntryGuardDb db, Caller caller, IReadOnlyList<ResourceId>? named, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(db);
        ArgumentNullException.ThrowIfNull(caller);
        if (!db.IsShared)
            return;
        var (organization, user) = (caller.Organization.Value, caller.UserId.Value);
        await db.Database.ExecuteSqlAsync($"SELECT 1 FROM organizations WHERE id = {organization} FOR SHARE", ct);
        await db.Database.ExecuteSqlAsync($"SELECT 1 FROM users WHERE id = {user} FOR SHARE", ct);
        var resources = named is not null
            ? named.Select(id => id.Value).ToArray()
            : [.. (await db.UserResources.Where(g => g.UserId == caller.UserId).Select(g => g.ResourceId).ToListAsync(ct)).Select(id => id.Value)];
        await db.Database.ExecuteSqlAsync(
            $"SELECT 1 FROM credentials WHERE id IN (SELECT credential_id FROM resources WHERE id = ANY({resources})) ORDER BY id FOR SHARE", ct);
        await db.Database.ExecuteSqlAsync($"SELECT 1 FROM resources WHERE id = ANY({resources}) ORDER BY id FOR SHARE", ct);
    }

    /// <summary>The Resources of a start with what entitles the caller to each, or why there are none.</summary>
    public static async Task<(IReadOnlyList<(Resource Resource, Grant Grant)> Reachable, Refusal? Refusal)> ForStartAsync(
        EntryGuardDb db, Caller caller, IReadOnlyList<ResourceId>? named, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(db);
        ArgumentNullException.ThrowIfNull(caller);
        var user = await db.Users.AsNoTracking().SingleOrDefaultAsync(u => u.Id == caller.UserId, ct);
        if (user is not { IsActive: true } || !await db.Organizations.AnyAsync(o => o.Id == caller.Organization && o.IsActive, ct))
            return ([], new Refusal(ErrorCodes.Forbidden, RefusalKind.Forbidden, "The user or the organization is deactivated."));

        var assigned = db.UserResources.Where(g => g.UserId == caller.UserId).Select(g => g.ResourceId);
        if (named is null)
        {
            var own = await db.Resources
                .Where(r => assigned.Contains(r.Id) && r.IsActive && r.DeletedAt == null && (r.CredentialId == null || r.Credential!.DeletedAt == null))
                .OrderBy(r => r.Id).ToListAsync(ct);
            return ([.. own.Select(r => (r, Grant.Direct))], null);
        }

        var direct = (await assigned.ToListAsync(ct)).ToHashSet();
        var found = await db.Resources.Where(r => named.Contains(r.Id) && r.DeletedAt == null && (caller.IsOrgAdmin || assigned.Contains(r.Id)))
            .OrderBy(r => r.Id).ToListAsync(ct);
        var missing = named.Except(found.Select(r => r.Id)).ToList();
        if (missing.Count > 0)
            return ([], new Refusal(ErrorCodes.ResourceNotFound, RefusalKind.NotFound,
                $"No Resource within your reach has the id {string.Join(", ", missing.Select(id => id.Value))}.")
            {
                Errors = new Dictionary<string, string> { ["resourceIds"] = "names a Resource that does not exist or is not within your reach" },
            });
        if (found.Find(r => !r.IsActive) is { } off)
            return ([], new Refusal(ErrorCodes.ResourceInactive, RefusalKind.Invalid, $"The Resource {off.Name} is switched off; leave it out, or ask an administrator."));
        if (await db.Resources.Where(r => named.Contains(r.Id) && r.Credential!.DeletedAt != null).Select(r => r.Name).FirstOrDefaultAsync(ct) is { } bare)
            return ([], new Refusal(ErrorCodes.ResourceInactive, RefusalKind.Invalid, $"The credential of the Resource {bare} was deleted; leave it out, or ask an administrator to give it another one."));
        return ([.. found.Select(r => (r, direct.Contains(r.Id) ? Grant.Direct : Grant.Admin))], null);
    }
}
