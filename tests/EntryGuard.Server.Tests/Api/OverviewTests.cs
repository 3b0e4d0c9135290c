using System.Net;
using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Tests.Engine;
using EntryGuard.Testing;
using EntryGuard.Testing.Providers;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Tests.Api;

/// <summary><c>GET /overview</c>: its figures are right with several of each, and of this organization alone.</summary>
public sealed class OverviewTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Theory, EveryDatabase]
    public async Task What_is_open_is_counted_once_per_Resource_and_address(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var gone = await app.Open("zoe", "web", "203.0.113.90");
        await app.As("zoe").Stop(gone);
        await app.As("ann").StartSession(["web", "db"], ["203.0.113.7", "2001:db8::7"]);
        await app.Open("bob");   // from where ann is
        await app.AsAdmin().CreateStaticRule("office", "203.0.113.32", "web", "db");
        await app.AsAdmin().CreateStaticRule("ann at home", "203.0.113.7", "web");
        await app.AsAdmin("globex").CreateStaticRule("theirs", "203.0.113.40", "gx");
        await app.As("eve", "globex").StartSession("gx", "203.0.113.41");
        await app.RunUntilQuiet();
        await app.As("carl").StartSession("web", "203.0.113.9");
        await app.AsAdmin().CreateStaticRule("later", "203.0.113.33", "db");
        await app.AsAdmin().CreateStaticRule("later still", "203.0.113.34", "db");

        var now = await OverviewAsync(app);
        (now.OrganizationName, now.OrganizationSlug, now.FrozenAt, now.MaxSessionMinutes).ShouldBe(("acme", "acme", null, 24 * 60));
        Says(now.Sessions).ShouldBe("ACTIVE 2, PENDING 1");
        now.Resources.Select(r => (r.Name, r.Sessions, r.AddressesLetIn, r.AddressesInDoubt)).ShouldBe([("db", 1, 3, 0), ("web", 2, 3, 0)]);
        (now.AddressesLetIn, now.AddressesInDoubt, now.ResourceCount).ShouldBe((6, 0, 2));
        Says(now.StaticRulesOpen).ShouldBe("ACTIVE 2");
        Says(now.StaticRulesShut).ShouldBe("PENDING 2");
        (now.FailingClosingCount, now.FailingClosings.Count, now.HealthEvents.Count, now.HealthEventCounts.Count, now.FrozenCount, now.Frozen.Count).ShouldBe((0, 0, 0, 0, 0, 0));

        var theirs = await OverviewAsync(app, "globex");
        (Says(theirs.Sessions), Says(theirs.StaticRulesOpen), theirs.AddressesLetIn).ShouldBe(("ACTIVE 1", "ACTIVE 1", 2));
        theirs.Resources.ShouldHaveSingleItem().Name.ShouldBe("gx");
    }

    [Theory, EveryDatabase]
    public async Task A_Resource_with_an_overdue_closing_and_a_stray_counts_two_and_they_are_named(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = await app.Open("ann", hours: 3);
        app.AddStray("web", "203.0.113.66");
        app.OnClosing(Script.Unavailable);
        await app.Advance(TimeSpan.FromMinutes(11));   // it is compared meanwhile
        await app.Advance(TimeSpan.FromMinutes(1));
        await app.As("ann").Stop(ann);
        await app.Advance(TimeSpan.FromMinutes(5));
        var now = await OverviewAsync(app);
        now.FailingClosingCount.ShouldBe(2);
        now.FailingClosings.Select(c => (c.IpAddress, c.Owner!.Kind)).ShouldBe([("203.0.113.66", "DRIFT"), ("203.0.113.7", "SESSION")]);
        Says(now.Sessions).ShouldBe("EXPIRING 1");
        (now.AddressesLetIn, now.AddressesInDoubt, Says(now.HealthEventCounts), now.HealthEvents.Single().ResourceName).ShouldBe((0, 2, "REMOVAL_FAILING 1", "web"));
        now.Resources.Select(r => (r.Name, r.Sessions, r.AddressesLetIn, r.AddressesInDoubt)).ShouldBe([("web", 0, 0, 2)]);
        (await OverviewAsync(app, "globex")).ShouldSatisfyAllConditions(o => o.FailingClosingCount.ShouldBe(0), o => o.AddressesInDoubt.ShouldBe(0), o => o.FailingClosings.ShouldBeEmpty(), o => o.HealthEventCounts.ShouldBeEmpty());
    }

    [Theory, EveryDatabase]
    public async Task Of_what_there_is_much_of_it_shows_some_and_counts_all(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var acme = (await app.AsAdmin().SignIn()).Organization;
        var resources = new List<ResourceId>();
        for (var i = 0; i < 60; i++)
            resources.Add(await app.Seed.Resource(acme, $"r{i:00}"));
        var now = app.Time.GetUtcNow();
        await app.Seed.Change(async db =>
        {
            db.HealthEvents.AddRange(resources.Select((r, i) => Event(acme, r, HealthCategory.Verify, now.AddSeconds(i), null)));
            db.HealthEvents.AddRange(resources.Take(2).Select((r, i) => Event(acme, r, HealthCategory.Reconcile, now.AddSeconds(-i), null)));
            db.HealthEvents.AddRange(resources.Select((r, i) => Event(acme, r, HealthCategory.StaleCidrs, now.AddSeconds(i), now.AddSeconds(i))));
            foreach (var (resource, i) in (await db.Resources.ToListAsync()).OrderBy(r => r.Name, StringComparer.Ordinal).Select((r, i) => (r, i)))
                resource.FrozenAt = i < 59 ? now.AddSeconds(i) : null;
            (await db.Users.SingleAsync(u => u.Email == "admin@acme.example")).FrozenAt = now.AddDays(1);
            (await db.Organizations.SingleAsync(o => o.Slug == "acme")).FrozenAt = now;
        });
        var seen = await OverviewAsync(app);
        (seen.FrozenAt, seen.FrozenCount, seen.Frozen.Count, seen.ResourceCount, seen.Resources.Count).ShouldBe((now, 60, 50, 60, 60));
        seen.Frozen.Take(2).Select(f => f.Name).ShouldBe(["admin@acme.example", "r58"]);
        (seen.Frozen[0].UserId is null, seen.Frozen[0].ResourceId is null, seen.Frozen[1].ResourceId).ShouldBe((false, true, resources[58].Value));
        Says(seen.HealthEventCounts).ShouldBe("RECONCILE 2, VERIFY 60");
        seen.HealthEvents.CountBy(e => e.Category).OrderBy(c => c.Key, StringComparer.Ordinal).Select(c => $"{c.Key} {c.Value}").ShouldBe(["RECONCILE 2", "VERIFY 20"]);
        seen.HealthEvents.Where(e => e.Category == "VERIFY").Select(e => e.ResourceName).Take(2).ShouldBe(["r59", "r58"]);
        seen.HealthEvents.ShouldAllBe(e => e.ResolvedAt == null);
    }

    [Theory, EveryDatabase]
    public async Task The_week_tells_how_many_were_open_at_once_hour_by_hour(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        await app.Open("ann");                              // Monday 08:00 to 09:00
        await app.Advance(TimeSpan.FromMinutes(30));
        await app.Open("bob", hours: 2);                    // 08:30 to 10:30
        await app.Open("eve", "gx", "203.0.113.8", 2);
        await app.As("x", "globex").StartSession("other", "203.0.113.9");
        app.OnOpening(new Script(Refuse: EngineFacts.Fault("NO", isPermanent: true)));
        (await app.Status(await app.As("carl").StartSession("bad", "203.0.113.9"))).ShouldBe("PENDING");
        await app.RunUntilQuiet();                          // FAILED: it opened nothing
        app.Provider.OnApply = null;
        await app.Advance(TimeSpan.FromHours(26));          // Tuesday 10:30
        await app.Open("ann", hours: 5);

        var week = (await (await app.AsAdmin().Api()).GetWeekAsync(None)).Value;
        (week.From, week.Most.Count).ShouldBe((new DateTimeOffset(2026, 2, 24, 11, 0, 0, TimeSpan.Zero), 168));
        week.Most.Select((most, hour) => (At: week.From.AddHours(hour), most)).Where(h => h.most > 0).Select(h => $"{h.At:ddd HH} {h.most}")
            .ShouldBe(["Mon 08 3", "Mon 09 2", "Mon 10 2", "Tue 10 1"]);
        week.Days.Select(d => (d.Day.Day, d.Most, d.Started)).ShouldBe([(24, 0, 0), (25, 0, 0), (26, 0, 0), (27, 0, 0), (28, 0, 0), (1, 0, 0), (2, 3, 3), (3, 1, 1)]);
    }

    [Theory, EveryDatabase]
    public async Task A_member_may_not_and_an_auditor_may(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var (ann, auditor) = (await app.As("ann").Api(), await app.Auditor());
        ((await ann.GetOverviewAsync(None)).Status, (await ann.GetWeekAsync(None)).Status).ShouldBe((HttpStatusCode.Forbidden, HttpStatusCode.Forbidden));
        (await auditor.GetOverviewAsync(None)).Value.OrganizationSlug.ShouldBe("acme");
        (await auditor.GetWeekAsync(None)).Value.Most.Count.ShouldBe(168);
    }

    private static HealthEvent Event(OrganizationId organization, ResourceId resource, HealthCategory category, DateTimeOffset at, DateTimeOffset? resolvedAt) => new()
    {
        Id = new(Guid.CreateVersion7(at)),
        OrganizationId = organization,
        ResourceId = resource,
        Category = category,
        Message = "Down.",
        FirstSeenAt = at,
        LastSeenAt = at,
        ResolvedAt = resolvedAt,
    };

    private static async Task<OverviewResponse> OverviewAsync(TestApp app, string organization = "acme") => (await (await app.AsAdmin(organization).Api()).GetOverviewAsync(None)).Value;

    private static string Says(IReadOnlyDictionary<string, int> counts) => string.Join(", ", counts.OrderBy(c => c.Key, StringComparer.Ordinal).Select(c => $"{c.Key} {c.Value}"));
}
