using System.Net;
using EntryGuard.Contracts;
using EntryGuard.Server.Tests.Engine;
using EntryGuard.Testing;
using EntryGuard.Testing.Providers;

namespace EntryGuard.Server.Tests.Api;

/// <summary><c>GET /resource-ips</c>: closings that fail are found whoever's they are, and each can be acted on.</summary>
public sealed class ResourceIpListTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Theory, EveryDatabase]
    public async Task Closings_that_fail_are_listed_whoevers_they_are_the_oldest_first_and_page_by_page(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var (ann, bob) = (await app.Open("ann", hours: 3), await app.Open("bob", "db", "203.0.113.8", 3));
        await app.Open("eve", "db", "203.0.113.9", 3);
        var rule = await app.AsAdmin().CreateStaticRule("office", "203.0.113.32", "web");
        await app.RunUntilQuiet();
        app.OnClosing(Script.Unavailable);
        await app.As("bob").Stop(bob);
        await app.Advance(TimeSpan.FromMinutes(1));
        await app.AsAdmin().Delete(rule);
        app.AddStray("web", "203.0.113.66");
        await app.Advance(TimeSpan.FromMinutes(16));   // it is compared meanwhile
        await app.As("ann").Stop(ann);
        await app.Advance(TimeSpan.FromSeconds(5));

        var all = await FailingAsync(app);
        all.Select(c => c.IpAddress).ShouldBe(["203.0.113.8", "203.0.113.32", "203.0.113.66", "203.0.113.7"]);
        all.Select(c => c.ClosingSince).ShouldBeInOrder();
        all.Select(c => c.OverdueSince is not null).ShouldBe([true, true, true, false]);
        all.ShouldAllBe(c => c.ErrorCode != null && c.NextAttemptAt != null);
        var me = (await app.As("bob").SignIn()).User.Value;
        all[0].Owner.ShouldBe(new ResourceIpOwner { Kind = "SESSION", SessionId = bob.Id, UserId = me, UserEmail = "bob@acme.example" });
        all[1].Owner.ShouldBe(new ResourceIpOwner { Kind = "STATIC_RULE", StaticRuleId = rule.Id, StaticRuleLabel = "office" });
        all[2].Owner.ShouldBe(new ResourceIpOwner { Kind = "DRIFT" });
        (all[2].Grant, all[2].ResourceName).ShouldBe(("DRIFT", "web"));

        // One at a time, while the one that was not overdue becomes it.
        var api = await app.AsAdmin().Api();
        var (seen, next) = (new List<Guid>(), (string?)null);
        do
        {
            var page = await api.ListResourceIpsAsync($"failing=true&limit=1{(next is null ? "" : $"&cursor={next}")}", None);
            seen.AddRange(page.Value.Select(c => c.Id));
            next = page.NextCursor;
            await app.Advance(TimeSpan.FromMinutes(2));
        }
        while (next is not null);
        seen.ShouldBe(all.Select(c => c.Id));

        (await FailingAsync(app, $"&resourceId={bob.ResourceIps[0].ResourceId}")).Select(c => c.IpAddress).ShouldBe(["203.0.113.8"]);
        var standing = (await api.ListResourceIpsAsync(null, None)).Value;
        standing.Count.ShouldBe(5);
        standing.Single(c => c.IpAddress == "203.0.113.9").ShouldSatisfyAllConditions(c => c.Status.ShouldBe("APPLIED"), c => c.ClosingSince.ShouldBeNull(), c => c.Owner!.Kind.ShouldBe("SESSION"));
        app.Provider.OnApply = null;
        await app.Advance(TimeSpan.FromMinutes(6));
        (await FailingAsync(app)).ShouldBeEmpty();
        (await api.ListResourceIpsAsync(null, None)).Value.Select(c => c.IpAddress).ShouldBe(["203.0.113.9"]);
    }

    [Theory, EveryDatabase]
    public async Task A_rule_that_a_comparison_found_can_be_tried_again_and_declared_gone_by_an_admin(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var stray = await StrayAsync(app, "203.0.113.66");
        (await app.As("ann").TryRetry(stray)).Status.ShouldBe(HttpStatusCode.NotFound, "it is nobody's");
        app.Provider.OnApply = null;
        (await app.AsAdmin().TryRetry(stray)).Problem.ShouldBeNull();
        await app.RunUntilQuiet();
        app.Cloud("web").Rules.ShouldBe([EngineFacts.Standing]);
        (await FailingAsync(app)).ShouldBeEmpty();
        (await app.HealthEvents()).ShouldBe(["REMOVAL_FAILING resolved"]);

        stray = await StrayAsync(app, "203.0.113.67");
        (await app.As("ann").TryDeclareGone(stray, "I looked")).Status.ShouldBe(HttpStatusCode.Forbidden);
        app.Cloud("web").TakeAway("203.0.113.67");
        var gone = (await app.AsAdmin().TryDeclareGone(stray, "I looked")).Value;
        (gone.Status, gone.OverdueSince).ShouldBe(("REMOVED", null));
        (await FailingAsync(app)).ShouldBeEmpty();
        (await app.HealthEvents()).ShouldBe(["REMOVAL_FAILING resolved", "REMOVAL_FAILING resolved"]);
        var told = (await (await app.AsAdmin().Api()).ListAuditAsync("eventType=RULE_RETRY,RULE_DECLARED_GONE", None)).Value.Content;
        told.Select(e => (e.EventType, e.ActorEmail, e.ResourceName)).ShouldBe([("RULE_DECLARED_GONE", "admin@acme.example", "web"), ("RULE_RETRY", "admin@acme.example", "web")]);
    }

    [Theory, EveryDatabase]
    public async Task Others_see_nothing_of_it_and_an_auditor_sees_all(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        await StrayAsync(app, "203.0.113.66");
        var there = await app.AsAdmin("globex").Api();
        (await there.ListResourceIpsAsync("failing=true", None)).Value.ShouldBeEmpty();
        (await there.ListResourceIpsAsync(null, None)).Value.ShouldBeEmpty();
        (await (await app.As("ann").Api()).ListResourceIpsAsync("failing=true", None)).Status.ShouldBe(HttpStatusCode.Forbidden);
        (await (await app.Auditor()).ListResourceIpsAsync("failing=true", None)).Value.Count.ShouldBe(1);
    }

    [Theory, EveryDatabase]
    public async Task A_key_that_may_not_read_static_rules_sees_none_of_theirs(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var admin = app.AsAdmin();
        await app.Open("ann");
        await admin.CreateStaticRule("office", "203.0.113.32", "web");
        var (narrow, wide) = (await admin.CreateApiKey("narrow", "sessions:read"), await admin.CreateApiKey("wide", "sessions:read", "static-ip-rules:read"));
        (await admin.With(narrow.PlainTextKey!).ListResourceIpsAsync(null, None)).Value.Select(c => c.Owner!.Kind).ShouldBe(["SESSION"]);
        (await admin.With(wide.PlainTextKey!).ListResourceIpsAsync(null, None)).Value.Select(c => c.Owner!.Kind).Order().ShouldBe(["SESSION", "STATIC_RULE"]);
    }

    // One whose closing is overdue.
    private static async Task<ResourceIpResponse> StrayAsync(TestApp app, string address)
    {
        if (app.Cloud("web").Standing.Count == 0)
            await app.Open("ann", hours: 10);
        app.AddStray("web", address);
        app.OnClosing(Script.Unavailable);
        await app.Advance(TimeSpan.FromMinutes(11));   // it is compared meanwhile
        await app.Advance(TimeSpan.FromMinutes(5));
        var stray = (await FailingAsync(app)).ShouldHaveSingleItem();
        (stray.IpAddress, stray.OverdueSince is not null).ShouldBe((address, true));
        return stray;
    }

    private static async Task<IReadOnlyList<ResourceIpResponse>> FailingAsync(TestApp app, string and = "") =>
        (await (await app.AsAdmin().Api()).ListResourceIpsAsync($"failing=true{and}", None)).Value;
}
