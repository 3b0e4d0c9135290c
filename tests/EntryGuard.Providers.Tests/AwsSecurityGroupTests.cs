using EntryGuard.Domain.Net;
using EntryGuard.Domain.Providers;
using EntryGuard.Domain.Rules;
using EntryGuard.Testing.FakeEc2;

namespace EntryGuard.Providers.Tests;

/// <summary>A security group as the engine sees it: the real SDK, speaking to the fake.</summary>
public sealed class AwsSecurityGroupTests : ProviderContract
{
    private const string Ann = "127.0.0.11";
    private const string Bob = "127.0.0.12";
    private const string Authorize = "AuthorizeSecurityGroupIngress";
    private const string Revoke = "RevokeSecurityGroupIngress";

    protected override ProviderHarness NewHarness() => new AwsHarness();

    private AwsHarness Aws => (AwsHarness)Harness;

    private Ec2Server Server => Aws.Server;

    private Ec2Group Group => Aws.Group;

    [Fact]
    public async Task All_that_goes_and_all_that_comes_is_one_list_one_removal_and_one_addition()
    {
        await ApplyAsync([], [.. Enumerable.Range(1, 50).Select(i => Addition($"127.0.1.{i}"))]);
        Server.ForgetJournal();
        await ApplyAsync([.. Enumerable.Range(1, 50).Select(i => Removal($"127.0.1.{i}"))], [.. Enumerable.Range(1, 60).Select(i => Addition($"127.0.2.{i}"))]);
        Server.Journal.Select(c => c.Action).ShouldBe(["DescribeSecurityGroupRules", Revoke, Authorize]);
        Group.Rules.Count.ShouldBe(60);
    }

    [Fact]
    public async Task Removal_is_by_rule_id_alone()
    {
        await AddAsync(Ann);
        await RemoveAsync(Ann);
        var parameters = Server.Journal.Single(c => c.Action == Revoke).Parameters;
        parameters["SecurityGroupRuleId.1"].ShouldStartWith("sgr-");
        parameters.Keys.ShouldNotContain(k => k.StartsWith("IpPermissions"));
    }

    [Fact]
    public async Task All_pages_of_a_list_are_read()
    {
        Server.LargestPage = 7;
        var all = Enumerable.Range(1, 40).Select(i => $"127.0.1.{i}").ToList();
        await ApplyAsync([], [.. all.Select(a => Addition(a))]);
        Server.ForgetJournal();
        var snapshot = await SnapshotAsync();
        (snapshot.IsComplete, snapshot.Rules.Count).ShouldBe((true, 40));
        Server.Journal.Count.ShouldBe(6);
        Server.Next("DescribeSecurityGroupRules", Ec2Exception.Throttled("3"));
        var fault = (await Aws.Aws.ListAsync(Aws.Context(), Ct)).Fault.ShouldNotBeNull();
        (fault.Code, fault.RetryAfter).ShouldBe(("THROTTLED", TimeSpan.FromSeconds(3)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public async Task A_list_that_lags_behind_makes_no_second_rule_and_no_lie_about_whose_it_is(int lists)
    {
        Server.ListsLagByCalls = lists;
        (await AddAsync(Ann)).ShouldBeOfType<RuleOutcome.Applied>();
        var outcome = await AddAsync(Ann);
        (outcome is RuleOutcome.AlreadyThere or RuleOutcome.SatisfiedByForeign).ShouldBeTrue(outcome.ToString());
        Group.Rules.ShouldHaveSingleItem();
        Aws.Aws.Capabilities.SuccessIsProof.ShouldBeFalse();   // so the engine looks again before it believes either
    }

    [Fact]
    public async Task A_list_that_lags_behind_a_removal_keeps_no_other_rule_from_going()
    {
        await AddAsync(Ann);
        await AddAsync(Bob);
        Server.ListsLagByCalls = 1;
        (await RemoveAsync(Ann)).ShouldBeOfType<RuleOutcome.Removed>();
        var result = await ApplyAsync([Removal(Ann), Removal(Bob)], []);
        result.Removals.Select(o => o.GetType().Name).ShouldBe(["AlreadyGone", "Removed"]);
        Group.Rules.ShouldBeEmpty();
    }

    [Fact]
    public async Task Somebody_who_is_faster_spoils_nothing()
    {
        await AddAsync(Bob);
        Server.Before = action =>
        {
            if (action == Authorize && Group.Rules.Count < 3)
                Group.AddForeign($"{Ann}/32");
            if (action == Revoke)
                Group.TakeAway(Group.Rules[0].Id);
        };
        var result = await ApplyAsync([Removal(Bob)], [Addition(Ann), Addition("127.0.0.13")]);
        result.Removals.Single().ShouldBeOfType<RuleOutcome.AlreadyGone>();
        result.Additions.Select(o => o.GetType().Name).ShouldBe(["SatisfiedByForeign", "Applied"]);
    }

    [Fact]
    public async Task An_addition_that_is_refused_whole_after_removals_waits_for_the_next_pass_and_unmakes_no_removal()
    {
        await AddAsync(Ann);
        Aws.Poison();
        var result = await ApplyAsync([Removal(Ann)], [Addition(Bob), Addition("127.0.66.6")]);
        result.RefusedWhole.ShouldBeNull();
        result.Removals.Single().ShouldBeOfType<RuleOutcome.Removed>();
        result.Additions.ShouldAllBe(o => o is RuleOutcome.Failed);
        var next = await ApplyAsync([], [Addition(Bob), Addition("127.0.66.6")]);
        (next.RefusedWhole!.Code, next.RefusedWhole.IsPermanent).ShouldBe(("INVALID_VALUE", true));
    }

    [Fact]
    public async Task Nothing_is_opened_when_what_should_close_could_not()
    {
        await AddAsync(Ann);
        Server.Next(Revoke, Ec2Exception.Throttled("9"));
        var result = await ApplyAsync([Removal(Ann), Removal("127.0.0.99")], [Addition(Bob)]);
        result.Removals[0].ShouldBeOfType<RuleOutcome.Failed>().Fault.RetryAfter.ShouldBe(TimeSpan.FromSeconds(9));
        result.Removals[1].ShouldBeOfType<RuleOutcome.AlreadyGone>();
        result.Additions[0].ShouldBeOfType<RuleOutcome.Failed>();
        Server.Next(Revoke, Ec2Trouble.LostAfter);
        result = await ApplyAsync([Removal(Ann)], [Addition(Bob)]);
        result.Removals[0].ShouldBeOfType<RuleOutcome.Unknown>();
        result.Additions[0].ShouldBeOfType<RuleOutcome.Failed>();
        Group.Rules.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_lost_answer_to_an_addition_leaves_what_is_known_of_the_rest()
    {
        await AddAsync(Ann);
        await AddAsync(Bob);
        Server.Next(Authorize, Ec2Trouble.Half);
        var result = await ApplyAsync([Removal(Ann)], [Addition(Bob), Addition("127.0.0.13")]);
        result.Removals.Single().ShouldBeOfType<RuleOutcome.Removed>();
        result.Additions[0].ShouldBeOfType<RuleOutcome.AlreadyThere>();
        result.Additions[1].ShouldBeOfType<RuleOutcome.Unknown>();
    }

    [Fact]
    public async Task An_entry_whose_mark_somebody_took_off_is_left_alone()
    {
        var entry = ((RuleOutcome.Applied)await AddAsync(Ann)).Entry;
        Group.Alter(entry.Id!, r => r with { Description = "mine now" });
        (await RemoveAsync(Ann, entries: entry)).ShouldBeOfType<RuleOutcome.AlreadyGone>();
        Group.Rules.ShouldHaveSingleItem();
        (await SnapshotAsync()).Rules.Single().Mark.ShouldBeNull();
    }

    [Fact]
    public async Task E07_A_rule_of_ours_that_somebody_widened_is_listed_as_it_is_and_removed_by_its_id()
    {
        var entry = ((RuleOutcome.Applied)await AddAsync(Ann)).Entry;
        Group.Alter(entry.Id!, r => r with { CidrIpv4 = "127.0.0.0/8", To = 6000 });
        var rule = (await SnapshotAsync()).Rules.Single();
        rule.Rule.ShouldBe(new RuleKey(new Scope("tcp", 5432, 6000), Cidr.Parse("127.0.0.0/8")));
        rule.Mark.ShouldNotBeNull();
        (await RemoveAsync(Ann, entries: entry)).ShouldBeOfType<RuleOutcome.Removed>();
        Group.Rules.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_removal_that_is_bound_to_named_entries_leaves_the_others_of_its_mark_and_address()
    {
        var altered = ((RuleOutcome.Applied)await AddAsync(Ann)).Entry;
        Group.Alter(altered.Id!, r => r with { From = 6000, To = 6000 });
        var right = (await AddAsync(Ann)).ShouldBeOfType<RuleOutcome.Applied>().Entry;
        var result = await ApplyAsync([Removal(Ann) with { Entries = [altered], OnlyNamed = true }], [Addition(Ann)]);
        (result.Removals.Single(), result.Additions.Single()).ShouldBe((new RuleOutcome.Removed(), new RuleOutcome.AlreadyThere(right)));
        Group.Rules.ShouldHaveSingleItem().Id.ShouldBe(right.Id);
    }

    [Fact]
    public async Task Where_the_list_was_declared_wholly_ours_what_is_named_goes_whatever_its_mark()
    {
        var (named, other) = (Group.AddForeign($"{Ann}/32"), Group.AddForeign($"{Ann}/32", from: 443));
        var entry = new RuleEntry(named, Scope.Tcp(5432));
        (await ApplyAsync([Removal(Ann) with { Mark = RuleKey.AnyMark, Entries = [entry] }], [])).Removals.Single().ShouldBeOfType<RuleOutcome.Removed>();
        Group.Rules.ShouldHaveSingleItem().Id.ShouldBe(other);
    }

    [Fact]
    public async Task Each_family_has_room_of_its_own_and_what_names_no_address_counts_for_both()
    {
        Aws.LimitTo(3);
        Group.Add(new Ec2Rule(Group.NextId(), "tcp", 443, 443) { ReferencedGroup = "sg-0fffffffffffffff0" });
        Group.Add(new Ec2Rule(Group.NextId(), "-1", null, null) { CidrIpv4 = "0.0.0.0/0", IsEgress = true });
        Group.AddForeign("2001:db8::/64");
        var snapshot = await SnapshotAsync();
        snapshot.Rules.Single().Rule.Address.ShouldBe(Cidr.Parse("2001:db8::/64"));
        snapshot.Quotas.ShouldBe([new RuleQuota(4, 1, 3), new RuleQuota(6, 2, 3)]);
        (await ApplyAsync([], [Addition("127.0.0.1"), Addition("127.0.0.2"), Addition("2001:db8::1")])).RefusedWhole.ShouldBeNull();
        (await ApplyAsync([], [Addition("2001:db8::2"), Addition("2001:db8::3")])).RefusedWhole!.Code.ShouldBe("QUOTA");
        (await AddAsync("2001:db8::2")).ShouldBeOfType<RuleOutcome.Rejected>().Fault.Code.ShouldBe("QUOTA");
    }

    [Fact]
    public async Task A_full_group_takes_what_its_own_removals_make_room_for()
    {
        Aws.LimitTo(2);
        await ApplyAsync([], [Addition(Ann), Addition(Bob)]);
        var result = await ApplyAsync([Removal(Ann)], [Addition("127.0.0.13"), Addition("127.0.0.14")]);
        result.Additions.ShouldAllBe(o => o is RuleOutcome.Failed);   // one of them fits: halved in the next pass
        (await AddAsync("127.0.0.13")).ShouldBeOfType<RuleOutcome.Applied>();
    }

    [Theory]
    [InlineData("""{ "port": 22 }""", "tcp/22")]
    [InlineData("""{ "port": 53, "protocol": "udp" }""", "udp/53")]
    [InlineData("""{ "ports": ["6000-6010"] }""", "tcp/6000-6010")]
    [InlineData("""{ "ports": [5432, "6000-6010"], "protocol": "tcp" }""", "tcp/5432 tcp/6000-6010")]
    [InlineData("""{ "fromPort": 0, "toPort": 65535 }""", "tcp/0-65535")]
    [InlineData("""{ "fromPort": 5432, "toPort": 5440, "protocol": "udp" }""", "udp/5432-5440")]
    [InlineData("""{ "protocol": "icmp" }""", "icmp")]
    public async Task Every_way_to_write_ports_opens_them_for_both_families_and_reads_back(string settings, string scopes)
    {
        var context = Aws.Context(settings);
        var read = Aws.Aws.Read(context.Config);
        string.Join(' ', read.Scopes).ShouldBe(scopes);
        var addresses = new[] { "203.0.113.7", "2001:db8::7", "198.51.100.0/24" };
        var rules = read.Scopes.SelectMany(s => addresses.Select(a => new RuleKey(s, Cidr.Parse(a)))).ToList();
        var key = Aws.Aws.KeysOf(context.Config, "me").Serialization;
        var result = await Aws.Aws.ApplyAsync(context, new RuleChanges([], [.. rules.Select(r => new RuleAddition(r, r.OwnerMark("abcdefgh", key), default))]), Ct);
        result.Additions.ShouldAllBe(o => o is RuleOutcome.Applied && ((RuleOutcome.Applied)o).Entry.Id != null);
        (await SnapshotAsync()).Rules.Select(r => r.Rule).ShouldBe(rules, ignoreOrder: true);
        Group.Rules.Where(r => r.CidrIpv6 is not null).ShouldAllBe(r => r.Protocol != "icmp");
        result = await Aws.Aws.ApplyAsync(context, new RuleChanges([.. rules.Select(r => new RuleRemoval(r, r.OwnerMark("abcdefgh", key), []))], []), Ct);
        Group.Rules.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_foreign_rule_of_any_protocol_is_listed_as_another_than_ours()
    {
        Group.AddForeign("127.0.0.11/32", "-1", null);
        Group.AddForeign("127.0.0.11/32", "icmp", 8, -1);
        Group.AddForeign("127.0.0.11/32", "icmp", 3, 4);
        Group.AddForeign("127.0.0.11/32", "50", null);
        (await SnapshotAsync()).Rules.Select(r => r.Rule.Scope.ToString()).ShouldBe(["all", "icmp-8", "icmp-3-4", "50"]);
        (await AddAsync(Ann)).ShouldBeOfType<RuleOutcome.Applied>();
        var odd = new RuleAddition(new RuleKey(new Scope("all", 0, 0), Cidr.Parse(Bob)), "eg:abcdefgh:aaaaaaaaaa", default);
        (await ApplyAsync([], [odd])).Additions.Single().ShouldBeOfType<RuleOutcome.Rejected>().Fault.Code.ShouldBe("SCOPE");
    }

    [Fact]
    public async Task A_group_that_is_gone_is_a_fault_unless_it_is_known_to_be_the_verified_one()
    {
        var verified = Aws.Context("""{ "port": 5432 }""", Aws.Aws.KeysOf(Aws.Context().Config, (await Aws.Aws.VerifyAsync(Aws.Context(), Ct)).Identity!).Serialization);
        Server.RemoveGroup(AwsHarness.GroupId);
        (await Aws.Aws.ListAsync(Aws.Context(), Ct)).Fault!.Code.ShouldBe("NO_SUCH_GROUP");
        (await ApplyAsync([Removal(Ann)], [])).Removals.Single().ShouldBeOfType<RuleOutcome.Rejected>();

        var seen = (await Aws.Aws.ListAsync(verified, Ct)).Snapshot.ShouldNotBeNull();
        (seen.IsComplete, seen.Rules.Count, seen.Quotas.Length).ShouldBe((true, 0, 0));
        var result = await Aws.Aws.ApplyAsync(verified, new RuleChanges([Removal(Ann)], [Addition(Bob)]), Ct);
        result.Removals.Single().ShouldBeOfType<RuleOutcome.AlreadyGone>();
        result.Additions.Single().ShouldBeOfType<RuleOutcome.Rejected>().Fault.Code.ShouldBe("NO_SUCH_GROUP");
    }

    [Fact]
    public async Task E15_Another_accounts_credential_proves_no_absence()
    {
        var verified = Aws.Context("""{ "port": 5432 }""", Aws.Aws.KeysOf(Aws.Context().Config, (await Aws.Aws.VerifyAsync(Aws.Context(), Ct)).Identity!).Serialization);
        await AddAsync(Ann);
        var other = Server.Keys.Add("999999999999");
        var stranger = verified with { Credential = Aws.Credential(secret: new { accessKeyId = other.Id, secretAccessKey = other.Secret, endpointUrl = Server.Url }) };
        (await Aws.Aws.ListAsync(stranger, Ct)).Fault!.Code.ShouldBe("NO_SUCH_GROUP");
        var result = await Aws.Aws.ApplyAsync(stranger, new RuleChanges([Removal(Ann)], []), Ct);
        result.Removals.Single().ShouldBeOfType<RuleOutcome.Rejected>().Fault.Code.ShouldBe("NO_SUCH_GROUP");
        Server.Keys.Remove(other);
        result = await Aws.Aws.ApplyAsync(stranger, new RuleChanges([Removal(Ann)], []), Ct);
        (result.RefusedWhole!.Code, result.RefusedWhole.IsCredentialFault).ShouldBe(("CREDENTIAL", true));
    }

    [Fact]
    public async Task An_empty_group_is_empty_and_seen_to_be_there()
    {
        Server.ForgetJournal();
        (await SnapshotAsync()).Rules.ShouldBeEmpty();
        Server.Journal.Select(c => c.Action).ShouldBe(["DescribeSecurityGroupRules", "DescribeSecurityGroups"]);
    }

    private Task<ApplyResult> ApplyAsync(IReadOnlyList<RuleRemoval> removals, IReadOnlyList<RuleAddition> additions) =>
        Aws.Aws.ApplyAsync(Aws.Context(), new RuleChanges(removals, additions), Ct);
}
