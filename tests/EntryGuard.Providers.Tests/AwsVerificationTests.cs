using System.Text.Json;
using EntryGuard.Domain.Providers;
using EntryGuard.Providers.Aws;
using EntryGuard.Testing.FakeEc2;

namespace EntryGuard.Providers.Tests;

/// <summary>What is proven before anything is opened, and the rights that are asked for.</summary>
public sealed class AwsVerificationTests : AwsTest
{
    private const string Ann = "203.0.113.7";

    [Fact]
    public async Task Verification_proves_both_rights_without_a_change_and_shows_what_stands()
    {
        Aws.LimitTo(60);
        Aws.Group.AddForeign("198.51.100.7/32");
        var report = await Aws.Aws.VerifyAsync(Context(), Ct);
        report.IsValid.ShouldBeTrue(report.Message);
        report.Message.ShouldContain(AwsHarness.Account);
        var snapshot = report.Snapshot.ShouldNotBeNull();
        (snapshot.IsComplete, snapshot.Rules.Count, snapshot.Quotas[0]).ShouldBe((true, 1, new RuleQuota(4, 1, 60)));
        Aws.Server.Journal.Where(c => c.Parameters.ContainsKey("DryRun")).Select(c => (c.Action, c.Parameters["DryRun"], c.Code))
            .ShouldBe([(Revoke, "true", "DryRunOperation"), (Authorize, "true", "DryRunOperation")]);
        Aws.Group.Rules.ShouldHaveSingleItem();
    }

    [Theory]
    [InlineData("DescribeSecurityGroups")]
    [InlineData("DescribeSecurityGroupRules")]
    [InlineData("AuthorizeSecurityGroupIngress")]
    [InlineData("RevokeSecurityGroupIngress")]
    public async Task A_missing_right_is_named_with_what_to_do(string denied)
    {
        var key = Aws.Server.Keys.Add(AwsHarness.Account, denied);
        var credential = Aws.Credential(secret: new { accessKeyId = key.Id, secretAccessKey = key.Secret, endpointUrl = Aws.Server.Url });
        var report = await Aws.Aws.VerifyAsync(Context(credential), Ct);
        (report.Outcome, report.Snapshot).ShouldBe((VerifyOutcome.Invalid, null));
        report.Message.ShouldContain($"ec2:{denied}");
        report.Message.ShouldContain("policy");
    }

    [Fact]
    public async Task A_policy_that_names_the_group_and_no_rule_is_found_out_once_there_is_a_rule_of_ours()
    {
        Aws.Group.AddForeign("198.51.100.7/32");
        Aws.Key.NamesNoRule = true;
        (await Aws.Aws.VerifyAsync(Context(), Ct)).IsValid.ShouldBeTrue();
        await AddAsync(Ann);
        var report = await Aws.Aws.VerifyAsync(Context(), Ct);
        (report.Outcome, report.Message.Contains("ec2:RevokeSecurityGroupIngress")).ShouldBe((VerifyOutcome.Invalid, true));
        Aws.Server.Journal.Where(c => c.Parameters.ContainsKey("SecurityGroupRuleId.1")).ShouldAllBe(c => c.Parameters["SecurityGroupRuleId.1"] == Aws.Group.Rules[1].Id);
        Aws.Group.Rules.Count.ShouldBe(2);
    }

    [Theory]
    [InlineData("InvalidGroup.NotFound", 400, VerifyOutcome.Invalid)]
    [InlineData("AuthFailure", 401, VerifyOutcome.Invalid)]
    [InlineData("RequestLimitExceeded", 503, VerifyOutcome.Unreachable)]
    [InlineData("InternalError", 500, VerifyOutcome.Unreachable)]
    public async Task A_fault_that_may_pass_does_not_make_a_resource_invalid(string code, int status, VerifyOutcome outcome)
    {
        foreach (var action in new[] { "GetCallerIdentity", "DescribeSecurityGroups", "DescribeSecurityGroupRules", Revoke, Authorize })
        {
            Aws.Server.Next(action, new Ec2Exception(code, status, "words"));
            (await Aws.Aws.VerifyAsync(Context(), Ct)).Outcome.ShouldBe(outcome, action);
        }

        (await Aws.Aws.VerifyAsync(Context(), Ct)).IsValid.ShouldBeTrue();
    }

    [Fact]
    public async Task An_endpoint_that_does_not_heed_a_dry_run_is_not_trusted_with_one()
    {
        Aws.Server.Next(Revoke, new Ec2Exception("InvalidPermission.NotFound", 400, "The specified rule does not exist in this security group."));
        var report = await Aws.Aws.VerifyAsync(Context(), Ct);
        (report.IsValid, report.Message.Contains("DryRun")).ShouldBe((false, true));
        Aws.Server.Journal.ShouldNotContain(c => c.Action == Authorize);
    }

    [Fact]
    public async Task A_group_that_is_not_there_and_a_region_that_is_none_are_said()
    {
        Aws.Server.RemoveGroup(AwsHarness.GroupId);
        (await Aws.Aws.VerifyAsync(Context(), Ct)).Message.ShouldContain("knows no security group sg-0123456789abcdef0 in eu-central-1");
        var atAws = Aws.Credential(secret: new { accessKeyId = "AKIA7", secretAccessKey = "s" });
        var nowhere = Context(atAws) with { Config = Context().Config with { Region = "eu-nowhere-9" } };
        Aws.Aws.Read(nowhere.Config).IsGood.ShouldBeTrue();   // a private cloud may call its region so
        (await Aws.Aws.VerifyAsync(nowhere, Ct)).Message.ShouldContain("no region eu-nowhere-9");
        Aws.Aws.Read(nowhere.Config with { Region = "Frankfurt" }).Errors.Keys.ShouldBe(["region"]);
    }

    [Fact]
    public async Task A_prefix_list_in_the_group_is_a_warning_about_the_figures()
    {
        Aws.Group.Add(new Ec2Rule(Aws.Group.NextId(), "tcp", 443, 443) { PrefixList = "pl-0123456789abcdef0" });
        (await Aws.Aws.VerifyAsync(Context(), Ct)).Warnings.ShouldHaveSingleItem().ShouldContain("prefix list");
    }

    [Fact]
    public async Task The_policy_allows_every_action_that_is_called_and_no_other()
    {
        await Aws.Aws.VerifyAsync(Context(), Ct);
        await AddAsync(Ann);
        await Aws.Aws.ListAsync(Context(), Ct);
        await RemoveAsync(Ann);
        await Aws.Aws.ListAsync(Context(), Ct);   // an empty one, for which the group itself is looked at
        var called = Aws.Server.Journal.Select(c => c.Action).Where(a => a != "GetCallerIdentity").Select(a => $"ec2:{a}").Distinct();
        var policy = ((ILeastPrivilege)Aws.Aws).For([new PrivilegedResource(Context().Config, $"{AwsHarness.Account}@{Aws.Server.Url.Authority}")]).ShouldNotBeNull();
        policy.Words.ShouldContain("IAM");
        using var document = JsonDocument.Parse(policy.DocumentJson);
        var statements = document.RootElement.GetProperty("Statement").EnumerateArray().ToList();
        statements.SelectMany(s => Texts(s, "Action")).ShouldBe(called, ignoreOrder: true);
        var byResource = statements.ToDictionary(s => string.Join(' ', Texts(s, "Action")), s => Texts(s, "Resource"));
        byResource["ec2:DescribeSecurityGroupRules ec2:DescribeSecurityGroups"].ShouldBe(["*"]);
        byResource["ec2:AuthorizeSecurityGroupIngress ec2:RevokeSecurityGroupIngress"].ShouldBe(
            ["arn:aws:ec2:eu-central-1:123456789012:security-group-rule/*", "arn:aws:ec2:eu-central-1:123456789012:security-group/sg-0123456789abcdef0"]);
        statements.ShouldAllBe(s => s.GetProperty("Effect").GetString() == "Allow");
    }

    [Fact]
    public void The_policy_names_each_place_once_whatever_the_partition()
    {
        using var document = JsonDocument.Parse(AwsPolicy.For(
        [
            ("1", "eu-central-1", "sg-0123456789abcdef0"), ("1", "eu-central-1", "sg-0123456789abcdef1"), (null, "cn-north-1", "sg-0123456789abcdef2"),
        ]));
        Texts(document.RootElement.GetProperty("Statement")[1], "Resource").ShouldBe(
        [
            "arn:aws-cn:ec2:cn-north-1:*:security-group-rule/*", "arn:aws-cn:ec2:cn-north-1:*:security-group/sg-0123456789abcdef2",
            "arn:aws:ec2:eu-central-1:1:security-group-rule/*",
            "arn:aws:ec2:eu-central-1:1:security-group/sg-0123456789abcdef0", "arn:aws:ec2:eu-central-1:1:security-group/sg-0123456789abcdef1",
        ]);
        ((ILeastPrivilege)Aws.Aws).For([]).ShouldBeNull();
    }

    private static List<string> Texts(JsonElement statement, string name) => [.. statement.GetProperty(name).EnumerateArray().Select(e => e.GetString()!)];
}
