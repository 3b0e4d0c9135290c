using System.Net;
using EntryGuard.Contracts;
using EntryGuard.Domain.Providers;
using EntryGuard.Domain.Rules;
using EntryGuard.Testing;

namespace EntryGuard.Server.Tests.Api;

public sealed class ExplainTests
{
    private const string Address = "203.0.113.7";
    private static readonly CancellationToken None = CancellationToken.None;

    [Theory, EveryDatabase]
    public async Task Two_sessions_on_one_address_are_two_claims_and_one_rule(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = await app.As("ann").StartSession("web", Address, hours: 1);
        await app.As("bob").StartSession("web", Address, hours: 2);
        await app.RunUntilQuiet();
        var why = await Why(app, Address);
        (why.IsOpen, why.Standing, why.OtherOrganizations).ShouldBe((true, 1, 0));
        why.Claims.Select(c => c.OwnerName).ShouldBe(["ann@acme.example", "bob@acme.example"], ignoreOrder: true);
        why.Claims.ShouldAllBe(c => c.IsLive && c.Status == "APPLIED" && c.SessionStatus == "ACTIVE" && c.Rules.Single() == "tcp/443");
        why.Rules.Single().ShouldSatisfyAllConditions(r => r.IsOurs.ShouldBeTrue(), r => r.IsWider.ShouldBeFalse(), r => r.Address.ShouldBe(Address));
        why.LastSeenAt.ShouldBe(app.Time.GetUtcNow());
        why.Message.ShouldStartWith($"Open for {Address}. 2 live claims want it open, the last until 2026-03-02 10:00:00Z.");

        await app.As("ann").Stop(ann);
        await app.Advance(TimeSpan.FromHours(3));
        var shut = await Why(app, Address);
        (shut.IsOpen, shut.Standing, shut.Claims.Count).ShouldBe((false, 0, 0));
    }

    [Theory, EveryDatabase]
    public async Task Foreign_and_wider_rules_are_told_and_rules_for_other_ports_are_not(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        await app.AsAdmin().Reach("web");
        app.Cloud("web").AddForeign("203.0.113.0/24", Scope.Tcp(443));
        app.Cloud("web").AddForeign(Address, Scope.Tcp(22));
        var why = await Why(app, Address);
        (why.IsOpen, why.Standing).ShouldBe((true, 0));
        var rule = why.Rules.ShouldHaveSingleItem();
        (rule.Address, rule.IsOurs, rule.IsWider, rule.Rule).ShouldBe(("203.0.113.0/24", false, true, "tcp/443"));
        why.Message.ShouldContain("1 rule that somebody else made lets it in");
        (await Why(app, "192.0.2.1")).IsOpen.ShouldBe(false);
    }

    [Theory, EveryDatabase]
    public async Task A_provider_that_does_not_answer_leaves_it_open_whether_the_door_is(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        await app.As("ann").StartSession("web", Address);
        await app.RunUntilQuiet();
        app.Provider.OnList = _ => new RuleFault("UNAVAILABLE", "The provider answered 503.", false);
        var why = await Why(app, Address);
        (why.IsOpen, why.Standing, why.ListedAt, why.ListError).ShouldBe((null, null, null, "The provider answered 503."));
        why.Claims.Single().Status.ShouldBe("APPLIED");

        app.Provider.OnList = null;
        app.Provider.OnSnapshot = (_, list) => new RuleSnapshot([], false, list.AskedAt);
        (await Why(app, Address)).IsOpen.ShouldBeNull("an incomplete list proves no absence");
    }

    [Theory, EveryDatabase]
    public async Task E30_another_organization_on_the_same_allow_list_is_a_number(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        await app.As("eve", "globex").StartSession("web", Address);
        await app.As("ann").StartSession("web", "203.0.113.8");
        await app.RunUntilQuiet();
        var client = await app.AsAdmin().Http();
        var id = (await app.AsAdmin().Reach("web"))[0].Value;
        var text = await client.GetStringAsync(new Uri($"/api/v1/explain?resource={id}&address={Address}", UriKind.Relative));
        text.ShouldNotContain("globex");
        text.ShouldNotContain("eve");
        var why = await Why(app, Address);
        (why.OtherOrganizations, why.Claims.Count, why.IsOpen, why.Standing).ShouldBe((1, 0, true, 1));
    }

    [Theory, EveryDatabase]
    public async Task A_member_sees_own_claims_in_detail_and_the_others_as_a_number(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        await app.As("ann").StartSession("web", Address);
        await app.As("bob").StartSession("web", Address);
        await app.RunUntilQuiet();
        var id = (await app.As("ann").Reach("web"))[0].Value;
        var why = (await (await app.As("ann").Api()).ExplainAsync(id, Address, None)).Value;
        why.Claims.Select(c => c.OwnerName).ShouldBe(["ann@acme.example"]);
        why.Message.ShouldContain("1 of these belongs to somebody else.");
    }

    [Theory, EveryDatabase]
    public async Task A_member_asks_only_within_reach_and_about_own_addresses(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var organization = await app.Seed.Organization("acme");
        var (web, other) = (await app.Seed.Resource(organization, "web"), await app.Seed.Resource(organization, "other"));
        var dan = await app.Seed.User(organization, "dan@acme.example", mayNameAddress: false);
        await app.Seed.Assignment(organization, dan, web);
        var api = new ApiClient(app.Client("198.51.100.9"));
        api.UseKey((await app.Seed.ApiKey(organization, dan)).Text);
        (await api.ExplainAsync(web.Value, null, None)).Value.Address.ShouldBe("198.51.100.9");
        var answer = await api.ExplainAsync(web.Value, Address, None);
        (answer.Status, answer.Problem!.Error).ShouldBe((HttpStatusCode.Forbidden, ErrorCodes.AddressNotPermitted));
        answer = await api.ExplainAsync(other.Value, null, None);
        (answer.Status, answer.Problem!.Error).ShouldBe((HttpStatusCode.NotFound, ErrorCodes.ResourceNotFound));
        answer = await api.ExplainAsync((await app.Seed.Resource(await app.Seed.Organization("globex"), "web")).Value, null, None);
        answer.Status.ShouldBe(HttpStatusCode.NotFound);
    }

    [Theory]
    [EveryDatabase("address=203.0.113.7", "resource")]
    [EveryDatabase("resource=7&address=203.0.113.7", "resource")]
    [EveryDatabase("resource=0198c000-0000-7000-8000-000000000000&address=203.0.113.07", "address")]
    [EveryDatabase("resource=0198c000-0000-7000-8000-000000000000&address=203.0.113.7/24", "address")]
    public async Task A_bad_question_names_its_field(TestDatabase database, string query, string field)
    {
        await using var app = await TestApp.StartAsync(database);
        var answer = await (await app.AsAdmin().Http()).GetAsync(new Uri($"/api/v1/explain?{query}", UriKind.Relative));
        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await answer.Content.ReadAsStringAsync()).ShouldContain($"\"{field}\":\"");
    }

    private static async Task<ExplainResponse> Why(TestApp app, string address)
    {
        var id = (await app.AsAdmin().Reach("web"))[0].Value;
        return (await (await app.AsAdmin().Api()).ExplainAsync(id, address, None)).Value;
    }
}
