using EntryGuard.Contracts;
using EntryGuard.Domain.Rules;
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
        (picture.Sessions["ACTIVE"], picture.Open, picture.StaticRules, picture.StaticRulesShut.Count).ShouldBe((2, 2, 1, 0));
        picture.Doors.Single(d => d.Name == "web").Open.ShouldBe(2);
        (picture.Troubles.Count, picture.MayMissTroubles).ShouldBe((0, false));
        asked().ShouldBe(8);
        await LookAsync(app, look, client);
        asked().ShouldBe(7, "what comparisons found is not asked for each time");
    }

    [Theory, EveryDatabase]
    public async Task A_closing_of_nothing_that_runs_is_told_as_one_that_fails(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        await app.Open("ann", hours: 3);
        var prefix = app.Cloud("web").Standing.Single().Mark![..12];
        app.Cloud("web").AddMarked("203.0.113.66", Scope.Tcp(443), $"{prefix}aaaaaaaaaa");
        app.OnClosing(Script.Unavailable);
        await app.Advance(TimeSpan.FromMinutes(11));   // it is compared meanwhile
        await app.Advance(TimeSpan.FromMinutes(4));
        (await app.HealthEvents()).ShouldBe(["REMOVAL_FAILING open"]);

        var (client, _) = await CountedAsync(app);
        var trouble = (await LookAsync(app, new Look(), client)).Troubles.ShouldHaveSingleItem();
        (trouble.Claim, trouble.ResourceName, trouble.Address, trouble.IsOverdue).ShouldBe((null, "web", null, true));
        trouble.Error!.ShouldContain("may still be on");
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
        (trouble.Claim!.CanRetry, trouble.Claim.IsOverdue, trouble.Whose, trouble.Href).ShouldBe((true, true, "static IP office", $"/static-ips/{rule.Id}"));
        app.Provider.OnApply = null;
        (await (await app.AsAdmin().Api()).RetryResourceIpAsync(trouble.Claim.Id, default)).Problem.ShouldBeNull();
        await app.RunUntilQuiet();
        (await LookAsync(app, new Look(), client)).Troubles.ShouldBeEmpty();
    }

    private static async Task<Picture> LookAsync(TestApp app, Look look, ApiClient client)
    {
        var (picture, _, _, problem) = await look.AtAllAsync(client, app.Time.GetUtcNow());
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
