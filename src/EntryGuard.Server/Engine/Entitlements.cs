using EntryGuard.Domain;
using EntryGuard.Domain.Access;
using EntryGuard.Domain.Sessions;
using EntryGuard.Server.Data;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Engine;

/// <summary>
/// What entitles users to Resources. Every change of access goes through <see cref="ReviewAsync"/> in its own transaction: a claim that
/// lost its grant rests on another that covers it from then on, ends earlier if that is stricter, and ends at once if there is none (E05).
/// </summary>
public static class Entitlements
{
    /// <summary>Everything a user may reach, a row per Resource and way: one query, whatever the number of roles. Being an admin is no way by itself.</summary>
    public static IQueryable<ReachRow> Of(EntryGuardDb db, UserId user)
    {
        ArgumentNullException.ThrowIfNull(db);

        // A union wants columns of one type on both sides, and a bare null has none: so the assignment joins the role that nobody has.
        var direct = from grant in db.UserResources
                     join no in db.RoleResources.Where(none => none.RoleId == default) on grant.ResourceId equals no.ResourceId into none
                     from role in none.DefaultIfEmpty()
                     where grant.UserId == user
                     select new { grant.ResourceId, RoleId = (RoleId?)role.RoleId };
        var byRole = from held in db.RoleUsers
                     join has in db.RoleResources on held.RoleId equals has.RoleId
                     where held.UserId == user
                     select new { has.ResourceId, RoleId = (RoleId?)has.RoleId };
        return from grant in direct.Concat(byRole)
               join resource in db.Resources on grant.ResourceId equals resource.Id
               join held in db.Roles on grant.RoleId equals (RoleId?)held.Id into roles
               from role in roles.DefaultIfEmpty()
               where resource.DeletedAt == null
               select new ReachRow
               {
                   ResourceId = resource.Id,
                   Role = role,
               };
    }

    /// <summary>The same, by Resource, in one query.</summary>
    public static async Task<IReadOnlyList<Reachable>> ReachAsync(EntryGuardDb db, UserId user, CancellationToken ct)
    {
        var (direct, roles) = (new Way(Grant.Direct, null), new Dictionary<RoleId, Way>());
        var found = new Dictionary<ResourceId, List<Way>>();
        await foreach (var row in Of(db, user).AsNoTrackingWithIdentityResolution().AsAsyncEnumerable().WithCancellation(ct))
        {
            var way = direct;
            if (row.Role is { } role && !roles.TryGetValue(role.Id, out way))
                roles[role.Id] = way = new Way(Grant.Role, role);
            if (!found.TryGetValue(row.ResourceId, out var there))
                found[row.ResourceId] = there = [];
            there.Add(way!);
        }

        return [.. found.Select(f => new Reachable(f.Key, f.Value))];
    }

    /// <summary>The way that lets it be open the longest; of equals a direct assignment, then the role by name. Null: none does.</summary>
    public static (Way Way, Verdict Verdict)? Best(IEnumerable<Way> ways, AccessRequest request, TimeSpan longest)
    {
        ArgumentNullException.ThrowIfNull(ways);
        ArgumentNullException.ThrowIfNull(request);
        return ways.Select(w => (Way: w, Verdict: w.Judge(request, longest))).Where(w => w.Verdict.IsGranted && w.Verdict.Until > request.Now)
            .OrderByDescending(w => w.Verdict.Until).ThenBy(w => w.Way.Grant).ThenBy(w => w.Way.Role?.Name, StringComparer.Ordinal)
            .Select(w => ((Way, Verdict)?)w).FirstOrDefault();
    }

    /// <summary>What a session's claim asks for, as of its start.</summary>
    public static AccessRequest RequestOf(Session session, ResourceIp claim, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(session);
        ArgumentNullException.ThrowIfNull(claim);
        return new AccessRequest(claim.Address, session.Reason, session.MfaAt, session.StartedAt, session.StartedAt, now);
    }

    /// <summary>
    /// Looks at every wanted claim of the locked sessions again, by what entitles their users after the change that is being made. Call inside
    /// that transaction, when the change is saved and the owners are locked.
    /// </summary>
    public static async Task ReviewAsync(EntryGuardDb db, SessionWrite write, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(write);
        var sessions = write.Sessions.Values.Where(s => s is { Kind: OwnerKind.Session, UserId: not null } && s.IsRunning).ToList();
        if (sessions.Count == 0)
            return;
        var ways = await WaysAsync(db, sessions, ct);
        var organizations = sessions.Select(s => s.OrganizationId).Distinct().ToList();
        var longest = await db.Organizations.Where(o => organizations.Contains(o.Id)).ToDictionaryAsync(o => o.Id, o => o.MaxSession, ct);
        foreach (var session in sessions)
        {
            var changed = new List<object>();
            foreach (var claim in session.ResourceIps.Where(c => c.Wanted == Wanted.Present).ToList())
            {
                var open = ways(session.UserId!.Value, claim.ResourceId, claim.Grant == Grant.Admin);
                if (Review(write, claim, open, RequestOf(session, claim, write.Now), longest[session.OrganizationId]) is { } what)
                    changed.Add(what);
            }

            if (changed.Count > 0)
                write.Audit(session, "SESSION_ACCESS_CHANGE", new { resourceIps = changed });
        }
    }

    // Null: all stays as it was, or it ended, which is told of as such.
    private static object? Review(SessionWrite write, ResourceIp claim, IReadOnlyList<Way> ways, AccessRequest request, TimeSpan longest)
    {
        var own = ways.FirstOrDefault(w => w.Grant == claim.Grant && w.Role?.Id == claim.RoleId);
        var verdict = own?.Judge(request, longest);
        var best = verdict is { IsGranted: true } && verdict.Until >= claim.EndsAt ? (own!, verdict) : Best(ways, request, longest);
        if (best is not var (way, granted))
        {
            write.End(claim, EndReason.AccessRevoked);
            return null;
        }

        var stays = ReferenceEquals(way, own);
        if (stays && granted.Until >= claim.CapAt)
            return null;   // what is longer now is so for whoever extends or starts
        var (from, to) = (claim.EndsAt, granted.Until < claim.EndsAt ? granted.Until : claim.EndsAt);
        write.Rebase(claim, way.Grant, way.Role?.Id, granted.Until, granted.LimitedBy);
        return stays && to == from ? null : new { resourceIpId = claim.Id.Value, grant = Names.Wire(way.Grant), role = way.Role?.Name, endsAt = new { from, to }, limitedBy = granted.LimitedBy };
    }

    /// <summary>The ways of the users of these sessions to what they want, now. The last argument: the user is an admin who named it.</summary>
    public static async Task<Func<UserId, ResourceId, bool, IReadOnlyList<Way>>> WaysAsync(EntryGuardDb db, IReadOnlyList<Session> sessions, CancellationToken ct)
    {
        var users = sessions.Select(s => s.UserId!.Value).Distinct().ToList();
        var resources = sessions.SelectMany(s => s.ResourceIps).Where(c => c.Wanted == Wanted.Present).Select(c => c.ResourceId).Distinct().ToList();
        var direct = (await db.UserResources.Where(g => users.Contains(g.UserId) && resources.Contains(g.ResourceId)).Select(g => new { g.UserId, g.ResourceId }).ToListAsync(ct))
            .Select(g => (g.UserId, g.ResourceId)).ToHashSet();
        var held = (await db.RoleUsers.Where(g => users.Contains(g.UserId)).Select(g => new { g.UserId, g.RoleId }).ToListAsync(ct)).ToLookup(g => g.UserId, g => g.RoleId);
        var having = (await db.RoleResources.Where(g => resources.Contains(g.ResourceId)).Select(g => new { g.ResourceId, g.RoleId }).ToListAsync(ct))
            .ToLookup(g => g.ResourceId, g => g.RoleId);
        var roles = await db.Roles.AsNoTracking().Where(r => db.RoleUsers.Any(g => g.RoleId == r.Id && users.Contains(g.UserId)))
            .ToDictionaryAsync(r => r.Id, r => new Way(Grant.Role, r), ct);
        var admins = (await db.Users.Where(u => users.Contains(u.Id) && u.Authority == Authority.Admin).Select(u => u.Id).ToListAsync(ct)).ToHashSet();
        var (assigned, admin) = (new Way(Grant.Direct, null), new Way(Grant.Admin, null));
        return (user, resource, named) =>
        [
            .. direct.Contains((user, resource)) ? (Way[])[assigned] : [],
            .. held[user].Intersect(having[resource]).Where(roles.ContainsKey).Select(id => roles[id]),
            .. named && admins.Contains(user) ? (Way[])[admin] : [],
        ];
    }
}
