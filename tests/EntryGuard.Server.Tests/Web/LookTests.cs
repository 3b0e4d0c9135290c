using EntryGuard.Contracts;
using EntryGuard.Server.Tests.Engine;
using EntryGuard.Server.Web.Pages.Watch;
using EntryGuard.Testing;
using EntryGuard.Testing.Providers;
using static EntryGuard.Server.Tests.Engine.EngineFacts;

namespace EntryGuard.Server.Tests.Web;

/// <summary>What the overview says is so, and how much it asks for it.</summary>
public sealed class LookTests
{
    [Theory, EveryDatabase]
    public async Task An_address_that_two_sessions_let_in_is_one_and_a_look_asks_little(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        await app.Open("ann");
        await app.Open("bob");
        await app.AsAdmin().CreateStaticRule("office", "203.0.113.32", "web");
        await app.RunUntilQuiet();
        var (client, asked) = await CountedAsync(app);
        var look = new Look();
        var picture = await LookAsync(app, look, client);
        (picture.Sessions, picture.Now.AddressesLetIn, picture.Troubles.Count).ShouldBe((2, 2, 0));
        picture.Doors.Single(d => d.Name == "web").AddressesLetIn.ShouldBe(2);
        asked().ShouldBe(2);
        await LookAsync(app, look, client);
        asked().ShouldBe(1, "what comparisons found is not asked for each time");
    }

    [Theory, EveryDatabase]
    public async Task Of_the_week_only_what_is_over_is_kept_and_its_last_hour_follows(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        await app.Open("ann");
        var (client, asked) = await CountedAsync(app);
        var look = new Look();
        (await WeekAsync(1)).ShouldBe((1, 1));
        (await WeekAsync(3)).ShouldBe((3, 3));
        (await WeekAsync(2)).ShouldBe((3, 3), "the most of the hour stays");
        asked().ShouldBe(1);
        app.Time.Advance(TimeSpan.FromMinutes(6));
        (await WeekAsync(1)).ShouldBe((1, 1));
        asked().ShouldBe(1);

        async Task<(int Hour, int Day)> WeekAsync(int sessions)
        {
            var week = (await look.AtTheWeekAsync(client, sessions, app.Time.GetUtcNow()))!;
            return (week.Most[^1], week.Days[^1].Most);
        }
    }

    [Theory, EveryDatabase]
    public async Task A_rule_that_nobody_wanted_is_told_with_its_address_beside_a_closing_of_the_same_Resource_and_can_be_acted_on(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = await app.Open("ann", hours: 3);
        app.AddStray("web", "203.0.113.66");
        app.OnClosing(Script.Unavailable);
        await app.Advance(TimeSpan.FromMinutes(11));   // it is compared meanwhile
        await app.Advance(TimeSpan.FromMinutes(1));
        await app.As("ann").Stop(ann);
        await app.Advance(TimeSpan.FromMinutes(5));

        var (client, _) = await CountedAsync(app);
        var picture = await LookAsync(app, new Look(), client);
        picture.Now.FailingClosingCount.ShouldBe(2);
        picture.Troubles.Select(t => (t.Claim.IpAddress, t.Whose, t.Claim.CanRetry, t.Claim.IsOverdue)).ShouldBe(
            [("203.0.113.66", "found by a comparison", true, true), ("203.0.113.7", "ann@acme.example", true, true)]);
        picture.Troubles.Select(t => t.Href).ShouldBe([$"/resources/{ann.ResourceIps[0].ResourceId}", $"/sessions/{ann.Id}"]);
        picture.Troubles.ShouldAllBe(t => t.Error != null && t.NextAttemptAt != null && t.Since < app.Time.GetUtcNow());
    }

    [Theory, EveryDatabase]
    public async Task A_closing_of_a_static_IP_that_fails_can_be_retried_and_declared_gone(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var rule = await app.AsAdmin().CreateStaticRule("office", "203.0.113.32", "web");
        await app.RunUntilQuiet();
        app.OnClosing(Script.Unavailable);
        var (client, _) = await CountedAsync(app);
        (await (await app.AsAdmin().Api()).DeleteStaticRuleAsync(rule.Id, default)).Problem.ShouldBeNull();
        await app.RunUntilQuiet();
        await app.Advance(TimeSpan.FromMinutes(4));
        var trouble = (await LookAsync(app, new Look(), client)).Troubles.ShouldHaveSingleItem();
        (trouble.Claim.CanRetry, trouble.Claim.IsOverdue, trouble.Whose, trouble.Href).ShouldBe((true, true, "static IP office", $"/static-ips/{rule.Id}"));
        app.Provider.OnApply = null;
        (await (await app.AsAdmin().Api()).RetryResourceIpAsync(trouble.Claim.Id, default)).Problem.ShouldBeNull();
        await app.RunUntilQuiet();
        (await LookAsync(app, new Look(), client)).Troubles.ShouldBeEmpty();
    }

    private static async Task<Picture> LookAsync(TestApp app, Look look, ApiClient client)
    {
        var (picture, problem) = await look.AtAllAsync(client, app.Time.GetUtcNow());
        problem.ShouldBeNull();
        return picture!;
    }

    // As an administrator, and how much was asked since the last time.
    private static async Task<(ApiClient Client, Func<int> Asked)> CountedAsync(TestApp app)
    {
        var http = await app.AsAdmin().Http();
        var counter = new Counter(http);
        return (new ApiClient(new HttpClient(counter) { BaseAddress = http.BaseAddress }), counter.Take);
    }

    private sealed class Counter(HttpClient inner) : HttpMessageHandler
    {
        private int asked;

        public int Take() => Interlocked.Exchange(ref asked, 0);

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref asked);
            return inner.GetAsync(request.RequestUri, cancellationToken);
        }
    }
}
