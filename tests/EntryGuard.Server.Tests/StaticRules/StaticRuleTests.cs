using EntryGuard.Contracts;
using EntryGuard.Domain.Rules;
using EntryGuard.Server.Tests.Engine;
using EntryGuard.Testing;
using EntryGuard.Testing.Providers;

namespace EntryGuard.Server.Tests.StaticRules;

/// <summary>A static rule from its making to its end: the same engine as a session's, and no user.</summary>
public sealed class StaticRuleTests
{
    private const string Office = "203.0.113.64/28";

    [Theory, EveryDatabase]
    public async Task A_static_rule_stands_on_all_its_Resources_without_an_end(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var made = await app.AsAdmin().CreateStaticRule("office", Office, "web", "db");
        (made.Status, made.ExpiresAt, made.OpenRules, made.CreatedByEmail, made.OwnerEmail)
            .ShouldBe(("PENDING", null, 0, "admin@acme.example", "admin@acme.example"));
        await app.Advance(TimeSpan.FromDays(400));
        var rule = await app.AsAdmin().Get(made);
        rule.Status.ShouldBe("ACTIVE");
        rule.Resources.Select(r => (r.ResourceName, r.Status, r.IpAddress)).ShouldBe([("web", "APPLIED", Office), ("db", "APPLIED", Office)], ignoreOrder: true);
        app.Rules("web", "db").ShouldBe($"web {Office}; db {Office}");
        (await app.Audit(rule)).ShouldBe(["STATIC_IP_RULE_CREATE", "RULE_APPLIED", "RULE_APPLIED", "STATIC_IP_RULE_ACTIVE"], ignoreOrder: true);
        app.Errors.ShouldBeEmpty();
    }

    [Theory, EveryDatabase]
    public async Task E01_a_static_rule_outlives_a_session_that_shares_it_and_the_other_way_round(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var first = await app.AsAdmin().CreateStaticRule("one", "203.0.113.7", "web");
        var session = await app.As("ann").StartSession("web", "203.0.113.7", hours: 1);
        await app.Advance(TimeSpan.FromMinutes(5));
        app.Cloud("web").Standing.Count.ShouldBe(1);
        await app.Advance(TimeSpan.FromHours(1));
        (await app.Status(session)).ShouldBe("EXPIRED");
        (await app.Audit(session)).ShouldContain("RULE_KEPT");
        app.Cloud("web").Rules.ShouldBe(["203.0.113.7/32"]);

        var later = await app.As("ann").StartSession("web", "203.0.113.7", hours: 1);
        await app.RunUntilQuiet();
        await app.AsAdmin().Delete(first);
        await app.RunUntilQuiet();
        (await app.AsAdmin().Get(first)).Status.ShouldBe("CANCELLED");
        (await app.Audit(first)).ShouldContain("RULE_KEPT");
        app.Cloud("web").Rules.ShouldBe(["203.0.113.7/32"]);
        await app.As("ann").Stop(later);
        await app.RunUntilQuiet();
        app.Cloud("web").Rules.ShouldBeEmpty();
    }

    [Theory, EveryDatabase]
    public async Task Deleting_a_static_rule_closes_it_and_it_is_seen_until_then(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var admin = app.AsAdmin();
        var rule = await admin.CreateStaticRule("office", Office, "web");
        await app.RunUntilQuiet();
        app.OnClosing(Script.Unavailable);
        await admin.Delete(rule);
        await app.RunUntilQuiet();
        var closing = (await List(admin, null)).ShouldHaveSingleItem();
        (closing.Status, closing.OpenRules, closing.EndedReason).ShouldBe(("EXPIRING", 1, "ADMIN"));
        await app.Advance(TimeSpan.FromMinutes(4));
        (await admin.Get(rule)).OverdueSince.ShouldNotBeNull();
        await admin.Delete(rule);   // once more changes nothing
        app.OnClosing(null);
        (await admin.TryRetry(rule, "web")).Value.Status.ShouldBe("FAILED");
        await app.RunUntilQuiet();
        app.Cloud("web").Rules.ShouldBeEmpty();
        (await List(admin, null)).ShouldBeEmpty();
        var ended = (await List(admin, "ended=true")).ShouldHaveSingleItem();
        (ended.Status, ended.OpenRules, ended.EndedAt is not null).ShouldBe(("CANCELLED", 0, true));
        var audit = await app.Audit(rule);
        audit.Where(a => a.StartsWith("STATIC", StringComparison.Ordinal)).ShouldBe(
            ["STATIC_IP_RULE_CREATE", "STATIC_IP_RULE_ACTIVE", "STATIC_IP_RULE_DELETE", "STATIC_IP_RULE_EXPIRING", "STATIC_IP_RULE_CANCELLED"]);
        audit.ShouldNotContain(a => a.StartsWith("SESSION", StringComparison.Ordinal));
    }

    [Theory, EveryDatabase]
    public async Task E22_a_static_rule_with_an_expiry_ends_then_as_EXPIRED(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var admin = app.AsAdmin();
        var end = app.Time.GetUtcNow().AddHours(3);
        var rule = (await admin.TryCreateStaticRule(
            new CreateStaticRuleRequest { Label = "audit", IpAddress = Office, ExpiresAt = end.ToString("O") }, ["web"])).Value;
        rule.ExpiresAt.ShouldBe(end);
        await app.Advance(TimeSpan.FromHours(3) - TimeSpan.FromSeconds(1));
        app.Cloud("web").Rules.ShouldBe([Office]);
        await app.Advance(TimeSpan.FromSeconds(1));
        app.Cloud("web").Rules.ShouldBeEmpty();
        var ended = await admin.Get(rule);
        (ended.Status, ended.EndedReason).ShouldBe(("EXPIRED", "EXPIRED"));
    }

    [Theory, EveryDatabase]
    public async Task E23_a_static_rule_that_failed_expires_as_well_by_the_sweep(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        app.OnOpening(Script.Forbidden);
        var rule = (await app.AsAdmin().TryCreateStaticRule(
            new CreateStaticRuleRequest { Label = "audit", IpAddress = Office, ExpiresAt = app.Time.GetUtcNow().AddHours(1).ToString("O") }, ["web"])).Value;
        await app.RunUntilQuiet();
        (await app.AsAdmin().Get(rule)).Status.ShouldBe("FAILED");
        await app.Advance(TimeSpan.FromMinutes(62));
        (await app.AsAdmin().Get(rule)).Status.ShouldBe("EXPIRED");
    }

    [Theory, EveryDatabase]
    public async Task E19_a_static_rule_that_failed_is_retried_and_stands(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        app.OnOpening(Script.Unavailable);
        var rule = await app.AsAdmin().CreateStaticRule("office", Office, "web");
        await app.Advance(TimeSpan.FromMinutes(10));
        var failed = await app.AsAdmin().Get(rule);
        (failed.Status, failed.EndedAt, failed.Resources.Single().ErrorCode).ShouldBe(("FAILED", null, "UNAVAILABLE"));
        app.OnOpening(null);
        await app.Advance(TimeSpan.FromDays(100));   // it neither ends by failing nor tries by itself
        (await app.AsAdmin().Get(rule)).Status.ShouldBe("FAILED");
        (await app.AsAdmin().TryRetry(rule, "web")).Value.Status.ShouldBe("PENDING");
        (await app.AsAdmin().Get(rule)).Status.ShouldBe("PENDING");
        await app.RunUntilQuiet();
        (await app.AsAdmin().Get(rule)).Status.ShouldBe("ACTIVE");
        app.Cloud("web").Rules.ShouldBe([Office]);
    }

    [Theory, EveryDatabase]
    public async Task E03_a_full_list_leaves_a_static_rule_partial(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        app.Cloud("db").Capacity = 0;
        var rule = await app.AsAdmin().CreateStaticRule("office", Office, "web", "db");
        await app.RunUntilQuiet();
        var partial = await app.AsAdmin().Get(rule);
        partial.Status.ShouldBe("PARTIAL");
        partial.Resources.Single(r => r.ResourceName == "db").Status.ShouldBe("FAILED");
        app.Cloud("db").Capacity = 1;
        await app.AsAdmin().TryRetry(rule, "db");
        await app.RunUntilQuiet();
        (await app.AsAdmin().Get(rule)).Status.ShouldBe("ACTIVE");
    }

    [Theory, EveryDatabase]
    public async Task A_static_rule_on_a_Resource_that_was_invalid_opens_once_it_is_valid(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        app.Provider.OnVerify = _ => Domain.Providers.VerifyReport.Invalid("The token may not edit this list.");
        var resource = await app.Describe("web");
        var rule = await app.AsAdmin().CreateStaticRule("office", Office, "web");
        await app.RunUntilQuiet();
        (await app.AsAdmin().Get(rule)).Status.ShouldBe("FAILED");
        app.Provider.OnVerify = null;
        await (await app.AsAdmin().Api()).VerifyResourceAsync(resource.Id, default);
        await app.RunUntilQuiet();
        (await app.AsAdmin().Get(rule)).Status.ShouldBe("ACTIVE");
    }

    [Theory, EveryDatabase]
    public async Task E05_switching_a_Resource_off_closes_a_static_rule_there_and_on_again_opens_it(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        await app.UseCredential("web", "key");   // an edit verifies it
        var rule = await app.AsAdmin().CreateStaticRule("office", Office, "web");
        await app.RunUntilQuiet();
        await app.Edit("web", new UpdateResourceRequest { IsActive = false });
        await app.RunUntilQuiet();
        app.Cloud("web").Rules.ShouldBeEmpty();
        var off = await app.AsAdmin().Get(rule);
        (off.Status, off.EndingAt, off.Resources.Single().Status).ShouldBe(("FAILED", null, "REMOVED"));
        (await app.AsAdmin().TryRetry(rule, "web")).Problem!.Error.ShouldBe(ErrorCodes.ResourceIpNotRetryable);

        (await app.AsAdmin().TryUpdate(rule, new UpdateStaticRuleRequest { IpAddress = "203.0.113.9" })).Value.Status.ShouldBe("FAILED");
        await app.Edit("web", new UpdateResourceRequest { IsActive = true });
        await app.RunUntilQuiet();
        app.Cloud("web").Rules.ShouldBe(["203.0.113.9/32"], "it comes back as it was changed meanwhile");
        (await app.AsAdmin().Get(rule)).Status.ShouldBe("ACTIVE");
    }

    [Theory, EveryDatabase]
    public async Task E05_a_static_rule_that_gave_a_Resource_up_while_it_was_off_does_not_get_it_back(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var rule = await app.AsAdmin().CreateStaticRule("office", Office, "web", "db");
        await app.RunUntilQuiet();
        await app.Edit("web", new UpdateResourceRequest { IsActive = false });
        (await app.AsAdmin().TryUpdate(rule, new(), ["db"])).Value.Resources.ShouldNotContain(r => r.ResourceName == "web" && r.Status == "REMOVED");
        await app.Edit("web", new UpdateResourceRequest { IsActive = true });
        await app.RunUntilQuiet();
        app.Cloud("web").Rules.ShouldBeEmpty();
        (await app.AsAdmin().Get(rule)).Resources.Select(r => r.ResourceName).ShouldBe(["db"]);
    }

    [Theory, EveryDatabase]
    public async Task E05_a_Resource_or_credential_a_static_rule_uses_is_only_deleted_when_told_to_end_it(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        await app.UseCredential("web", "key");
        var rule = await app.AsAdmin().CreateStaticRule("office", Office, "web");
        await app.RunUntilQuiet();
        var (api, web) = (await app.AsAdmin().Api(), rule.Resources.Single().ResourceId);
        var key = (await api.ListCredentialsAsync(null, default)).Value.Single();
        (await api.DeleteResourceAsync(web, false, default)).Problem!.Error.ShouldBe(ErrorCodes.ResourceInUse);
        (await api.DeleteCredentialAsync(key.Id, false, default)).Problem!.Error.ShouldBe(ErrorCodes.CredentialInUse);

        (await api.DeleteCredentialAsync(key.Id, true, default)).Problem.ShouldBeNull();
        await app.RunUntilQuiet();
        app.Cloud("web").Rules.ShouldBeEmpty();
        (await app.AsAdmin().Get(rule)).Status.ShouldBe("FAILED");
        var other = await app.AsAdmin().CreateCredential("other key");
        await app.Edit("web", new UpdateResourceRequest { CredentialId = other.Id.ToString() });
        await app.RunUntilQuiet();
        app.Cloud("web").Rules.ShouldBe([Office], "with a credential again it is opened again");

        (await api.DeleteResourceAsync(web, true, default)).Problem.ShouldBeNull();
        await app.RunUntilQuiet();
        app.Cloud("web").Rules.ShouldBeEmpty();
        var bare = await app.AsAdmin().Get(rule);
        (bare.Status, bare.Resources.Count, bare.EndedAt).ShouldBe(("FAILED", 0, null));
    }

    [Theory, EveryDatabase]
    public async Task E05_who_made_a_static_rule_may_go_and_it_stays(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        await app.AsAdmin().SignIn();
        var ann = app.As("ann", isAdmin: true);
        var rule = await ann.CreateStaticRule("office", Office, "web");
        await app.RunUntilQuiet();
        (await app.AsAdmin().TryUpdate(ann, new UpdateUserRequest { IsOrgAdmin = false })).Problem.ShouldBeNull();
        (await app.AsAdmin().TryUpdate(ann, new UpdateUserRequest { IsActive = false })).Problem.ShouldBeNull();
        await app.Advance(TimeSpan.FromHours(1));
        app.Cloud("web").Rules.ShouldBe([Office]);
        var orphan = await app.AsAdmin().Get(rule);
        (orphan.Status, orphan.OwnerEmail, orphan.CreatedByEmail).ShouldBe(("ACTIVE", "ann@acme.example", "ann@acme.example"));
        var me = (await app.AsAdmin().SignIn()).User.Value;
        (await app.AsAdmin().TryUpdate(rule, new UpdateStaticRuleRequest { OwnerUserId = me.ToString() })).Value.OwnerEmail.ShouldBe("admin@acme.example");
    }

    [Theory, EveryDatabase]
    public async Task E08_a_change_of_ports_moves_a_static_rule_and_one_that_failed_moves_when_retried(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        await app.UseCredential("web", "key");   // an edit verifies it
        var rule = await app.AsAdmin().CreateStaticRule("office", Office, "web");
        await app.RunUntilQuiet();
        await app.Edit("web", Ports(8443));
        await app.RunUntilQuiet();
        app.Cloud("web").Standing.Select(r => r.Rule.Scope).ShouldBe([Scope.Tcp(8443)]);
        var moved = await app.AsAdmin().Get(rule);
        (moved.Status, moved.Resources.Count).ShouldBe(("ACTIVE", 1));

        app.OnOpening(Script.Forbidden);
        var failed = await app.AsAdmin().CreateStaticRule("lab", "203.0.113.9", "web");
        await app.RunUntilQuiet();
        app.OnOpening(null);
        await app.Edit("web", Ports(9443));
        (await app.AsAdmin().TryRetry(failed, "web")).Value.Status.ShouldBe("PENDING");
        await app.RunUntilQuiet();
        app.Cloud("web").Standing.ShouldAllBe(r => r.Rule.Scope == Scope.Tcp(9443));
        (await app.AsAdmin().Get(failed)).Status.ShouldBe("ACTIVE");
    }

    [Theory, EveryDatabase]
    public async Task E06_a_provider_that_holds_the_end_holds_that_of_a_static_rule_and_follows_it(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database, capabilities: new() { CredentialTypes = ["TOKEN"], SuccessIsProof = true, HoldsEndTime = true });
        var session = await app.As("ann").StartSession("web", "203.0.113.7", hours: 1);
        await app.RunUntilQuiet();
        var rule = await app.AsAdmin().CreateStaticRule("office", "203.0.113.7", "web");
        await app.RunUntilQuiet();
        app.Cloud("web").Standing.Single().Until!.Value.Year.ShouldBe(9999);
        await app.As("ann").Stop(session);
        var end = app.Time.GetUtcNow().AddHours(5);
        (await app.AsAdmin().TryUpdate(rule, new UpdateStaticRuleRequest { ExpiresAt = end.ToString("O") })).Value.ExpiresAt.ShouldBe(end);
        await app.RunUntilQuiet();
        app.Cloud("web").Standing.Single().Until.ShouldBe(end);
        (await app.AsAdmin().TryUpdate(rule, new UpdateStaticRuleRequest { ExpiresAt = "never" })).Value.ExpiresAt.ShouldBeNull();
        await app.Advance(TimeSpan.FromHours(6));
        (await app.AsAdmin().Get(rule)).Status.ShouldBe("ACTIVE");
        app.Cloud("web").Rules.ShouldBe(["203.0.113.7/32"]);
    }

    private static UpdateResourceRequest Ports(int port) =>
        new() { Config = System.Text.Json.JsonSerializer.SerializeToElement(new { ports = new[] { port } }) };

    private static async Task<IReadOnlyList<StaticRuleResponse>> List(TestUser admin, string? query) =>
        (await (await admin.Api()).ListStaticRulesAsync(query, default)).Value;
}
