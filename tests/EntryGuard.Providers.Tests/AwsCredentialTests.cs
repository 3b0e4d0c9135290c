using System.Text.Json;
using EntryGuard.Domain.Net;
using EntryGuard.Domain.Providers;
using EntryGuard.Providers.Http;
using EntryGuard.Testing.FakeEc2;

namespace EntryGuard.Providers.Tests;

/// <summary>The three kinds of credential against the fake's STS, where they may lead, and that nothing repeats what is secret.</summary>
public sealed class AwsCredentialTests : AwsTest
{
    private const string Ann = "203.0.113.7";
    private const string Bob = "203.0.113.8";

    [Fact]
    public async Task A_role_is_assumed_with_the_organizations_external_id_and_again_before_its_hour_is_over()
    {
        Aws.Own = Aws.Server.Keys.Add("555555555555");
        var role = Aws.Server.Keys.AddRole(AwsHarness.Account, "entryguard", AwsHarness.ExternalId);
        var credential = Role(role.Arn);
        (await Aws.Aws.VerifyAsync(Context(credential), Ct)).Identity.ShouldBe($"{AwsHarness.Account}@{Aws.Server.Url.Authority}");
        (await AddAsync(Ann, credential)).Additions.Single().ShouldBeOfType<RuleOutcome.Applied>();
        var assumed = Aws.Server.Journal.Where(c => c.Action == "AssumeRole").ShouldHaveSingleItem().Parameters;
        (assumed["ExternalId"], assumed["DurationSeconds"], assumed["RoleSessionName"]).ShouldBe((AwsHarness.ExternalId, "3600", $"entryguard-{Aws.Organization.Value:N}"));

        Clock.Advance(TimeSpan.FromMinutes(54));
        await AddAsync(Bob, credential);
        Aws.Server.Journal.Count(c => c.Action == "AssumeRole").ShouldBe(1);
        Clock.Advance(TimeSpan.FromMinutes(2));
        (await RemoveAsync(Bob, credential)).Removals.Single().ShouldBeOfType<RuleOutcome.Removed>();
        Aws.Server.Journal.Count(c => c.Action == "AssumeRole").ShouldBe(2);
    }

    [Fact]
    public async Task A_session_that_AWS_ends_early_is_replaced_and_the_call_is_no_failure_for_good()
    {
        Aws.Own = Aws.Server.Keys.Add("555555555555");
        var credential = Role(Aws.Server.Keys.AddRole(AwsHarness.Account, "entryguard", AwsHarness.ExternalId).Arn);
        Aws.Server.Next("DescribeSecurityGroupRules", new Ec2Exception("RequestExpired", 400, "Request has expired."));
        (await AddAsync(Ann, credential)).Additions.Single().ShouldBeOfType<RuleOutcome.Failed>().Fault.IsCredentialFault.ShouldBeFalse();
        (await AddAsync(Ann, credential)).Additions.Single().ShouldBeOfType<RuleOutcome.Applied>();
        Aws.Server.Journal.Count(c => c.Action == "AssumeRole").ShouldBe(2);
    }

    [Fact]
    public async Task A_role_whose_trust_demands_another_external_id_is_not_ours()
    {
        Aws.Own = Aws.Server.Keys.Add("555555555555");
        var credential = Role(Aws.Server.Keys.AddRole(AwsHarness.Account, "entryguard", "another organization's").Arn);
        var report = await Aws.Aws.VerifyAsync(Context(credential), Ct);
        (report.Outcome, report.Identity).ShouldBe((VerifyOutcome.Invalid, null));
        report.Message.ShouldContain("external id");
        var fault = (await AddAsync(Ann, credential)).RefusedWhole.ShouldNotBeNull();
        (fault.Code, fault.IsPermanent, fault.IsCredentialFault).ShouldBe(("CREDENTIAL", true, true));
    }

    [Fact]
    public async Task Without_an_identity_of_its_own_the_server_can_assume_no_role_and_says_so()
    {
        var credential = Role("arn:aws:iam::123456789012:role/entryguard");
        (await Aws.Aws.VerifyAsync(Context(credential), Ct)).Message.ShouldContain("no AWS identity of its own");
        Aws.Own = Aws.Server.Keys.Add("555555555555");
        var role = Aws.Server.Keys.AddRole(AwsHarness.Account, "entryguard", AwsHarness.ExternalId);
        (await AddAsync(Ann, Role(role.Arn))).Additions.Single().ShouldBeOfType<RuleOutcome.Applied>();

        // An identity that is gone for a while is no reason to give up for good.
        Aws.Own = null;
        Clock.Advance(TimeSpan.FromHours(1));
        (await RemoveAsync(Ann, Role(role.Arn))).Removals.Single().ShouldBeOfType<RuleOutcome.Failed>().Fault.IsPermanent.ShouldBeFalse();
    }

    [Fact]
    public async Task The_servers_own_identity_is_for_organizations_the_operator_names_and_losing_the_leave_stops_no_closing()
    {
        Aws.Own = Aws.Server.Keys.Add(AwsHarness.Account);
        var credential = Aws.Credential("DEFAULT_CHAIN", new { endpointUrl = Aws.Server.Url });
        Aws.Aws.CheckCredential(Aws.Organization, "DEFAULT_CHAIN", "{}").ShouldNotBeNull().ShouldContain("EntryGuard:Aws:DefaultChain");
        (await Aws.Aws.VerifyAsync(Context(credential), Ct)).IsValid.ShouldBeFalse();

        using var allowing = Aws.NewProvider(new EndpointLimits([], [Cidr.Parse("127.0.0.0/8")]), Aws.Organization);
        allowing.CheckCredential(Aws.Organization, "DEFAULT_CHAIN", "{}").ShouldBeNull();
        allowing.CheckCredential(new Domain.OrganizationId(Guid.NewGuid()), "DEFAULT_CHAIN", "{}").ShouldNotBeNull();
        (await allowing.VerifyAsync(Context(credential), Ct)).IsValid.ShouldBeTrue();
        (await allowing.ApplyAsync(Context(credential), new RuleChanges([], [Addition(Ann)]), Ct)).Additions.Single().ShouldBeOfType<RuleOutcome.Applied>();

        var result = await ApplyAsync(new RuleChanges([Removal(Ann)], [Addition(Bob)]), credential);
        result.Removals.Single().ShouldBeOfType<RuleOutcome.Removed>();
        result.Additions.Single().ShouldBeOfType<RuleOutcome.Rejected>().Fault.Code.ShouldBe("NOT_ALLOWED");
    }

    [Fact]
    public async Task A_new_secret_counts_from_the_next_call_on_and_what_is_in_flight_ends_on_the_old_one()
    {
        var old = Aws.Credential();
        Aws.Server.Next(Authorize, Ec2Trouble.Hang);
        using var giveUp = new CancellationTokenSource();
        var inFlight = Aws.Aws.ApplyAsync(Context(old), new RuleChanges([], [Addition(Ann)]), giveUp.Token);
        await Aws.Server.Hanging;
        var key = Aws.Server.Keys.Add(AwsHarness.Account);
        var renewed = Aws.Credential(secret: new { accessKeyId = key.Id, secretAccessKey = key.Secret, endpointUrl = Aws.Server.Url });
        (await AddAsync(Bob, renewed)).Additions.Single().ShouldBeOfType<RuleOutcome.Applied>();
        inFlight.IsCompleted.ShouldBeFalse();
        await giveUp.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => inFlight);
        Aws.Server.Keys.Remove(Aws.Key);
        (await RemoveAsync(Bob, old)).RefusedWhole!.Code.ShouldBe("CREDENTIAL");
        (await RemoveAsync(Bob, renewed)).Removals.Single().ShouldBeOfType<RuleOutcome.Removed>();
    }

    [Fact]
    public async Task A_wrong_secret_is_told_apart_from_a_wrong_right()
    {
        var wrong = Aws.Credential(secret: new { accessKeyId = Aws.Key.Id, secretAccessKey = "hunter2hunter2", endpointUrl = Aws.Server.Url });
        var report = await Aws.Aws.VerifyAsync(Context(wrong), Ct);
        (report.Outcome, report.Message.Contains("does not accept the credential")).ShouldBe((VerifyOutcome.Invalid, true));
        report.Message.ShouldNotContain("hunter2");
    }

    [Theory]
    [InlineData("ACCESS_KEY", "{}", "has no accessKeyId; has no secretAccessKey")]
    [InlineData("ACCESS_KEY", """{ "accessKeyId": 7, "secretAccessKey": "hunter2 hunter2", "sessionToken": "" }""", "accessKeyId that is not; secretAccessKey that is not; sessionToken that is not")]
    [InlineData("ACCESS_KEY", """{ "accessKeyId": "AKIA7", "secretAccessKey": "hunter2", "region": "x" }""", "unknown field region")]
    [InlineData("ACCESS_KEY", """{ "accessKeyId": "AKIA7", "secretAccessKey": "hunter2", "endpointUrl": "ftp://hunter2", "stsEndpointUrl": 4 }""", "endpointUrl; stsEndpointUrl")]
    [InlineData("ASSUME_ROLE", """{ "roleArn": "hunter2" }""", "roleArn that is not")]
    [InlineData("ASSUME_ROLE", """{ "roleArn": "arn:aws:iam::123456789012:user/hunter2", "externalId": "mine" }""", "unknown field externalId; roleArn that is not")]
    [InlineData("DEFAULT_CHAIN", """{ "accessKeyId": "hunter2" }""", "unknown field accessKeyId; EntryGuard:Aws:DefaultChain")]
    [InlineData("TOKEN", "{}", "unknown type")]
    [InlineData("ACCESS_KEY", "[]", "must be an object")]
    [InlineData("ACCESS_KEY", "hunter2", "is no JSON")]
    public void A_secret_of_the_wrong_shape_is_refused_with_all_that_is_wrong_and_without_its_values(string type, string secret, string said)
    {
        var fault = Aws.Aws.CheckCredential(Aws.Organization, type, secret).ShouldNotBeNull();
        foreach (var part in said.Split("; "))
            fault.ShouldContain(part);
        fault.ShouldNotContain("hunter2");
    }

    [Theory]
    [InlineData("ACCESS_KEY", """{ "accessKeyId": "AKIAIOSFODNN7EXAMPLE", "secretAccessKey": "wJalrXUtnFEMI/K7MDENG+bPxRfiCY", "sessionToken": "FwoG==" }""")]
    [InlineData("ASSUME_ROLE", """{ "roleArn": "arn:aws-cn:iam::123456789012:role/path/entryguard", "endpointUrl": "https://ec2.example.org", "stsEndpointUrl": "https://sts.example.org/sts" }""")]
    public void A_secret_of_the_right_shape_is_taken(string type, string secret) => Aws.Aws.CheckCredential(Aws.Organization, type, secret).ShouldBeNull();

    [Theory]
    [InlineData("http://169.254.169.254", "metadata")]
    [InlineData("https://169.254.169.254/latest", "metadata")]
    [InlineData("https://[fd00:ec2::254]", "metadata")]
    [InlineData("http://ec2.example.org", "not encrypted")]
    [InlineData("https://10.1.2.3", "EntryGuard:PrivateEndpoints")]
    [InlineData("https://user@ec2.example.org", "user name")]
    public void E32_An_endpoint_that_may_not_be_reached_is_refused_when_it_is_stored(string url, string why)
    {
        using var provider = Aws.NewProvider(EndpointLimits.Default);
        foreach (var field in new[] { "endpointUrl", "stsEndpointUrl" })
        {
            var secret = JsonSerializer.Serialize(new Dictionary<string, string> { ["accessKeyId"] = "AKIA7", ["secretAccessKey"] = "s", [field] = url });
            provider.CheckCredential(Aws.Organization, "ACCESS_KEY", secret).ShouldNotBeNull().ShouldContain(why);
        }
    }

    [Fact]
    public async Task E32_An_endpoint_whose_name_leads_where_it_must_not_is_refused_when_it_is_dialled()
    {
        using var provider = Aws.NewProvider(EndpointLimits.Default);
        var secret = new { accessKeyId = "AKIA7", secretAccessKey = "s", endpointUrl = $"https://localhost:{Aws.Server.Url.Port}" };
        provider.CheckCredential(Aws.Organization, "ACCESS_KEY", JsonSerializer.Serialize(secret)).ShouldBeNull();   // a name says nothing yet
        var context = Context(Aws.Credential(secret: secret));
        var report = await provider.VerifyAsync(context, Ct);
        (report.Outcome, report.Message.Contains("EntryGuard:PrivateEndpoints")).ShouldBe((VerifyOutcome.Invalid, true));
        var fault = (await provider.ListAsync(context, Ct)).Fault.ShouldNotBeNull();
        (fault.Code, fault.IsPermanent).ShouldBe(("ENDPOINT_NOT_ALLOWED", true));
        (await provider.ApplyAsync(context, new RuleChanges([], [Addition(Ann)]), Ct)).Additions.Single().ShouldBeOfType<RuleOutcome.Rejected>().Fault.Code.ShouldBe("ENDPOINT_NOT_ALLOWED");
        Aws.Server.Journal.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("eu-central-1")]
    [InlineData("cn-north-1")]
    [InlineData("us-gov-west-1")]
    public async Task A_credential_without_an_endpoint_is_for_AWS_itself(string region)
    {
        // Given up before anything is sent: no test calls AWS.
        var context = Context(Aws.Credential(secret: new { accessKeyId = "AKIA7", secretAccessKey = "s" }));
        context = context with { Config = context.Config with { Region = region } };
        await Should.ThrowAsync<OperationCanceledException>(() => Aws.Aws.VerifyAsync(context, new CancellationToken(true)));
    }

    [Fact]
    public async Task Two_clouds_with_one_account_number_are_two_identities()
    {
        await using var other = new AwsHarness { Time = Clock };
        await other.StartAsync();
        var (here, there) = ((await Aws.Aws.VerifyAsync(Context(), Ct)).Identity, (await other.Aws.VerifyAsync(other.Context(), Ct)).Identity);
        here.ShouldNotBe(there);

        // Who says which account it is counts too, not only where the group is.
        var mixed = Aws.Credential(secret: new { accessKeyId = other.Key.Id, secretAccessKey = other.Key.Secret, endpointUrl = Aws.Server.Url, stsEndpointUrl = other.Server.Url });
        var report = await Aws.Aws.VerifyAsync(Context(mixed), Ct);
        report.IsValid.ShouldBeFalse();
        Aws.Aws.KeysOf(Context().Config, here!).ShouldBe(new AllowListKeys(
            new Domain.AllowListKey($"aws:{AwsHarness.Account}@{Aws.Server.Url.Authority}:eu-central-1:{AwsHarness.GroupId}"), $"aws:{AwsHarness.Account}@{Aws.Server.Url.Authority}:eu-central-1"));
    }

    [Fact]
    public async Task E31_No_secret_is_in_any_answer_or_log_line()
    {
        Aws.Own = Aws.Server.Keys.Add("555555555555");
        var role = Aws.Server.Keys.AddRole(AwsHarness.Account, "entryguard", AwsHarness.ExternalId);
        var said = new List<string?>();
        await TryAsync(Aws.Credential());
        Aws.Server.Next("AssumeRole", Ec2Trouble.Half);
        said.Add(string.Join(" ", (await AddAsync(Ann, Role(role.Arn))).Additions));
        await TryAsync(Role(role.Arn));

        // The session's key does not fit its token any more: AWS repeats the request, token and all, in its words.
        foreach (var code in new[] { "SignatureDoesNotMatch", "InvalidParameterValue", "SomethingNew" })
        {
            var token = Aws.Server.Keys.Tokens[^1];
            Aws.Server.Next("DescribeSecurityGroupRules", new Ec2Exception(code, 400, $"should have been 'x-amz-security-token:{token}'"));
            await TryAsync(Role(role.Arn));
        }

        var secrets = Aws.Server.Keys.Secrets.Concat(Aws.Server.Keys.Tokens).ToList();
        secrets.Count.ShouldBeGreaterThan(3);
        foreach (var text in said.Concat(Aws.Log.Lines))
            secrets.ShouldAllBe(secret => !text!.Contains(secret));

        async Task TryAsync(ProviderCredential credential)
        {
            foreach (var trouble in Enum.GetValues<Ec2Trouble>().Where(t => t != Ec2Trouble.Hang))
            {
                Aws.Server.Next(Authorize, trouble);
                said.Add(string.Join(" ", (await AddAsync(Ann, credential)).Additions));
                said.Add((await RemoveAsync(Ann, credential)).ToString());
            }

            said.Add((await Aws.Aws.ListAsync(Context(credential), Ct)).ToString());
            said.Add((await Aws.Aws.VerifyAsync(Context(credential), Ct)).ToString());
            said.Add(Context(credential).ToString());
            said.Add(credential.ToString());
        }
    }

    private ProviderCredential Role(string arn) => Aws.Credential("ASSUME_ROLE", new { roleArn = arn, endpointUrl = Aws.Server.Url });
}
