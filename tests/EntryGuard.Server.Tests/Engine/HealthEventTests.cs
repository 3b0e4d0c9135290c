using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Domain.Providers;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Tests.Operations;
using EntryGuard.Server.Tests.Races;
using EntryGuard.Testing;
using EntryGuard.Testing.Providers;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using static EntryGuard.Server.Tests.Engine.EngineFacts;

namespace EntryGuard.Server.Tests.Engine;

/// <summary>Health events are facts that begin and end, each with an audit row; REMOVAL_FAILING follows its claims.</summary>
public sealed class HealthEventTests
{
    private const string Removal = "REMOVAL_FAILING";
    private static readonly CancellationToken None = CancellationToken.None;

    [Theory, EveryDatabase]
    public async Task An_event_is_raised_once_said_again_seldom_and_resolved_once(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var web = (await app.As("ann").Reach("web"))[0];
        var start = app.Time.GetUtcNow();
        (await Raise(app, web, "Down.")).ShouldBeTrue();
        app.Time.Advance(TimeSpan.FromMinutes(59));
        (await Raise(app, web, "Down.")).ShouldBeFalse();
        (await One(app)).ShouldSatisfyAllConditions(e => e.FirstSeenAt.ShouldBe(start), e => e.LastSeenAt.ShouldBe(start), e => e.ResolvedAt.ShouldBeNull());
        app.Time.Advance(TimeSpan.FromMinutes(1));
        (await Raise(app, web, "Down.")).ShouldBeFalse();
        (await One(app)).LastSeenAt.ShouldBe(start.AddHours(1));
        app.Time.Advance(TimeSpan.FromMinutes(1));
        (await Raise(app, web, "Throttled.")).ShouldBeFalse();
        (await One(app)).ShouldSatisfyAllConditions(e => e.Message.ShouldBe("Throttled."), e => e.LastSeenAt.ShouldBe(app.Time.GetUtcNow()), e => e.FirstSeenAt.ShouldBe(start));

        (await Resolve(app, web)).ShouldBeTrue();
        (await Resolve(app, web)).ShouldBeFalse();
        (await One(app)).ResolvedAt.ShouldBe(app.Time.GetUtcNow());
        (await Raise(app, web, "Down.")).ShouldBeTrue();
        (await app.HealthEvents()).ShouldBe(["RECONCILE resolved", "RECONCILE open"], ignoreOrder: true);
        (await AuditOf(app)).ShouldBe(["HEALTH_RAISED", "HEALTH_RESOLVED", "HEALTH_RAISED"]);
    }

    [Theory, PostgresOnly]
    public async Task Of_two_that_raise_the_same_at_once_one_does(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var web = (await app.As("ann").Reach("web"))[0];
        await app.AsAdmin().SignIn();
        var held = database.Commits.HoldNext();
        var one = Raise(app, web, "Down.");
        await held.Reached;
        var two = InAnotherNode(database, db => RaiseAsync(db, app, web, "Down."));
        (await LockWait.OfAsync(database, two)).ShouldBeTrue();
        held.Release();
        (await one, await two).ShouldBe((true, false));
        (await AuditOf(app)).ShouldBe(["HEALTH_RAISED"]);
    }

    [Theory, EveryDatabase]
    public async Task E20_removal_failing_begins_with_the_first_overdue_claim_and_ends_with_the_last(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = await app.Open("ann");
        var bob = await app.Open("bob", address: "203.0.113.8");
        app.Provider.OnApply = (_, _) => Script.Unavailable;
        await app.As("ann").Stop(ann);
        await app.Advance(TimeSpan.FromMinutes(3));
        (await app.HealthEvents()).ShouldBeEmpty();
        await app.Advance(TimeSpan.FromMinutes(1));
        var raised = await One(app);
        (raised.Category, raised.ResourceName).ShouldBe((Removal, "web"));
        raised.Message.ShouldContain("The provider answered 503.");
        await app.As("bob").Stop(bob);
        await app.Advance(TimeSpan.FromMinutes(10));
        (await One(app)).Id.ShouldBe(raised.Id);

        app.Provider.OnApply = (_, changes) => changes.Removals.Any(r => r.Rule.Address.ToString() == Address) ? null : Script.Unavailable;
        await app.Advance(TimeSpan.FromMinutes(6));
        ((await app.Status(ann)), (await app.Status(bob))).ShouldBe(("CANCELLED", "EXPIRING"));
        (await app.HealthEvents()).ShouldBe([$"{Removal} open"]);
        app.Provider.OnApply = null;
        await app.Advance(TimeSpan.FromMinutes(6));
        (await app.Status(bob)).ShouldBe("CANCELLED");
        (await app.HealthEvents()).ShouldBe([$"{Removal} resolved"]);
        (await AuditOf(app)).ShouldBe(["HEALTH_RAISED", "HEALTH_RESOLVED"]);
    }

    [Theory, EveryDatabase]
    public async Task E20_declaring_the_last_overdue_rule_gone_resolves_it(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = await Overdue(app, "ann", Address);
        (await app.AsAdmin().TryDeclareGone(await app.Claim(ann), "The account was closed.")).Problem.ShouldBeNull();
        (await app.HealthEvents()).ShouldBe([$"{Removal} resolved"]);
    }

    // Neither sees that the other is gone too, so neither resolves it; the sweep's review does.
    [Theory, PostgresOnly]
    public async Task E20_the_last_two_end_at_once_and_the_sweep_resolves_it(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = await Overdue(app, "ann", Address);
        var bob = await Overdue(app, "bob", "203.0.113.8");
        var (one, two) = (await app.Claim(ann), await app.Claim(bob));
        var held = database.Commits.HoldNext();
        var first = app.AsAdmin().TryDeclareGone(one, "Gone.");
        await held.Reached;
        (await app.AsAdmin().TryDeclareGone(two, "Gone.")).Problem.ShouldBeNull();
        held.Release();
        (await first).Problem.ShouldBeNull();
        (await app.HealthEvents()).ShouldBe([$"{Removal} open"]);
        await app.Sweep();
        (await app.HealthEvents()).ShouldBe([$"{Removal} resolved"]);
        (await AuditOf(app)).ShouldBe(["HEALTH_RAISED", "HEALTH_RESOLVED"]);
    }

    [Theory, EveryDatabase]
    public async Task E20_the_sweep_raises_and_resolves_what_was_missed(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        await Overdue(app, "ann", Address);
        await app.Seed.Change(db => db.HealthEvents.ExecuteDeleteAsync());
        var review = app.Services.GetRequiredService<HealthReview>();
        await review.CountAsync(None);
        (await review.HealAsync(None)).ShouldBe(1);
        await review.CountAsync(None);
        (await review.HealAsync(None)).ShouldBe(0);
        review.LastCount(HealthCategory.RemovalFailing).ShouldBe(1);
        (await app.HealthEvents()).ShouldBe([$"{Removal} open"]);
    }

    [Theory, EveryDatabase]
    public async Task Deleting_a_resource_resolves_what_nobody_looks_at_any_more(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        app.Provider.OnVerify = _ => VerifyReport.Invalid("There is no such list.");
        var unused = await app.Describe("unused");
        var used = await app.Describe("used", "ann");
        _ = (await (await app.As("ann").Api()).StartSessionAsync(new StartSessionRequest { Ipv4Address = Address, ResourceIds = [used.Id.ToString()] }, null, None)).Value;
        (await app.HealthEvents()).ShouldBe(["VERIFY open", "VERIFY open"]);
        var api = await app.AsAdmin().Api();
        (await api.DeleteResourceAsync(unused.Id, false, None)).Problem.ShouldBeNull();
        (await api.DeleteResourceAsync(used.Id, false, None)).Problem.ShouldBeNull();
        (await app.HealthEvents()).ShouldBe(["VERIFY resolved"], "the one that no claim names is gone, its events with it");
        (await AuditOf(app)).Count(e => e == "HEALTH_RESOLVED").ShouldBe(2);
    }

    [Theory, EveryDatabase]
    public async Task The_list_is_filtered_paged_and_the_organizations_own(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ids = await app.As("ann").Reach("web", "db", "mail");
        await Raise(app, (await app.AsAdmin("globex").Reach("theirs"))[0], "Down.");
        foreach (var id in ids)
        {
            app.Time.Advance(TimeSpan.FromSeconds(1));
            await Raise(app, id, "Down.");
        }

        await Resolve(app, ids[1]);
        var api = await app.AsAdmin().Api();
        (await Names("")).ShouldBe(["mail", "db", "web"]);
        (await Names("open=true")).ShouldBe(["mail", "web"]);
        (await Names("open=false")).ShouldBe(["db"]);
        (await Names("category=VERIFY")).ShouldBeEmpty();
        (await Names($"category=RECONCILE&resourceId={ids[0].Value}")).ShouldBe(["web"]);
        var page = await api.ListHealthEventsAsync("limit=2", None);
        page.Value.Select(e => e.ResourceName).ShouldBe(["mail", "db"]);
        (await Names($"limit=2&cursor={page.NextCursor}")).ShouldBe(["web"]);
        var wrong = await api.ListHealthEventsAsync("category=X&open=maybe&resourceId=7&limit=0", None);
        wrong.Problem!.ValidationErrors!.Keys.ShouldBe(["category", "open", "resourceId", "limit"], ignoreOrder: true);

        async Task<IEnumerable<string>> Names(string query) => (await api.ListHealthEventsAsync(query, None)).Value.Select(e => e.ResourceName);
    }

    private static async Task<SessionResponse> Overdue(TestApp app, string user, string address)
    {
        var session = await app.Open(user, address: address);
        app.OnClosing(Script.Unavailable);
        await app.As(user).Stop(session);
        await app.OpenWhileOverdue();
        await app.Advance(TimeSpan.FromMinutes(4));
        (await app.Session(session)).OverdueSince.ShouldNotBeNull();
        return session;
    }

    private static async Task<HealthEventResponse> One(TestApp app) =>
        (await (await app.AsAdmin().Api()).ListHealthEventsAsync(null, None)).Value.ShouldHaveSingleItem();

    private static Task<bool> Raise(TestApp app, ResourceId resource, string message) => Write(app.Databases, db => RaiseAsync(db, app, resource, message));

    private static async Task<bool> RaiseAsync(EntryGuardDb db, TestApp app, ResourceId resource, string message) =>
        await HealthLedger.RaiseAsync(db, await db.Resources.SingleAsync(r => r.Id == resource), HealthCategory.Reconcile, message, app.Time.GetUtcNow(), None);

    private static Task<bool> Resolve(TestApp app, ResourceId resource) =>
        Write(app.Databases, db => HealthLedger.ResolveAsync(db, resource, HealthCategory.Reconcile, app.Time.GetUtcNow(), None));

    private static async Task<bool> InAnotherNode(TestDatabase database, Func<EntryGuardDb, Task<bool>> act)
    {
        await using var other = database.Open();
        return await Write(other, act);
    }

    private static async Task<bool> Write(Databases databases, Func<EntryGuardDb, Task<bool>> act)
    {
        await using var db = databases.OpenEngine();
        await using var work = await db.BeginWriteAsync(WritePriority.Other, None);
        var did = await act(db);
        await work.CommitAsync(None);
        return did;
    }

    private static async Task<List<string>> AuditOf(TestApp app)
    {
        await using var db = app.Databases.OpenEngine();
        await using var read = await db.BeginReadAsync(None);
        return await db.Audit.Where(a => a.EventType.StartsWith("HEALTH_")).OrderBy(a => a.Id).Select(a => a.EventType).ToListAsync(None);
    }
}
