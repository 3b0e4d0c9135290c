using System.Net;
using EntryGuard.Contracts;
using EntryGuard.Server.Tests.Engine;
using EntryGuard.Testing;

namespace EntryGuard.Server.Tests.People;

/// <summary>The red button.</summary>
public sealed class PanicTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Theory]
    [EveryDatabase("organization", "db; web")]
    [EveryDatabase("user", "db 203.0.113.8/32; web 203.0.113.8/32")]
    [EveryDatabase("resource", "db 203.0.113.7/32 203.0.113.8/32; web")]
    public async Task It_ends_everything_in_its_reach_and_nothing_else(TestDatabase database, string reach, string left)
    {
        await using var app = await TestApp.StartAsync(database);
        var (ann, bob) = (await app.As("ann").StartSession(["web", "db"], ["203.0.113.7"]), await app.As("bob").StartSession(["web", "db"], ["203.0.113.8"]));
        var stranger = await app.As("eve", "globex").StartSession("elsewhere", "203.0.113.9");
        await app.RunUntilQuiet();
        var answer = (await (await app.AsAdmin().Api()).StopAllAsync(Request(reach, ann), None)).Value;
        (answer.Sessions, answer.ResourceIps, answer.StaticRules, answer.FrozenAt).ShouldBe(
            reach switch { "organization" => (2, 4, 0, null), "user" => (1, 2, 0, null), _ => (2, 2, 0, (DateTimeOffset?)null) });
        await app.RunUntilQuiet();
        app.Rules("db", "web").ShouldBe(left);
        app.Rules("elsewhere").ShouldBe("elsewhere 203.0.113.9/32");
        var after = await app.Session(ann);
        (after.Status, after.EndedReason).ShouldBe(reach == "resource" ? ("ACTIVE", null) : ("CANCELLED", "ADMIN"));
        (await app.Status(bob)).ShouldBe(reach == "organization" ? "CANCELLED" : "ACTIVE");
        (await app.Status(stranger)).ShouldBe("ACTIVE");
        (await app.As("ann").TryStartSession(["web"], ["203.0.113.7"])).Status.ShouldBe(HttpStatusCode.Created, "nothing was frozen");
        var audit = (await (await app.AsAdmin().Api()).ListAuditAsync("eventType=SESSION_STOP_ALL", None)).Value.Content.Single();
        (audit.ResourceType, audit.Details!.Value.GetProperty("resourceIps").GetInt32()).ShouldBe((reach.ToUpperInvariant(), answer.ResourceIps));
    }

    [Theory]
    [EveryDatabase("organization")]
    [EveryDatabase("user")]
    [EveryDatabase("resource")]
    public async Task A_freeze_refuses_starts_until_it_is_lifted(TestDatabase database, string reach)
    {
        await using var app = await TestApp.StartAsync(database);
        var session = await app.As("ann").StartSession("web", "203.0.113.7");
        await app.As("ann").Reach("db");
        await app.As("bob").Reach("web", "db");
        await app.RunUntilQuiet();
        var api = await app.AsAdmin().Api();
        var request = Request(reach, session);
        (await api.StopAllAsync(request with { Freeze = true, Reason = "somebody is in" }, None)).Value.FrozenAt.ShouldBe(app.Time.GetUtcNow());
        await app.RunUntilQuiet();
        app.Cloud("web").Rules.ShouldBeEmpty();
        await app.Advance(TimeSpan.FromMinutes(1));
        (await api.StopAllAsync(request with { Freeze = true }, None)).Value.FrozenAt.ShouldBe(app.Time.GetUtcNow().AddMinutes(-1), "frozen once is frozen since then");

        var named = await app.As("ann").TryStartSession(["web"], ["203.0.113.7"]);
        (named.Status, named.Problem!.Error).ShouldBe((HttpStatusCode.Forbidden, ErrorCodes.Frozen));
        var unnamed = await app.As("ann").TryStart(new StartSessionRequest());
        if (reach == "resource")
            unnamed.Value.ShouldSatisfyAllConditions(s => s.ResourceIps.Single().ResourceName.ShouldBe("db"), s => s.NotOpened!.Single().Why.ShouldContain("froze"));
        else
            unnamed.Problem!.Error.ShouldBe(ErrorCodes.Frozen);
        (await app.As("bob").TryStart(new StartSessionRequest())).Problem?.Error.ShouldBe(reach == "organization" ? ErrorCodes.Frozen : null);
        var access = (await (await app.As("ann").Api()).GetAccessAsync(None)).Value;
        access.Resources.Where(r => !r.CanOpen).Select(r => r.ResourceName).ShouldBe(reach == "resource" ? ["web"] : ["db", "web"]);
        (access.WhyNot is null).ShouldBe(reach == "resource");

        (await api.LiftFreezeAsync(new LiftFreezeRequest { UserId = request.UserId, ResourceId = request.ResourceId }, None)).Problem.ShouldBeNull();
        (await app.As("ann").TryStartSession(["web"], ["203.0.113.7"])).Status.ShouldBe(HttpStatusCode.Created);
        (await api.LiftFreezeAsync(new LiftFreezeRequest { UserId = request.UserId, ResourceId = request.ResourceId }, None)).Value.Message.ShouldContain("was not frozen");
        (await api.ListAuditAsync("eventType=FREEZE_LIFT", None)).Value.Content.Count.ShouldBe(1);
    }

    [Theory, EveryDatabase]
    public async Task Whoever_is_frozen_is_found_among_the_users(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var session = await app.As("ann").StartSession("web", "203.0.113.7");
        var api = await app.AsAdmin().Api();
        var program = (await api.CreateServiceAccountAsync(new CreateServiceAccountRequest { Name = "ci" }, None)).Value;
        await api.StopAllAsync(new StopAllRequest { UserId = session.UserId.ToString(), Freeze = true }, None);
        (await api.ListUsersAsync("isFrozen=true", None)).Value.Select(u => u.Email).ShouldBe(["ann@acme.example"]);
        (await api.ListUsersAsync("isFrozen=false", None)).Value.Select(u => u.Email).ShouldNotContain("ann@acme.example");
        (await api.ListServiceAccountsAsync("isFrozen=true", None)).Value.ShouldBeEmpty();
        await api.StopAllAsync(new StopAllRequest { UserId = program.Id.ToString(), Freeze = true }, None);
        (await api.ListServiceAccountsAsync("isFrozen=true", None)).Value.Select(a => a.Name).ShouldBe(["ci"]);
        (await api.ListServiceAccountsAsync("isFrozen=false", None)).Value.ShouldBeEmpty();
    }

    [Theory, EveryDatabase]
    public async Task Static_rules_end_only_if_they_are_named(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var office = await app.AsAdmin().CreateStaticRule("office", "203.0.113.32", "web");
        var partner = await app.AsAdmin().CreateStaticRule("partner", "203.0.113.48", "web");
        await app.RunUntilQuiet();
        var api = await app.AsAdmin().Api();
        (await api.StopAllAsync(new StopAllRequest(), None)).Value.StaticRules.ShouldBe(0);
        await app.RunUntilQuiet();
        app.Rules("web").ShouldBe("web 203.0.113.32/32 203.0.113.48/32");
        (await api.StopAllAsync(new StopAllRequest { StaticRuleIds = [partner.Id.ToString()] }, None)).Value.StaticRules.ShouldBe(1);
        await app.RunUntilQuiet();
        app.Rules("web").ShouldBe("web 203.0.113.32/32");
        (await app.Audit(partner))[^1].ShouldBe("STATIC_IP_RULE_CANCELLED");
        var before = await Rows(api, office.Id);
        (await api.StopAllAsync(new StopAllRequest { StaticRuleIds = [office.Id.ToString(), Guid.Empty.ToString()] }, None)).Problem!.Error.ShouldBe(ErrorCodes.StaticRuleNotFound);
        (await Rows(api, office.Id)).ShouldBe(before, "all or nothing");
    }

    [Theory]
    [EveryDatabase("""{"userId":"x"}""", "userId", 400)]
    [EveryDatabase("""{"userId":"00000000-0000-0000-0000-000000000001"}""", "userId", 404)]
    [EveryDatabase("""{"resourceId":"00000000-0000-0000-0000-000000000001"}""", "resourceId", 404)]
    [EveryDatabase("""{"userId":"00000000-0000-0000-0000-000000000001","resourceId":"00000000-0000-0000-0000-000000000001"}""", "resourceId", 400)]
    [EveryDatabase("""{"staticRuleIds":["1"]}""", "staticRuleIds[0]", 400)]
    public async Task Bad_input_names_its_field_and_stops_nothing(TestDatabase database, string body, string field, int status)
    {
        await using var app = await TestApp.StartAsync(database);
        var session = await app.As("ann").StartSession("web", "203.0.113.7");
        await app.RunUntilQuiet();
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        var answer = await (await app.AsAdmin().Http()).PostAsync(new Uri("/api/v1/sessions/admin/stop-all", UriKind.Relative), content);
        ((int)answer.StatusCode).ShouldBe(status);
        (await answer.Content.ReadAsStringAsync()).ShouldContain($"\"{field}\"");
        (await app.Status(session)).ShouldBe("ACTIVE");
    }

    private static StopAllRequest Request(string reach, SessionResponse session) => reach switch
    {
        "organization" => new StopAllRequest(),
        "user" => new StopAllRequest { UserId = session.UserId.ToString() },
        _ => new StopAllRequest { ResourceId = session.ResourceIps.Single(c => c.ResourceName == "web").ResourceId.ToString() },
    };

    private static async Task<string> Rows(ApiClient api, Guid rule) => (await api.GetStaticRuleAsync(rule, None)).Value.Status;
}
