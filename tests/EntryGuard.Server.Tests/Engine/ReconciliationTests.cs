using EntryGuard.Contracts;
using EntryGuard.Domain.Net;
using EntryGuard.Domain.Rules;
using EntryGuard.Server.Data;
using EntryGuard.Testing;
using EntryGuard.Testing.Providers;
using Microsoft.EntityFrameworkCore;
using static EntryGuard.Server.Tests.Engine.EngineFacts;

namespace EntryGuard.Server.Tests.Engine;

/// <summary>Others edit the allow-list too: every 10 min it is compared with what claims want, and what follows is closed, put back or told (E20, E26).</summary>
public sealed class ReconciliationTests
{
    private static readonly TimeSpan Turn = TimeSpan.FromMinutes(11);
    private static readonly Scope Web = Scope.Tcp(443);

    [Theory, EveryDatabase]
    public async Task E26_a_rule_that_somebody_took_off_is_put_back(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = await app.Open("ann");
        app.Cloud("web").TakeAway(Address).ShouldBe(1);
        await app.Advance(Turn);
        app.Cloud("web").Rules.ShouldBe([Standing]);
        (await app.Status(ann)).ShouldBe("ACTIVE");
        (await app.Audit(ann)).ShouldContain("RULE_LOST");
        (await app.Audit(ann)).ShouldContain("RULE_PUT_BACK");
    }

    [Theory, EveryDatabase]
    public async Task E26_where_it_is_only_observed_a_lost_rule_stays_lost_and_is_told(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        await Observe(app, "web", DriftPolicy.Observe);
        var ann = await app.Open("ann");
        app.Cloud("web").TakeAway(Address).ShouldBe(1);
        await app.Advance(Turn);
        app.Cloud("web").Rules.ShouldBeEmpty();
        (await app.Claim(ann)).ErrorCode.ShouldBe("RULE_LOST");
        (await app.Session(ann)).EndedReason.ShouldBe("RULES_LOST");
        (await Events(app)).ShouldBe([(HealthCategory.Reconcile, false)]);
    }

    [Theory, EveryDatabase]
    public async Task E26_a_rule_that_is_taken_off_three_times_in_an_hour_is_held_and_that_is_told(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = await app.Open("ann", hours: 5);
        for (var loss = 1; loss <= 3; loss++)
        {
            (await Events(app)).ShouldBeEmpty();
            app.Cloud("web").TakeAway(Address).ShouldBe(1);
            await app.Advance(Turn);
        }

        app.Cloud("web").Rules.ShouldBeEmpty();
        (await app.Session(ann)).EndedReason.ShouldBe("RULES_LOST");
        (await Events(app)).ShouldBe([(HealthCategory.Reconcile, false)]);
        await app.Advance(TimeSpan.FromMinutes(61));
        (await Events(app)).ShouldBe([(HealthCategory.Reconcile, true)]);
    }

    [Theory, EveryDatabase]
    public async Task E20_a_rule_found_again_after_it_was_seen_gone_is_closed_and_its_session_says_so(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        await Observe(app, "web", DriftPolicy.Observe);   // no policy stops a closing
        var ann = await app.Open("ann", hours: 0.1);
        var was = app.Cloud("web").Standing.Single();
        await app.Advance(TimeSpan.FromMinutes(7));
        (await app.Status(ann)).ShouldBe("EXPIRED");
        app.Cloud("web").AddMarked(Address, Web, was.Mark!);
        await app.Advance(Turn);
        app.Cloud("web").Rules.ShouldBeEmpty();
        var ended = await app.Session(ann);
        (ended.Status, ended.OpenRules, ended.FoundAgainAt is not null).ShouldBe(("EXPIRED", 0, true));
        var drift = ended.ResourceIps.Single(c => c.Grant == "DRIFT");
        (drift.Status, drift.IpAddress).ShouldBe(("REMOVED", Address));
        (await app.Rows(ann)).Single(c => c.Grant == Grant.Drift).DriftOf!.Value.Value.ShouldBe(ended.ResourceIps.Single(c => c.Grant != "DRIFT").Id);
        (await app.Audit(ann)).ShouldContain("RULE_FOUND_AGAIN");
    }

    [Theory, EveryDatabase]
    public async Task E20_a_rule_found_again_that_cannot_be_removed_is_overdue_and_told_until_it_is(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = await app.Open("ann", hours: 0.1);
        var mark = app.Cloud("web").Standing.Single().Mark!;
        await app.Advance(TimeSpan.FromMinutes(7));
        app.Cloud("web").AddMarked(Address, Web, mark);
        app.OnClosing(Script.Unavailable);
        await app.Advance(Turn);
        await app.Advance(TimeSpan.FromMinutes(5));
        var ended = await app.Session(ann);
        (ended.Status, ended.OpenRules, ended.OverdueSince is not null).ShouldBe(("EXPIRED", 1, true));
        ended.StatusMessage.ShouldContain("found at the provider again");
        app.Provider.OnApply = null;
        await app.Advance(TimeSpan.FromMinutes(6));
        (await app.Session(ann)).OpenRules.ShouldBe(0);
        app.Cloud("web").Rules.ShouldBeEmpty();
    }

    [Theory, EveryDatabase]
    public async Task A_rule_of_ours_that_was_widened_is_restored_and_the_session_goes_on(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = await app.Open("ann", hours: 3);
        app.Cloud("web").Alter(Address, new RuleKey(new Scope("tcp", 1, 65535), Cidr.Parse("203.0.112.0/22")));
        await app.Advance(Turn);
        app.Cloud("web").Standing.Select(r => r.Rule).ShouldBe([new RuleKey(Web, Cidr.Parse(Address))]);
        (await app.Status(ann)).ShouldBe("ACTIVE");
        (await app.Audit(ann)).ShouldContain("RULE_ALTERED");
        await app.As("ann").Stop(ann);
        await app.RunUntilQuiet();
        (await app.Status(ann)).ShouldBe("CANCELLED");
        app.Cloud("web").Rules.ShouldBeEmpty();
    }

    [Theory, EveryDatabase]
    public async Task A_copy_of_our_rule_for_other_ports_goes_and_our_own_stays(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = await app.Open("ann", hours: 3);
        var own = app.Cloud("web").Standing.Single();
        app.Cloud("web").AddMarked(Address, Scope.Tcp(22), own.Mark!);
        await app.Advance(Turn);
        app.Cloud("web").Standing.ShouldBe([own]);
        (await app.Audit(ann)).ShouldNotContain("RULE_LOST");
    }

    [Theory, EveryDatabase]
    public async Task A_stray_rule_with_our_mark_is_taken_off_and_a_foreign_one_is_told_and_left(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        await app.Open("ann", hours: 3);
        var prefix = app.Cloud("web").Standing.Single().Mark![..12];
        app.Cloud("web").AddMarked("203.0.113.66", Web, $"{prefix}aaaaaaaaaa");
        app.Cloud("web").AddMarked("203.0.113.67", Web, "eg:22222222:aaaaaaaaaa");   // another installation's: foreign
        app.Cloud("web").AddForeign("203.0.113.68", Web);
        await app.Advance(Turn);
        app.Cloud("web").Rules.ShouldBe([Standing, "203.0.113.67/32", "203.0.113.68/32"]);
        (await app.ResourceRow("web")).ForeignRules.Select(f => f.Rule.Address.ToString()).ShouldBe(["203.0.113.67", "203.0.113.68"]);
        (await Events(app)).ShouldBe([(HealthCategory.StaleCidrs, false)]);
        app.Cloud("web").TakeAway("203.0.113.67");
        app.Cloud("web").TakeAway("203.0.113.68");
        await app.Advance(Turn);
        (await Events(app)).ShouldBe([(HealthCategory.StaleCidrs, true)]);
    }

    [Theory, EveryDatabase]
    public async Task More_strays_than_the_brake_lets_pass_wait_for_an_admin_and_closings_do_not(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = await app.Open("ann", hours: 0.4);
        var prefix = app.Cloud("web").Standing.Single().Mark![..12];
        for (var i = 0; i < 11; i++)
            app.Cloud("web").AddMarked($"203.0.113.{100 + i}", Web, $"{prefix}aaaaaaaaa{(char)('a' + i)}");
        await app.Advance(Turn);
        app.Cloud("web").Standing.Count.ShouldBe(12);
        (await Events(app)).ShouldBe([(HealthCategory.Reconcile, false)]);
        await app.Advance(TimeSpan.FromMinutes(15));
        (await app.Status(ann)).ShouldBe("EXPIRED");
        app.Cloud("web").Standing.Count.ShouldBe(11);

        var (api, id) = (await app.AsAdmin().Api(), (await app.ResourceRow("web")).Id.Value);
        var preview = (await api.ReconcileResourceAsync(id, new ReconcileRequest { DryRun = true }, default)).Value;
        (preview.Asked, preview.IsBraked, preview.Strays.Count, preview.ToRemove.Count).ShouldBe((false, true, 11, 0));
        await app.RunUntilQuiet();
        app.Cloud("web").Standing.Count.ShouldBe(11);
        (await api.ReconcileResourceAsync(id, new ReconcileRequest { Unbraked = true }, default)).Value.ToRemove.Count.ShouldBe(11);
        await app.RunUntilQuiet();
        app.Cloud("web").Standing.ShouldBeEmpty();
        (await Events(app)).ShouldBe([(HealthCategory.Reconcile, true)]);
    }

    [Theory, EveryDatabase]
    public async Task Where_the_list_was_declared_wholly_ours_foreign_rules_go_too_but_not_one_that_satisfies_a_claim(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        await Observe(app, "web", DriftPolicy.Exclusive);
        app.Cloud("web").AddForeign(Address, Web);
        app.Cloud("web").AddForeign("203.0.113.68", Web);
        var ann = await app.Open("ann", hours: 3);
        await app.Advance(Turn);
        app.Cloud("web").Rules.ShouldBe([Standing]);
        (await app.Status(ann)).ShouldBe("ACTIVE");
    }

    [Theory, EveryDatabase]
    public async Task A_list_that_two_Resources_share_is_wholly_ours_only_if_both_say_so(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        await Observe(app, "web", DriftPolicy.Exclusive);
        var other = await app.Seed.Organization("globex");
        await app.Seed.ResourceOn(other, "theirs", "web", 22);
        await app.Open("ann", hours: 3);
        app.Cloud("web").AddForeign("203.0.113.68", Web);
        await app.Advance(Turn);
        app.Cloud("web").Rules.ShouldBe([Standing, "203.0.113.68/32"]);
    }

    [Theory, EveryDatabase]
    public async Task A_comparison_that_finds_nothing_new_writes_nothing(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        await app.Open("ann", hours: 5);
        await app.Advance(Turn);
        var (before, calls) = (await Written(app), app.Provider.Calls.Count);
        await app.Advance(Turn);
        app.Provider.Calls.Skip(calls).Select(c => c.Verb).ShouldBe(["list"]);
        (await Written(app)).ShouldBe(before);
    }

    [Theory, EveryDatabase]
    public async Task A_provider_that_cannot_be_asked_is_told_and_nothing_is_concluded(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = await app.Open("ann", hours: 5);
        app.Provider.OnList = _ => Fault("UNAVAILABLE");
        app.Cloud("web").TakeAway(Address);
        await app.Advance(Turn);
        (await app.Status(ann)).ShouldBe("ACTIVE");
        (await Events(app)).ShouldBe([(HealthCategory.Reconcile, false)]);
        app.Provider.OnList = null;
        await app.Advance(Turn);
        app.Cloud("web").Rules.ShouldBe([Standing]);
        (await Events(app)).ShouldBe([(HealthCategory.Reconcile, true)]);
    }

    [Theory, EveryDatabase]
    public async Task E14_an_incomplete_list_loses_nothing_and_a_stale_one_finds_nothing_again(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database, capabilities: Stale(5));
        var ann = await app.As("ann").StartSession("web", Address, 5);
        await app.Advance(TimeSpan.FromSeconds(10));
        app.Provider.OnSnapshot = (_, snapshot) => snapshot with { Rules = [], IsComplete = false };
        await app.Advance(Turn);
        (await app.Status(ann)).ShouldBe("ACTIVE");
        (await app.Audit(ann)).ShouldNotContain("RULE_LOST");
    }

    [Theory, EveryDatabase]
    public async Task A_foreign_rule_that_lets_the_address_in_anyway_is_told_at_the_start_and_at_the_end(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        app.Cloud("web").AddForeign("203.0.113.0/24", Web);
        var bob = await app.Open("bob", address: "203.0.113.8", hours: 0.1);
        await app.Advance(Turn);
        var ann = await app.Open("ann", hours: 0.1);
        (await app.Claim(ann)).AllowedAnywayBy.ShouldBe("tcp/443 203.0.113.0/24");
        await app.Advance(TimeSpan.FromMinutes(7));
        var ended = await app.Session(ann);
        (ended.Status, ended.ResourceIps.Single().AllowedAnywayBy).ShouldBe(("EXPIRED", "tcp/443 203.0.113.0/24"));
        ended.StatusMessage.ShouldContain("still allowed by a rule that is not ours: tcp/443 203.0.113.0/24");
        (await app.Status(bob)).ShouldBe("EXPIRED");
    }

    [Theory, EveryDatabase]
    public async Task What_others_let_in_is_known_from_the_first_verification_on(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        app.Cloud("web").AddForeign("203.0.113.0/24", Web);
        var resource = await app.Describe("web", "ann");
        resource.ForeignRules.ShouldHaveSingleItem().Address.ShouldBe("203.0.113.0/24");
        var ann = (await (await app.As("ann").Api()).StartSessionAsync(new StartSessionRequest { Ipv4Address = Address }, null, default)).Value;
        ann.ResourceIps.ShouldHaveSingleItem().AllowedAnywayBy.ShouldBe("tcp/443 203.0.113.0/24");
    }

    [Theory, EveryDatabase]
    public async Task E30_an_altered_rule_of_another_organization_on_a_shared_list_is_told_as_a_number(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        await app.Open("ann", hours: 3);
        await app.Seed.ResourceOn(await app.Seed.Organization("globex"), "theirs", "web", 22);
        app.Cloud("web").Alter(Address, new RuleKey(Web, Cidr.Parse("203.0.112.0/22")));
        async Task<ReconcileResponse> Ask(string organization, string resource) =>
            (await (await app.AsAdmin(organization).Api()).ReconcileResourceAsync((await app.ResourceRow(resource)).Id.Value, new ReconcileRequest { DryRun = true }, default)).Value;
        var (own, theirs) = (await Ask("acme", "web"), await Ask("globex", "theirs"));
        (own.Altered.Count, own.Missing.Count, own.OtherOrganizations).ShouldBe((1, 1, 0));
        (theirs.Altered.Count, theirs.Missing.Count, theirs.ToRemove.Count, theirs.OtherOrganizations).ShouldBe((0, 0, 0, 2));
    }

    private static Task Observe(TestApp app, string resource, DriftPolicy policy) => app.Seed.Organization("acme").ContinueWith(async organization =>
    {
        var id = await app.Seed.Resource(await organization, resource);
        await app.Seed.Change(db => db.Resources.Where(r => r.Id == id).ExecuteUpdateAsync(set => set.SetProperty(r => r.Policy, policy)));
    }, TaskScheduler.Default).Unwrap();

    private static async Task<List<(HealthCategory, bool IsResolved)>> Events(TestApp app)
    {
        await using var db = app.Databases.OpenEngine();
        await using var read = await db.BeginReadAsync(default);
        return [.. (await db.HealthEvents.AsNoTracking().Where(e => e.Category == HealthCategory.Reconcile || e.Category == HealthCategory.StaleCidrs)
            .OrderBy(e => e.Id).ToListAsync()).Select(e => (e.Category, e.ResolvedAt is not null))];
    }

    // Everything a comparison could touch.
    private static async Task<string> Written(TestApp app)
    {
        await using var db = app.Databases.OpenEngine();
        await using var read = await db.BeginReadAsync(default);
        var claims = await db.ResourceIps.AsNoTracking().OrderBy(c => c.Id).Select(c => new { c.Id, c.SeenAt, c.DueAt, c.Status, c.Attempts }).ToListAsync();
        var resources = await db.Resources.AsNoTracking().OrderBy(r => r.Id).Select(r => new { r.Id, r.ListedAt, r.UpdatedAt }).ToListAsync();
        return System.Text.Json.JsonSerializer.Serialize(new { claims, resources, audit = await db.Audit.CountAsync(), sessions = await db.Sessions.MaxAsync(s => s.ChangedAt) });
    }
}
