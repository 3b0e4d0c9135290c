using System.Diagnostics;
using System.Text.Json;
using Amazon.EC2;
using Amazon.EC2.Model;
using Amazon.Runtime;
using EntryGuard.Testing.FakeEc2;

namespace EntryGuard.Providers.Tests;

/// <summary>The fake is itself checked, by clients that nobody here wrote: the SDK, and Debian's awscli.</summary>
public sealed class FakeEc2Tests : IAsyncLifetime
{
    private const string Region = "eu-central-1";
    private const string Id = "sg-0123456789abcdef0";
    private readonly string home = Directory.CreateTempSubdirectory("entryguard-aws").FullName;
    private Ec2Server server = null!;
    private Ec2Group group = null!;
    private Ec2Key key = null!;
    private AmazonEC2Client ec2 = null!;

    public async ValueTask InitializeAsync()
    {
        server = await Ec2Server.StartAsync();
        group = server.AddGroup(Id, "123456789012", Region);
        key = server.Keys.Add("123456789012");
        ec2 = new AmazonEC2Client(key.Id, key.Secret, new AmazonEC2Config { ServiceURL = server.Url.AbsoluteUri, AuthenticationRegion = Region, MaxErrorRetry = 0 });
    }

    public async ValueTask DisposeAsync()
    {
        ec2.Dispose();
        await server.DisposeAsync();
        Directory.Delete(home, true);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Revoking_by_properties_what_is_not_there_differs_in_a_default_VPC(bool isDefault)
    {
        group.IsInDefaultVpc = isDefault;
        group.AddForeign("203.0.113.7/32");
        var request = new RevokeSecurityGroupIngressRequest { GroupId = Id, IpPermissions = [Permission("203.0.113.7/32"), Permission("203.0.113.8/32")] };
        if (isDefault)
        {
            var answer = await ec2.RevokeSecurityGroupIngressAsync(request);
            answer.UnknownIpPermissions.ShouldHaveSingleItem().Ipv4Ranges.ShouldHaveSingleItem().CidrIp.ShouldBe("203.0.113.8/32");
            answer.RevokedSecurityGroupRules.ShouldHaveSingleItem().CidrIpv4.ShouldBe("203.0.113.7/32");
            group.Rules.ShouldBeEmpty();
        }
        else
        {
            (await Code(() => ec2.RevokeSecurityGroupIngressAsync(request))).ShouldBe("InvalidPermission.NotFound");
            group.Rules.ShouldHaveSingleItem();
        }
    }

    [Fact]
    public async Task A_source_is_made_canonical_and_is_then_a_duplicate_of_itself()
    {
        var made = await AuthorizeAsync("203.0.113.99/24", "2001:DB8:0::1/64");
        made.SecurityGroupRules.Select(r => r.CidrIpv4 ?? r.CidrIpv6).ShouldBe(["203.0.113.0/24", "2001:db8::/64"]);
        (await Code(() => AuthorizeAsync("203.0.113.1/24"))).ShouldBe("InvalidPermission.Duplicate");
        (await Code(() => AuthorizeAsync("198.51.100.1/32", "203.0.113.0/24"))).ShouldBe("InvalidPermission.Duplicate");
        group.Rules.Count.ShouldBe(2);   // all or nothing
    }

    [Theory]
    [InlineData("203.0.113.7", "x", "InvalidParameterValue")]
    [InlineData("203.0.113.7/33", "x", "InvalidParameterValue")]
    [InlineData("203.0.113.7/32", "<script>", "InvalidParameterValue")]
    public async Task A_value_that_is_none_is_refused(string cidr, string description, string code) =>
        (await Code(() => ec2.AuthorizeSecurityGroupIngressAsync(
            new AuthorizeSecurityGroupIngressRequest { GroupId = Id, IpPermissions = [Permission(cidr, description)] }))).ShouldBe(code);

    [Fact]
    public async Task Ids_that_are_none_and_ids_of_nothing_are_told_apart()
    {
        (await Code(() => ec2.DescribeSecurityGroupsAsync(new DescribeSecurityGroupsRequest { GroupIds = ["default"] }))).ShouldBe("InvalidGroupId.Malformed");
        (await Code(() => ec2.DescribeSecurityGroupsAsync(new DescribeSecurityGroupsRequest { GroupIds = ["sg-0fffffffffffffff0"] }))).ShouldBe("InvalidGroup.NotFound");
        (await Code(() => RevokeAsync("rule"))).ShouldBe("InvalidSecurityGroupRuleId.Malformed");
        var made = group.AddForeign("203.0.113.7/32");
        (await Code(() => RevokeAsync(made, "sgr-0ffffffffffffffff"))).ShouldBe("InvalidSecurityGroupRuleId.NotFound");
        group.Rules.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_rule_too_many_in_either_family_is_refused()
    {
        group.Quota = 1;
        await AuthorizeAsync("203.0.113.7/32");
        (await Code(() => AuthorizeAsync("203.0.113.8/32"))).ShouldBe("RulesPerSecurityGroupLimitExceeded");
        await AuthorizeAsync("2001:db8::1/128");
        (await Code(() => AuthorizeAsync("2001:db8::2/128"))).ShouldBe("RulesPerSecurityGroupLimitExceeded");
    }

    [Fact]
    public async Task A_wrong_signature_and_an_unknown_key_are_refused()
    {
        using var wrong = new AmazonEC2Client(key.Id, "not it", new AmazonEC2Config { ServiceURL = server.Url.AbsoluteUri, AuthenticationRegion = Region });
        (await Code(() => wrong.DescribeSecurityGroupsAsync())).ShouldBe("SignatureDoesNotMatch");
        using var unknown = new AmazonEC2Client("AKIANOBODY", "not it", new AmazonEC2Config { ServiceURL = server.Url.AbsoluteUri, AuthenticationRegion = Region });
        (await Code(() => unknown.DescribeSecurityGroupsAsync())).ShouldBe("AuthFailure");
    }

    [Fact]
    public async Task Debians_awscli_is_understood_and_understands()
    {
        var aws = new[] { "/usr/bin/aws", "/usr/local/bin/aws" }.Concat((Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(d => Path.Combine(d, "aws")))
            .FirstOrDefault(File.Exists);
        Assert.SkipUnless(aws is not null, "awscli is not installed");
        using (var who = await AskAsync(aws!, "sts get-caller-identity"))
            who.RootElement.GetProperty("Account").GetString().ShouldBe("123456789012");

        using (var made = await AskAsync(aws!, $"ec2 authorize-security-group-ingress --group-id {Id} --ip-permissions IpProtocol=tcp,FromPort=5432,ToPort=5432,IpRanges=[{{CidrIp=203.0.113.7/32,Description=eg:abcdefgh:aaaaaaaaaa}}] IpProtocol=58,Ipv6Ranges=[{{CidrIpv6=2001:db8::/64}}]"))
        {
            made.RootElement.GetProperty("Return").GetBoolean().ShouldBeTrue();
            made.RootElement.GetProperty("SecurityGroupRules").EnumerateArray().Select(r => r.GetProperty("IpProtocol").GetString()).ShouldBe(["tcp", "icmpv6"]);
        }

        foreach (var i in Enumerable.Range(1, 10))
            group.AddForeign($"198.51.100.{i}/32");
        using (var listed = await AskAsync(aws!, $"ec2 describe-security-group-rules --filters Name=group-id,Values={Id} --page-size 5"))
        {
            var rules = listed.RootElement.GetProperty("SecurityGroupRules").EnumerateArray().ToList();
            rules.Count.ShouldBe(12);
            rules.Single(r => r.GetProperty("SecurityGroupRuleId").GetString() == group.Rules[0].Id).GetProperty("Description").GetString().ShouldBe("eg:abcdefgh:aaaaaaaaaa");
            server.Journal.Count(c => c.Action == "DescribeSecurityGroupRules").ShouldBe(3);
        }

        var one = $"--group-id {Id} --protocol tcp --port 5432 --cidr";
        (await RunAsync(aws!, $"ec2 authorize-security-group-ingress {one} 192.0.2.1/32 --dry-run")).Error.ShouldContain("DryRunOperation");
        (await RunAsync(aws!, $"ec2 revoke-security-group-ingress {one} 192.0.2.1/32 --dry-run")).Error.ShouldContain("DryRunOperation");
        (await RunAsync(aws!, $"ec2 authorize-security-group-ingress {one} 203.0.113.7/32")).Error.ShouldContain("InvalidPermission.Duplicate");
        (await RunAsync(aws!, $"ec2 revoke-security-group-ingress {one} 192.0.2.1/32")).Error.ShouldContain("InvalidPermission.NotFound");
        group.Rules.Count.ShouldBe(12);

        // What the manual tells people to do by hand.
        using (var found = await AskAsync(aws!, $"ec2 describe-security-group-rules --filters Name=group-id,Values={Id} --query SecurityGroupRules[?starts_with(Description||'','eg:abcdefgh:')].SecurityGroupRuleId"))
            found.RootElement.EnumerateArray().Select(e => e.GetString()).ShouldBe([group.Rules[0].Id]);
        using (var gone = await AskAsync(aws!, $"ec2 revoke-security-group-ingress --group-id {Id} --security-group-rule-ids {group.Rules[0].Id}"))
            gone.RootElement.GetProperty("Return").GetBoolean().ShouldBeTrue();
        group.Rules.ShouldNotContain(r => r.Description == "eg:abcdefgh:aaaaaaaaaa");
    }

    private static IpPermission Permission(string cidr, string? description = null) => new()
    {
        IpProtocol = "tcp",
        FromPort = 5432,
        ToPort = 5432,
        Ipv4Ranges = cidr.Contains(':', StringComparison.Ordinal) ? null : [new IpRange { CidrIp = cidr, Description = description }],
        Ipv6Ranges = cidr.Contains(':', StringComparison.Ordinal) ? [new Ipv6Range { CidrIpv6 = cidr, Description = description }] : null,
    };

    private static async Task<string> Code(Func<Task> call) => (await Should.ThrowAsync<AmazonServiceException>(call)).ErrorCode;

    private Task<AuthorizeSecurityGroupIngressResponse> AuthorizeAsync(params string[] cidrs) =>
        ec2.AuthorizeSecurityGroupIngressAsync(new AuthorizeSecurityGroupIngressRequest { GroupId = Id, IpPermissions = [.. cidrs.Select(c => Permission(c))] });

    private Task<RevokeSecurityGroupIngressResponse> RevokeAsync(params string[] ids) =>
        ec2.RevokeSecurityGroupIngressAsync(new RevokeSecurityGroupIngressRequest { GroupId = Id, SecurityGroupRuleIds = [.. ids] });

    private async Task<JsonDocument> AskAsync(string aws, string command)
    {
        var (output, error) = await RunAsync(aws, command);
        error.ShouldBeEmpty();
        return JsonDocument.Parse(output);
    }

    private async Task<(string Output, string Error)> RunAsync(string aws, string command)
    {
        var start = new ProcessStartInfo(aws, $"{command} --endpoint-url {server.Url.AbsoluteUri.TrimEnd('/')} --output json")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        foreach (var (name, value) in new Dictionary<string, string>
        {
            ["AWS_ACCESS_KEY_ID"] = key.Id,
            ["AWS_SECRET_ACCESS_KEY"] = key.Secret,
            ["AWS_DEFAULT_REGION"] = Region,
            ["AWS_PAGER"] = "",
            ["AWS_MAX_ATTEMPTS"] = "1",
            ["HOME"] = home,
            ["AWS_CONFIG_FILE"] = Path.Combine(home, "config"),
            ["AWS_SHARED_CREDENTIALS_FILE"] = Path.Combine(home, "credentials"),
        })
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (await output, await error);
    }
}
