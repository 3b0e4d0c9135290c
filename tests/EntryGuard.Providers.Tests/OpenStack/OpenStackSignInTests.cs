using System.Text.Json;
using EntryGuard.Domain.Providers;
using EntryGuard.Providers.Http;

namespace EntryGuard.Providers.Tests.OpenStack;

/// <summary>Who we are to Keystone, and what we are allowed.</summary>
[Collection("OpenStack"), Trait("Category", "Slow")]
public sealed class OpenStackSignInTests : OpenStackTests
{
    private int SignIns => Stack.Keystone.Requests.Count;

    [Fact]
    public async Task The_access_rules_it_asks_for_are_all_the_calls_it_makes_and_no_others()
    {
        await AddAsync(Addition(Ann));
        await ApplyAsync(removals: [Removal(Ann)]);   // the group lists no incoming rule now
        foreach (var rule in Cloud.RulesOf(Stack.Group))
            Cloud.Network("DELETE", $"security-group-rules/{rule.GetProperty("id").GetString()}");
        (await Stack.Provider.VerifyAsync(Stack.Context(), Ct)).IsValid.ShouldBeTrue();
        var called = Stack.Neutron.Requests.Select(r => r.Split('?')[0]).Select(r => r.StartsWith("DELETE", StringComparison.Ordinal) ? r[..r.LastIndexOf('/')] + "/*" : r);
        using var asked = JsonDocument.Parse(Stack.LeastRights());
        called.Distinct().ShouldBe(
            asked.RootElement.EnumerateArray().Select(r => $"{r.GetProperty("method").GetString()} {r.GetProperty("path").GetString()}"), ignoreOrder: true);
    }

    [Fact]
    public async Task A_credential_that_may_not_delete_is_forbidden_after_one_renewal_and_then_opens_nothing()
    {
        await AddAsync(Addition(Ann));
        var without = JsonSerializer.Serialize(JsonDocument.Parse(Stack.LeastRights()).RootElement.EnumerateArray().Where(r => r.GetProperty("method").GetString() != "DELETE"));
        var context = Stack.Context(Stack.Config(), Stack.NewSecret(without));
        var before = SignIns;
        var result = await ApplyAsync([Removal(Ann), Removal(Ann)], [Addition(Bob)], context);
        var fault = result.Removals[0].ShouldBeOfType<RuleOutcome.Rejected>().Fault;
        (fault.Code, fault.IsPermanent, fault.IsCredentialFault).ShouldBe(("FORBIDDEN", true, false));
        result.Additions.Single().ShouldBeOfType<RuleOutcome.Rejected>().Fault.Code.ShouldBe("FORBIDDEN");
        (SignIns - before).ShouldBe(2);
        Stack.Neutron.Requests.Count(r => r.StartsWith("DELETE", StringComparison.Ordinal)).ShouldBe(2);   // with the first token and the second, for one rule
        (await Stack.LetsInAsync(Bob)).ShouldBeFalse();
    }

    [Fact]
    public async Task Without_the_right_to_read_the_quota_it_is_asked_for_once_and_everything_else_works()
    {
        var without = JsonSerializer.Serialize(
            JsonDocument.Parse(Stack.LeastRights()).RootElement.EnumerateArray().Where(r => !r.GetProperty("path").GetString()!.Contains("quotas", StringComparison.Ordinal)));
        var context = Stack.Context(Stack.Config(), Stack.NewSecret(without));
        var report = await Stack.Provider.VerifyAsync(context, Ct);
        report.IsValid.ShouldBeTrue();
        report.Warnings.ShouldContain(w => w.Contains("quota", StringComparison.Ordinal));
        report.Snapshot.ShouldNotBeNull().Quotas.ShouldBeEmpty();
        await ListAsync(context);
        await ListAsync(context);
        Stack.Neutron.Requests.Count(r => r.Contains("quotas", StringComparison.Ordinal)).ShouldBe(1);
        SignIns.ShouldBe(1);
    }

    [Fact]
    public async Task A_verification_says_the_quota_the_identity_and_that_a_write_is_not_proved()
    {
        var report = await Stack.Provider.VerifyAsync(Stack.Context(), Ct);
        report.Identity.ShouldBe($"{Cloud.ProjectId}@{new Uri(Stack.Neutron.Url).Authority}");
        report.Warnings.ShouldHaveSingleItem().ShouldContain("no dry run");
        var quota = report.Snapshot.ShouldNotBeNull().Quotas.ShouldHaveSingleItem();
        (quota.IpVersion, quota.Limit).ShouldBe((null, 500));
        quota.Used.ShouldBeGreaterThan(1);
        var keys = Stack.Provider.KeysOf(Stack.Config(), report.Identity.ShouldNotBeNull());
        keys.Serialization.Value.ShouldBe($"neutron:{new Uri(Stack.Neutron.Url).Authority}:{Cloud.ProjectId}:{Stack.Group}");
        keys.Throttle.ShouldBe($"neutron:{new Uri(Stack.Neutron.Url).Authority}:{Cloud.ProjectId}");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_credential_that_was_deleted_or_has_a_wrong_secret_fails_as_a_whole(bool deleted)
    {
        var (id, secret) = Cloud.NewCredential(null);
        if (deleted)
            Cloud.DeleteCredential(id);
        var context = Stack.Context(Stack.Config(), Stack.SecretOf(id, deleted ? secret : $"x{secret}"));
        var fault = (await ApplyAsync([Removal(Ann)], [Addition(Bob)], context)).RefusedWhole.ShouldNotBeNull();
        (fault.Code, fault.IsPermanent, fault.IsCredentialFault).ShouldBe(("CREDENTIAL", true, true));
        fault.Message.ShouldContain(deleted ? "deleted" : "secret is wrong");
        var report = await Stack.Provider.VerifyAsync(context, Ct);
        (report.Outcome, report.Message).ShouldBe((VerifyOutcome.Invalid, fault.Message));
        Stack.Neutron.Requests.ShouldBeEmpty();
        Cloud.DeleteCredential(id);
    }

    [Fact]
    public async Task A_credential_that_is_deleted_while_its_token_is_used_is_found_out_by_the_renewal()
    {
        Stack.Neutron.Before = context =>
        {
            Cloud.DeleteCredential(Stack.NewestCredential);
            Stack.Neutron.Before = null;
            return Task.FromResult(false);
        };
        (await ListFaultAsync(Stack.Context())).Code.ShouldBe("CREDENTIAL");
        SignIns.ShouldBe(2);
    }

    [Fact]
    public async Task A_token_that_is_refused_is_renewed_once_and_the_call_made_again()
    {
        await ListAsync();
        Stack.Neutron.Before = context =>
        {
            Stack.Neutron.Before = null;
            return FaultyWire.AnswerAsync(context, 401, """{"error":{"code":401,"message":"The request you have made requires authentication."}}""");
        };
        (await AddAsync(Addition(Ann))).ShouldBeOfType<RuleOutcome.Applied>();
        await ListAsync();
        SignIns.ShouldBe(2);
    }

    [Fact]
    public async Task Calls_under_one_secret_share_a_token_and_another_secret_gets_its_own()
    {
        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => ListAsync()));
        SignIns.ShouldBe(1);
        await ListAsync(Stack.Context(Stack.Config(), Stack.NewSecret()));
        SignIns.ShouldBe(2);
    }

    [Fact]
    public async Task A_call_that_is_out_while_the_secret_is_changed_finishes_on_the_old_one()
    {
        var (arrived, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        Stack.Neutron.Before = async context =>
        {
            if (context.Request.Method != "POST")
                return false;
            arrived.SetResult();
            await goOn.Task;
            return false;
        };
        var adding = AddAsync(Addition(Ann));
        await arrived.Task;
        Stack.Secret = Stack.NewSecret();
        await ListAsync();
        SignIns.ShouldBe(2);
        goOn.SetResult();
        (await adding).ShouldBeOfType<RuleOutcome.Applied>();
        (await ListAsync()).ShouldHaveSingleItem();
        SignIns.ShouldBe(2);
    }

    [Theory]
    [InlineData(503, "text/html", "UNAVAILABLE")]
    [InlineData(500, "application/json", "UNAVAILABLE")]
    [InlineData(429, "text/plain", "THROTTLED")]
    [InlineData(200, "text/html; charset=nonsense", "GARBAGE")]
    [InlineData(404, "text/html", "GARBAGE")]
    [InlineData(302, "text/html", "GARBAGE")]
    public async Task A_keystone_that_is_down_or_talks_nonsense_is_no_verdict_on_the_credential(int status, string type, string code)
    {
        Stack.Keystone.Before = context =>
        {
            context.Response.Headers.RetryAfter = "Thu, 01 Jan 2026 00:00:17 GMT";
            context.Response.Headers.Date = "Thu, 01 Jan 2026 00:00:00 GMT";
            return FaultyWire.AnswerAsync(context, status, "", type);
        };
        var fault = (await ApplyAsync([Removal(Ann)])).Removals.Single().ShouldBeOfType<RuleOutcome.Failed>().Fault;
        (fault.Code, fault.IsPermanent, fault.IsConnectionFault).ShouldBe((code, false, false));
        fault.RetryAfter.ShouldBe(code == "GARBAGE" ? null : TimeSpan.FromSeconds(17));
        (await Stack.Provider.VerifyAsync(Stack.Context(), Ct)).Outcome.ShouldBe(VerifyOutcome.Unreachable);
    }

    [Fact]
    public async Task A_keystone_where_nobody_listens_is_a_connection_fault()
    {
        var secret = JsonSerializer.Serialize(new
        {
            authUrl = $"http://127.0.0.1:{GateHarness.FreePort()}",
            applicationCredentialId = "x",
            applicationCredentialSecret = "y",
        });
        var fault = await ListFaultAsync(Stack.Context(Stack.Config(), secret));
        (fault.Code, fault.IsPermanent, fault.IsConnectionFault).ShouldBe(("UNREACHABLE", false, true));
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData("RegionOne", null)]
    [InlineData("Elsewhere", "REGION")]
    public async Task The_catalog_says_where_neutron_is_in_the_region(string? region, string? code)
    {
        var (id, secret) = Cloud.NewCredential(Stack.LeastRights());
        var context = Stack.Context(Stack.Config(region: region), Stack.SecretOf(id, secret, withNetwork: false));
        var report = await Stack.Provider.VerifyAsync(context, Ct);
        report.IsValid.ShouldBe(code is null, report.Message);
        report.Identity.ShouldBe(code is null ? $"{Cloud.ProjectId}@{new Uri(Cloud.NetworkUrl).Authority}" : null);
        if (code is not null)
            (await ApplyAsync(additions: [Addition(Ann)], context: context)).Additions.Single().ShouldBeOfType<RuleOutcome.Rejected>().Fault.Code.ShouldBe(code);
        Cloud.DeleteCredential(id);
    }

    [Fact]
    public async Task E32_A_catalog_that_leads_where_the_operator_allows_nothing_is_not_followed()
    {
        var (id, secret) = Cloud.NewCredential(null);
        var named = Stack.SecretOf(id, secret, withNetwork: false).Replace("127.0.0.1", "localhost", StringComparison.Ordinal);
        var strict = Stack.NewProvider(new EndpointLimits(["localhost"], []));   // the way out allows it; the address in the catalog is read first
        var fault = (await strict.ListAsync(Stack.Context(Stack.Config(), named), Ct)).Fault.ShouldNotBeNull();
        (fault.Code, fault.IsPermanent).ShouldBe(("ENDPOINT_NOT_ALLOWED", true));
        Cloud.DeleteCredential(id);
    }

    [Fact]
    public async Task E15_As_another_than_who_was_verified_nothing_is_done_and_no_absence_believed()
    {
        await AddAsync(Addition(Ann));
        var context = Stack.Context() with { Key = Stack.Provider.KeysOf(Stack.Config(), $"somebody@{new Uri(Stack.Neutron.Url).Authority}").Serialization };
        (await ListFaultAsync(context)).Code.ShouldBe("IDENTITY");
        (await ApplyAsync([Removal(Ann)], context: context)).RefusedWhole.ShouldNotBeNull().Code.ShouldBe("IDENTITY");
        (await ApplyAsync([Removal(Ann)], context: Stack.Verified())).Removals.Single().ShouldBeOfType<RuleOutcome.Removed>();
    }

    [Fact]
    public async Task Without_sign_in_a_private_endpoint_is_used_for_one_project()
    {
        var context = NoAuth(Cloud.ProjectId);
        var report = await Stack.Provider.VerifyAsync(context, Ct);
        report.IsValid.ShouldBeTrue(report.Message);
        report.Identity.ShouldBe($"{Cloud.ProjectId}@{new Uri(Cloud["noAuthUrl"]).Authority}");
        report.Warnings.ShouldContain(w => w.Contains("sign in", StringComparison.Ordinal));
        (await AddAsync(Addition(Ann), context)).ShouldBeOfType<RuleOutcome.Applied>();
        (await Stack.LetsInAsync(Ann)).ShouldBeTrue();
        Cloud.RulesOf(Stack.Group).ShouldAllBe(r => r.GetProperty("project_id").GetString() == Cloud.ProjectId);
        (await ListAsync(context)).ShouldHaveSingleItem();
        (await ApplyAsync([Removal(Ann)], context: context)).Removals.Single().ShouldBeOfType<RuleOutcome.Removed>();
        (await Stack.Provider.VerifyAsync(NoAuth(Cloud["otherProjectId"]), Ct)).Message.ShouldContain("another project");
    }

    [Fact]
    public async Task No_secret_and_no_token_is_ever_logged()
    {
        await AddAsync(Addition(Ann));
        Stack.Next(CallFault.Garbage);
        await ApplyAsync([Removal(Ann)]);
        var token = "";
        Stack.Neutron.Before = context =>
        {
            token = context.Request.Headers["X-Auth-Token"].ToString();
            return Task.FromResult(false);
        };
        await Stack.Provider.VerifyAsync(Stack.Context(), Ct);
        var secret = JsonDocument.Parse(Stack.Secret).RootElement.GetProperty("applicationCredentialSecret").GetString()!;
        token.Length.ShouldBeGreaterThan(20);
        Stack.Log.Lines.ShouldNotBeEmpty();
        Stack.Log.Lines.ShouldAllBe(line => !line.Contains(secret, StringComparison.Ordinal) && !line.Contains(token, StringComparison.Ordinal));
    }

    private ProviderContext NoAuth(string project) => Stack.Context(
        Stack.Config(), JsonSerializer.Serialize(new { networkUrl = $"{Cloud["noAuthUrl"]}/v2.0", projectId = project }), "NO_AUTH");
}
