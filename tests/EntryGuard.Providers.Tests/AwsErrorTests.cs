using EntryGuard.Domain.Providers;
using EntryGuard.Testing.FakeEc2;

namespace EntryGuard.Providers.Tests;

/// <summary>Every error that AWS documents for our requests, through the real SDK.</summary>
public sealed class AwsErrorTests : AwsTest
{
    private const string Ann = "203.0.113.7";
    private const string Bob = "203.0.113.8";

    [Theory]
    [InlineData("RequestLimitExceeded", 503, "THROTTLED", false, false)]
    [InlineData("Throttling", 400, "THROTTLED", false, false)]
    [InlineData("ThrottlingException", 400, "THROTTLED", false, false)]
    [InlineData("TooMany", 429, "THROTTLED", false, false)]
    [InlineData("RulesPerSecurityGroupLimitExceeded", 400, "QUOTA", true, false)]
    [InlineData("UnauthorizedOperation", 403, "FORBIDDEN", true, true)]
    [InlineData("AuthFailure", 401, "CREDENTIAL", true, true)]
    [InlineData("InvalidClientTokenId", 403, "CREDENTIAL", true, true)]
    [InlineData("SignatureDoesNotMatch", 403, "CREDENTIAL", true, true)]
    [InlineData("ExpiredToken", 400, "CREDENTIAL", true, true)]
    [InlineData("RequestExpired", 400, "CREDENTIAL", true, true)]
    [InlineData("AccessDenied", 403, "CREDENTIAL", true, true)]
    [InlineData("InvalidGroup.NotFound", 400, "NO_SUCH_GROUP", true, false)]
    [InlineData("InvalidGroupId.Malformed", 400, "NO_SUCH_GROUP", true, false)]
    [InlineData("InvalidParameterValue", 400, "INVALID_VALUE", true, false)]
    [InlineData("InvalidPermission.Malformed", 400, "INVALID_VALUE", true, false)]
    [InlineData("Unavailable", 503, "UNAVAILABLE", false, false)]
    [InlineData("ServiceUnavailable", 503, "UNAVAILABLE", false, false)]
    [InlineData("OperationNotPermitted", 400, "REFUSED", true, false)]
    public async Task An_error_has_a_code_of_ours_and_says_whether_trying_again_may_help(string code, int status, string ours, bool isPermanent, bool isOfTheCredential)
    {
        Aws.Server.Next(Authorize, new Ec2Exception(code, status, "some words of AWS"));
        var added = await AddAsync(Ann);
        Check(added.RefusedWhole ?? FaultOf(added.Additions.Single()));
        (added.RefusedWhole is not null).ShouldBe(isOfTheCredential);
        Aws.Group.Rules.ShouldBeEmpty();

        (await AddAsync(Ann)).Additions.Single().ShouldBeOfType<RuleOutcome.Applied>();
        Aws.Server.Next(Revoke, new Ec2Exception(code, status, "some words of AWS"));
        var removed = await RemoveAsync(Ann);
        Check(removed.RefusedWhole ?? FaultOf(removed.Removals.Single()));
        Aws.Group.Rules.ShouldHaveSingleItem();

        Aws.Server.Next("DescribeSecurityGroupRules", new Ec2Exception(code, status, "some words of AWS"));
        Check((await Aws.Aws.ListAsync(Context(), Ct)).Fault!);

        void Check(RuleFault fault)
        {
            (fault.Code, fault.IsPermanent, fault.IsCredentialFault, fault.IsConnectionFault).ShouldBe((ours, isPermanent, isOfTheCredential, false));
            fault.Message.Length.ShouldBeGreaterThan(20);
        }
    }

    [Theory]
    [InlineData("InternalError", 500)]
    [InlineData("InternalFailure", 500)]
    [InlineData("GatewayTimeout", 504)]
    public async Task An_error_within_AWS_says_nothing_about_the_change(string code, int status)
    {
        Aws.Server.Next(Authorize, new Ec2Exception(code, status, "An internal error has occurred"));
        (await AddAsync(Ann)).Additions.Single().ShouldBeOfType<RuleOutcome.Unknown>();
        await AddAsync(Ann);
        Aws.Server.Next(Revoke, new Ec2Exception(code, status, "An internal error has occurred"));
        (await RemoveAsync(Ann)).Removals.Single().ShouldBeOfType<RuleOutcome.Unknown>();
        Aws.Server.Next("DescribeSecurityGroupRules", new Ec2Exception(code, status, "An internal error has occurred"));
        var fault = (await Aws.Aws.ListAsync(Context(), Ct)).Fault!;
        (fault.Code, fault.IsPermanent).ShouldBe(("UNAVAILABLE", false));
    }

    [Fact]
    public async Task A_duplicate_that_no_list_explains_is_left_to_the_next_list()
    {
        Aws.Server.Next(Authorize, new Ec2Exception("InvalidPermission.Duplicate", 400, "the specified rule already exists"));
        (await AddAsync(Ann)).Additions.Single().ShouldBeOfType<RuleOutcome.SatisfiedByForeign>();
        Aws.Server.Next(Authorize, new Ec2Exception("InvalidPermission.Duplicate", 400, "the specified rule already exists"));
        var whole = (await ApplyAsync(new RuleChanges([], [Addition(Ann), Addition(Bob)]))).RefusedWhole.ShouldNotBeNull();
        (whole.Code, whole.IsPermanent).ShouldBe(("DUPLICATE", true));
    }

    [Theory]
    [InlineData("InvalidSecurityGroupRuleId.NotFound")]
    [InlineData("InvalidPermission.NotFound")]
    public async Task A_rule_that_is_not_there_any_more_is_gone(string code)
    {
        await AddAsync(Ann);
        await AddAsync(Bob);
        Aws.Server.Next(Revoke, new Ec2Exception(code, 400, "does not exist"));
        (await RemoveAsync(Ann)).Removals.Single().ShouldBeOfType<RuleOutcome.AlreadyGone>();

        // Two at once, and nobody says which: neither is said to be gone.
        Aws.Server.Next(Revoke, new Ec2Exception(code, 400, "does not exist"));
        var both = await ApplyAsync(new RuleChanges([Removal(Ann), Removal(Bob)], []));
        both.Removals.ShouldAllBe(o => o is RuleOutcome.Failed);
    }

    [Fact]
    public async Task A_malformed_rule_id_is_refused_as_a_value()
    {
        await AddAsync(Ann);
        Aws.Server.Next(Revoke, new Ec2Exception("InvalidSecurityGroupRuleId.Malformed", 400, "Invalid id"));
        (await RemoveAsync(Ann)).Removals.Single().ShouldBeOfType<RuleOutcome.Rejected>().Fault.Code.ShouldBe("INVALID_VALUE");
    }

    [Fact]
    public async Task A_wait_may_be_named_as_a_date()
    {
        Aws.Server.Next(Authorize, Ec2Exception.Throttled((Clock.GetUtcNow() + TimeSpan.FromSeconds(40)).ToString("R")));
        FaultOf((await AddAsync(Ann)).Additions.Single()).RetryAfter!.Value.ShouldBeInRange(TimeSpan.FromSeconds(38), TimeSpan.FromSeconds(41));
    }

    [Theory]
    [InlineData(Ec2Trouble.Garbage, typeof(RuleOutcome.Unknown))]
    [InlineData(Ec2Trouble.Half, typeof(RuleOutcome.Unknown))]
    [InlineData(Ec2Trouble.BadGateway, typeof(RuleOutcome.Unknown))]
    [InlineData(Ec2Trouble.LostBefore, typeof(RuleOutcome.Unknown))]
    [InlineData(Ec2Trouble.Impatient, typeof(RuleOutcome.Unknown))]
    public async Task What_is_no_answer_proves_nothing(Ec2Trouble trouble, Type expected)
    {
        Aws.Server.Next(Authorize, trouble);
        (await AddAsync(Ann)).Additions.Single().ShouldBeOfType(expected);
        Aws.Server.Next("DescribeSecurityGroupRules", trouble);
        (await Aws.Aws.ListAsync(Context(), Ct)).Fault!.IsPermanent.ShouldBeFalse();
        Aws.Server.Next("GetCallerIdentity", trouble);
        (await Aws.Aws.VerifyAsync(Context(), Ct)).Outcome.ShouldBe(VerifyOutcome.Unreachable);
        Aws.Server.Journal.Count(c => c.Action == Authorize).ShouldBe(1);   // once: nothing below us sends again
    }

    [Fact]
    public async Task Garbage_is_in_the_log_short_on_one_line_and_nowhere_else()
    {
        Aws.Server.Next(Authorize, Ec2Trouble.Garbage);
        var outcome = (await AddAsync(Ann)).Additions.Single();
        outcome.ToString().ShouldNotContain("hotel");
        var line = Aws.Log.Lines.Single(l => l.Contains("not AWS"));
        line.ShouldContain("\\u000d\\u000aSign in to the <b>hotel");
        line.ShouldNotContain('\n');
    }

    [Fact]
    public async Task Who_cannot_be_reached_is_said_with_the_reason()
    {
        var nobody = new { accessKeyId = "AKIA7", secretAccessKey = "s", endpointUrl = $"http://127.0.0.1:{GateHarness.FreePort()}" };
        var report = await Aws.Aws.VerifyAsync(Context(Aws.Credential(secret: nobody)), Ct);
        report.Outcome.ShouldBe(VerifyOutcome.Unreachable);
        report.Message.ShouldContain("127.0.0.1:");
    }

    [Fact]
    public async Task A_call_without_an_answer_ends_in_time_and_is_unknown()
    {
        Aws.Server.Next(Authorize, Ec2Trouble.Hang);
        var call = AddAsync(Ann);
        await Aws.Server.Hanging;
        Clock.Advance(TimeSpan.FromSeconds(13));
        (await call).Additions.Single().ShouldBeOfType<RuleOutcome.Unknown>();
        Aws.Group.Rules.ShouldHaveSingleItem();
        Aws.Server.Next("DescribeSecurityGroupRules", Ec2Trouble.Hang);
        var list = Aws.Aws.ListAsync(Context(), Ct);
        await Aws.Server.Hanging;
        Clock.Advance(TimeSpan.FromSeconds(13));
        (await list).Fault!.Code.ShouldBe("NO_ANSWER");
    }

    private static RuleFault FaultOf(RuleOutcome outcome) => outcome switch
    {
        RuleOutcome.Rejected rejected => rejected.Fault,
        RuleOutcome.Failed failed => failed.Fault,
        _ => throw new ShouldAssertException(outcome.ToString()),
    };
}
