using EntryGuard.Contracts;
using EntryGuard.Domain.Sessions;
using EntryGuard.Server.Data;
using EntryGuard.Server.Features.Sessions;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.Overview;

/// <summary>
/// <c>GET /overview</c>: what is open now, and what is wrong. All of it is of one moment, counted by the database, and from what is not over:
/// it costs the same however long the history is.
/// </summary>
public static class GetOverview
{
    private const int MostResources = 2000;
    private const int MostEvents = 20;   // of a category
    private const int MostClosings = 50;
    private const int MostFrozen = 50;

    public static async Task<Ok<OverviewResponse>> Handle(EntryGuardDb db, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(db);
        await using var read = await db.BeginSnapshotAsync(ct);
        var organization = await db.Organizations.AsNoTracking().Select(o => new { o.Name, o.Slug, o.FrozenAt, o.MaxSession }).SingleAsync(ct);
        var sessions = await Of(OpenSessions(db).GroupBy(s => s.Status).Select(g => new Count<SessionStatus>(g.Key, g.Count())), ct);
        var open = await Open(db).ToDictionaryAsync(r => r.Resource.Value, ct);
        var rules = await Rules(db).ToListAsync(ct);
        var events = db.HealthEvents.Where(e => e.ResolvedAt == null);
        var (failing, all) = (HealthLedger.Failing(db), db.Resources.Where(r => r.DeletedAt == null));
        var (users, doors) = (db.Users.Where(u => u.DeletedAt == null && u.FrozenAt != null), all.Where(r => r.FrozenAt != null));
        var resources = await all.OrderBy(r => r.Name).Take(MostResources).Select(ResourceRow.Projection).ToListAsync(ct);
        var closings = await failing.OldestFirst().AsNoTracking().Take(MostClosings).Select(OwnedResourceIps.Projection).ToListAsync(ct);
        var frozenUsers = await users.OrderByDescending(u => u.FrozenAt).Take(MostFrozen)
            .Select(u => new FrozenResponse { UserId = u.Id.Value, Name = u.Email, FrozenAt = u.FrozenAt!.Value }).ToListAsync(ct);
        var frozenDoors = await doors.OrderByDescending(r => r.FrozenAt).Take(MostFrozen)
            .Select(r => new FrozenResponse { ResourceId = r.Id.Value, Name = r.Name, FrozenAt = r.FrozenAt!.Value }).ToListAsync(ct);
        return TypedResults.Ok(new OverviewResponse
        {
            OrganizationName = organization.Name,
            OrganizationSlug = organization.Slug,
            FrozenAt = organization.FrozenAt,
            MaxSessionMinutes = (int)organization.MaxSession.TotalMinutes,
            Sessions = sessions,
            AddressesLetIn = open.Values.Sum(r => r.Addresses),
            AddressesInDoubt = open.Values.Sum(r => r.InDoubt),
            StaticRulesOpen = rules.Where(r => r.LetsIn).ToDictionary(r => Names.Wire(r.Status), r => r.Rules),
            StaticRulesShut = rules.Where(r => !r.LetsIn).ToDictionary(r => Names.Wire(r.Status), r => r.Rules),
            Resources = resources.ConvertAll(r => r.ToResponse(open.GetValueOrDefault(r.Id.Value))),
            ResourceCount = await CountAsync(all, resources.Count, MostResources, ct),
            HealthEvents = (await events.Select(e => e.Category).Distinct()
                .SelectMany(c => events.Where(e => e.Category == c).OrderByDescending(e => e.Id).Take(MostEvents)).OrderByDescending(e => e.Id).AsNoTracking()
                .Select(HealthEventView.Projection).ToListAsync(ct)).ConvertAll(e => e.ToResponse()),
            HealthEventCounts = await Of(events.GroupBy(e => e.Category).Select(g => new Count<HealthCategory>(g.Key, g.Count())), ct),
            FailingClosings = closings.ConvertAll(c => c.ToResponse()),
            FailingClosingCount = await CountAsync(failing, closings.Count, MostClosings, ct),
            Frozen = [.. frozenUsers.Concat(frozenDoors).OrderByDescending(f => f.FrozenAt).ThenBy(f => f.Name, StringComparer.Ordinal).Take(MostFrozen)],
            FrozenCount = await CountAsync(users, frozenUsers.Count, MostFrozen, ct) + await CountAsync(doors, frozenDoors.Count, MostFrozen, ct),
        });
    }

    /// <summary>Sessions that are not over.</summary>
    internal static IQueryable<Session> OpenSessions(EntryGuardDb db) => db.UserSessions.Where(s => s.EndedAt == null);

    /// <summary>What is let in now, by Resource, and what may be.</summary>
    internal static IQueryable<LetIn> Open(EntryGuardDb db) => db.ResourceIps.Where(c => c.DueAt != null && c.MayStand).GroupBy(c => c.ResourceId)
        .Select(g => new LetIn(
            g.Key,
            g.Where(c => c.Status == ResourceIpStatus.Applied).Select(c => c.Address).Distinct().Count(),
            g.Select(c => c.Address).Distinct().Count() - g.Where(c => c.Status == ResourceIpStatus.Applied).Select(c => c.Address).Distinct().Count(),
            g.Where(c => c.Status == ResourceIpStatus.Applied && c.Grant != Grant.Static).Select(c => c.SessionId).Distinct().Count()));

    /// <summary>Static rules that are not over, by status and by whether they let somebody in.</summary>
    internal static IQueryable<RuleCount> Rules(EntryGuardDb db) => db.StaticRules.Where(s => s.EndedAt == null)
        .Select(s => new { s.Status, LetsIn = s.ResourceIps.Any(c => c.DueAt != null && c.Status == ResourceIpStatus.Applied) })
        .GroupBy(s => s).Select(g => new RuleCount(g.Key.Status, g.Key.LetsIn, g.Count()));

    // Where fewer came than were asked for, these are all.
    private static async Task<int> CountAsync<T>(IQueryable<T> all, int shown, int most, CancellationToken ct) => shown < most ? shown : await all.CountAsync(ct);

    private static async Task<IReadOnlyDictionary<string, int>> Of<T>(IQueryable<Count<T>> counts, CancellationToken ct)
        where T : struct, Enum => await counts.ToDictionaryAsync(c => Names.Wire(c.Of), c => c.Rows, ct);

    internal sealed record Count<T>(T Of, int Rows);

    /// <param name="Resource">Where.</param>
    /// <param name="Addresses">That are let in, each once.</param>
    /// <param name="InDoubt">Others, that may be.</param>
    /// <param name="Sessions">That let them in for certain.</param>
    internal sealed record LetIn(Domain.ResourceId Resource, int Addresses, int InDoubt, int Sessions);

    internal sealed record RuleCount(SessionStatus Status, bool LetsIn, int Rules);
}
