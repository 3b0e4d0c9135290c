using EntryGuard.Domain.Providers;

namespace EntryGuard.Providers.Tests.OpenStack;

/// <summary>What Neutron makes of rules, and what we make of its answers.</summary>
[Collection("OpenStack"), Trait("Category", "Slow")]
public sealed class OpenStackRuleTests : OpenStackTests
{
    [Fact]
    public async Task What_others_wrote_in_their_own_way_is_listed_in_canonical_form()
    {
        Foreign("203.0.113.9/24", "IPv4", "TCP", 5432);
        Foreign("2001:DB8:0::0001", "IPv6", "6", 5432);
        Foreign("198.51.100.7", "IPv4", "udp");
        Foreign(null, "IPv4", null);
        Foreign("2001:db8::/64", "IPv6", "icmpv6");
        Foreign("198.51.100.8", "IPv4", "icmp", 8);
        Cloud.NewRule(Stack.Group, new() { ["ethertype"] = "IPv4", ["protocol"] = "tcp", ["remote_group_id"] = Stack.Group });
        (await ListAsync()).Select(r => r.Rule.ToString()).ShouldBe(
            [
                "tcp/5432 203.0.113.0/24", "tcp/5432 2001:db8::1", "udp/0-65535 198.51.100.7", "all 0.0.0.0/0", "icmp 2001:db8::/64", "icmp-8 198.51.100.8",
            ], ignoreOrder: true);
        (await ListAsync()).ShouldAllBe(r => r.Mark == null);
    }

    [Fact]
    public async Task A_rule_of_somebody_else_with_host_bits_satisfies_the_range_it_means()
    {
        Foreign("203.0.113.9/24", "IPv4", "6", 5432);
        (await AddAsync(Addition("203.0.113.0/24"))).ShouldBeOfType<RuleOutcome.SatisfiedByForeign>();
        (await AddAsync(Addition("203.0.113.9"))).ShouldBeOfType<RuleOutcome.Applied>();
        (await ListAsync()).Count.ShouldBe(2);
    }

    [Theory]
    [InlineData("""{ "port": 22 }""", "tcp/22")]
    [InlineData("""{ "ports": [5432, "6000-6010"], "protocol": "tcp" }""", "tcp/5432,tcp/6000-6010")]
    [InlineData("""{ "fromPort": 500, "toPort": 4500, "protocol": "udp" }""", "udp/500-4500")]
    [InlineData("""{ "fromPort": 0, "toPort": 65535 }""", "tcp/0-65535")]
    [InlineData("""{ "protocol": "icmp" }""", "icmp")]
    public async Task Every_shape_of_config_opens_for_both_families_and_reads_back_as_it_was_meant(string settings, string scopes)
    {
        var context = Stack.Context(Stack.Config(settings));
        var wanted = Stack.Provider.Read(context.Config).Scopes;
        string.Join(',', wanted).ShouldBe(scopes);
        var additions = wanted.SelectMany(s => new[] { Addition(Ann, scope: s), Addition("2001:db8::7", scope: s) }).ToList();
        (await ApplyAsync(additions: additions, context: context)).Additions.ShouldAllBe(o => o is RuleOutcome.Applied);
        (await ListAsync(context)).Select(r => r.Rule).ShouldBe(additions.Select(a => a.Rule), ignoreOrder: true);
        (await ApplyAsync(additions: additions, context: context)).Additions.ShouldAllBe(o => o is RuleOutcome.AlreadyThere);
        (await ApplyAsync([Removal(Ann), Removal("2001:db8::7")], context: context)).Removals.ShouldAllBe(o => o is RuleOutcome.Removed);
        (await ListAsync(context)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(255, true)]
    [InlineData(256, false)]
    public async Task A_mark_may_be_as_long_as_a_description(int length, bool fits)
    {
        var outcome = await AddAsync(Addition(Ann, "eg:" + new string('é', length - 3)));
        if (fits)
            outcome.ShouldBeOfType<RuleOutcome.Applied>();
        else
            outcome.ShouldBeOfType<RuleOutcome.Rejected>().Fault.Code.ShouldBe("INVALID_VALUE");
        (await Stack.LetsInAsync(Ann)).ShouldBe(fits);
    }

    [Fact]
    public async Task One_bad_item_refuses_a_batch_of_additions_whole_and_stores_nothing()
    {
        var fault = (await ApplyAsync(additions: [Addition(Ann), Addition(Bob, new string('x', 256))])).RefusedWhole.ShouldNotBeNull();
        (fault.Code, fault.IsPermanent, fault.IsCredentialFault).ShouldBe(("INVALID_VALUE", true, false));
        (await ListAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task After_removals_one_bad_item_leaves_the_additions_for_the_next_call()
    {
        await AddAsync(Addition(Ann));
        var result = await ApplyAsync([Removal(Ann)], [Addition(Bob), Addition("203.0.113.13", new string('x', 256))]);
        result.RefusedWhole.ShouldBeNull();
        result.Removals.Single().ShouldBeOfType<RuleOutcome.Removed>();
        result.Additions.ShouldAllBe(o => o is RuleOutcome.Failed && !((RuleOutcome.Failed)o).Fault.IsPermanent);
        (await ListAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Over_quota_is_not_taken_for_a_duplicate_nor_the_other_way_round()
    {
        Stack.LimitTo(2);
        (await ApplyAsync(additions: [Addition(Ann), Addition(Bob), Addition("203.0.113.13")])).RefusedWhole.ShouldNotBeNull().Code.ShouldBe("QUOTA");
        SomebodyIsQuicker(Ann);
        (await AddAsync(Addition(Ann))).ShouldBeOfType<RuleOutcome.SatisfiedByForeign>();
        (await AddAsync(Addition(Bob))).ShouldBeOfType<RuleOutcome.Applied>();
        (await AddAsync(Addition("203.0.113.13"))).ShouldBeOfType<RuleOutcome.Rejected>().Fault.Code.ShouldBe("QUOTA");
    }

    [Fact]
    public async Task A_rule_somebody_makes_after_we_looked_satisfies_and_the_rest_of_the_batch_goes_through()
    {
        SomebodyIsQuicker(Ann);
        var result = await ApplyAsync(additions: [Addition(Ann), Addition(Bob)]);
        result.Additions[0].ShouldBeOfType<RuleOutcome.SatisfiedByForeign>();
        result.Additions[1].ShouldBeOfType<RuleOutcome.Applied>();
        Stack.Neutron.Requests.Count(r => r.StartsWith("POST", StringComparison.Ordinal)).ShouldBe(2);
    }

    [Fact]
    public async Task A_list_that_shows_a_rule_is_never_followed_by_a_request_to_make_it()
    {
        await AddAsync(Addition(Ann));
        Stack.AddForeign(Bob);
        (await ApplyAsync(additions: [Addition(Ann), Addition(Bob), Addition("203.0.113.13")])).Additions.Select(o => o.GetType().Name)
            .ShouldBe(["AlreadyThere", "SatisfiedByForeign", "Applied"]);
        (await ListAsync()).Count.ShouldBe(3);
    }

    [Fact]
    public async Task E07_A_recorded_id_goes_only_with_its_mark_whatever_its_address()
    {
        var entry = (await AddAsync(Addition(Ann))).ShouldBeOfType<RuleOutcome.Applied>().Entry;
        (await ApplyAsync([Removal(Bob, "eg:abcdefgh:bbbbbbbbbb", entry)])).Removals.Single().ShouldBeOfType<RuleOutcome.AlreadyGone>();
        (await ApplyAsync([Removal(Bob, Mark, entry)])).Removals.Single().ShouldBeOfType<RuleOutcome.Removed>();
        (await ListAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Two_equal_rules_of_ours_go_together()
    {
        await AddAsync(Addition(Ann));
        Cloud.NewRule(Stack.Group, Fields("203.0.113.11", "IPv4", "tcp", 5433, Mark));
        (await ApplyAsync([Removal(Ann)])).Removals.Single().ShouldBeOfType<RuleOutcome.Removed>();
        (await ListAsync()).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_list_of_many_pages_is_complete_even_if_the_marker_between_two_is_deleted(bool markerGoes)
    {
        for (var i = 0; i < 5; i++)
            Foreign($"198.51.100.{i}", "IPv4", "tcp", 5432);
        Stack.Neutron.Rewrite = path => path.Replace("limit=500", "limit=2", StringComparison.Ordinal);
        var left = 5;
        Stack.Neutron.Before = context =>
        {
            if (markerGoes && context.Request.Query["marker"].ToString() is { Length: > 0 } marker)
            {
                left = Cloud.RulesOf(Stack.Group).Single(r => r.GetProperty("id").GetString() == marker).GetProperty("direction").GetString() == "ingress" ? 4 : 5;
                Cloud.Network("DELETE", $"security-group-rules/{marker}");
                Stack.Neutron.Before = null;
            }

            return Task.FromResult(false);
        };
        var listed = await ListAsync();
        Cloud.RulesOf(Stack.Group).Count(r => r.GetProperty("direction").GetString() == "ingress").ShouldBe(left);
        listed.Select(r => r.Id).Distinct().Count().ShouldBe(listed.Count);
        listed.Count.ShouldBeInRange(left, 5);   // what was deleted meanwhile may have been seen before
        Stack.Neutron.Requests.Count.ShouldBeGreaterThan(3);
    }

    [Fact]
    public async Task A_group_of_another_project_is_no_empty_group()
    {
        var theirs = Cloud.NewGroup(Cloud["otherProjectId"]);
        var context = Stack.Context(Stack.Config(group: theirs), Stack.SecretOf(WithoutRules().Id, WithoutRules().Secret));
        (await ListFaultAsync(context)).Code.ShouldBe("NO_SUCH_GROUP");
        (await Stack.Provider.VerifyAsync(context, Ct)).Outcome.ShouldBe(VerifyOutcome.Invalid);
        var result = await ApplyAsync([Removal(Ann)], [Addition(Bob)], context);
        result.Removals.Single().ShouldBeOfType<RuleOutcome.Rejected>().Fault.Code.ShouldBe("NO_SUCH_GROUP");
        result.Additions.Single().ShouldBeOfType<RuleOutcome.Rejected>().Fault.Code.ShouldBe("NO_SUCH_GROUP");
        Cloud.Network("DELETE", $"security-groups/{theirs}");
    }

    [Fact]
    public async Task E15_A_group_that_is_gone_takes_its_rules_with_it_once_the_credential_is_shown_to_work()
    {
        await AddAsync(Addition(Ann));
        Cloud.Network("DELETE", $"security-groups/{Stack.Group}");
        (await ListFaultAsync(Stack.Verified())).Code.ShouldBe("NO_SUCH_GROUP");
        var before = Stack.Keystone.Requests.Count;
        var result = await ApplyAsync([Removal(Ann)], [Addition(Bob)], Stack.Verified());
        result.Removals.Single().ShouldBeOfType<RuleOutcome.AlreadyGone>();
        result.Additions.Single().ShouldBeOfType<RuleOutcome.Rejected>().Fault.Code.ShouldBe("NO_SUCH_GROUP");
        (Stack.Keystone.Requests.Count - before).ShouldBe(1);
    }

    [Theory]
    [InlineData("rules?fields", """{"security_group_rules":[]}""", 200, "NO_SUCH_GROUP")]
    [InlineData("rules?fields", "<html>", 200, "GARBAGE")]
    [InlineData("groups/", "<html>not found</html>", 404, "GARBAGE")]
    public async Task E15_A_group_that_only_looks_gone_has_lost_nothing(string where, string body, int status, string code)
    {
        await AddAsync(Addition(Ann));
        var verified = Stack.Verified();
        Stack.Neutron.Before = async context =>
        {
            var asked = $"{context.Request.Path}{context.Request.QueryString}";
            if (asked.Contains(where, StringComparison.Ordinal))
                return await FaultyWire.AnswerAsync(context, status, body);
            if (asked.Contains("security_group_id", StringComparison.Ordinal))
                return await FaultyWire.AnswerAsync(context, 200, """{"security_group_rules":[]}""");
            return asked.Contains("groups/", StringComparison.Ordinal)
                && await FaultyWire.AnswerAsync(context, 404, """{"NeutronError":{"type":"SecurityGroupNotFound","message":"gone","detail":""}}""");
        };
        var outcome = (await ApplyAsync([Removal(Ann)], context: verified)).Removals.Single();
        var fault = (outcome as RuleOutcome.Rejected)?.Fault ?? outcome.ShouldBeOfType<RuleOutcome.Failed>().Fault;
        fault.Code.ShouldBe(code);
    }

    [Theory]
    [InlineData(404, "<html>")]
    [InlineData(404, """{"NeutronError":{"type":"HTTPNotFound","message":"The resource could not be found.","detail":""}}""")]
    [InlineData(403, "")]
    public async Task A_not_found_that_is_not_about_the_rule_removes_nothing(int status, string body)
    {
        await AddAsync(Addition(Ann));
        Stack.Neutron.Before = async context => context.Request.Method == "DELETE" && await FaultyWire.AnswerAsync(context, status, body);
        var outcome = (await ApplyAsync([Removal(Ann)])).Removals.Single();
        (outcome is RuleOutcome.Failed or RuleOutcome.Rejected).ShouldBeTrue(outcome.ToString());
        (await Stack.LetsInAsync(Ann)).ShouldBeTrue();
    }

    private (string Id, string Secret) WithoutRules() => open ??= Cloud.NewCredential(null);

    private (string Id, string Secret)? open;

    private void SomebodyIsQuicker(string address) => Stack.Neutron.Before = context =>
    {
        if (context.Request.Method != "POST")
            return Task.FromResult(false);
        Stack.Neutron.Before = null;
        Stack.AddForeign(address);
        return Task.FromResult(false);
    };

    private void Foreign(string? prefix, string family, string? protocol, int? port = null) => Cloud.NewRule(Stack.Group, Fields(prefix, family, protocol, port, "by hand"));

    private static Dictionary<string, object?> Fields(string? prefix, string family, string? protocol, int? port, string description) => new()
    {
        ["ethertype"] = family,
        ["protocol"] = protocol,
        ["port_range_min"] = port,
        ["port_range_max"] = protocol == "icmp" ? null : port,
        ["remote_ip_prefix"] = prefix,
        ["description"] = description,
    };
}
