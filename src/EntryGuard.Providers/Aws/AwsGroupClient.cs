using Amazon.EC2.Model;
using EntryGuard.Domain.Providers;

namespace EntryGuard.Providers.Aws;

/// <summary>The requests about one security group, within one call of the engine.</summary>
/// <param name="limit">The call's time is up, or it is given up.</param>
/// <param name="asked">It is given up.</param>
internal sealed class AwsGroupClient(AwsConnection connection, string group, string region, CancellationToken limit, CancellationToken asked)
{
    // EC2 API reference, DescribeSecurityGroupRules: from 5 to 1000.
    private const int PageSize = 1000;

    // 100 pages hold a hundred times what a group can; an endpoint that always names a next page must not hold us for ever.
    private const int MostPages = 100;

    public string Subject { get; } = $"{group} in {region}";

    public Task<AwsAnswer<string>> IdentityAsync() => connection.IdentityAsync(limit, asked);

    /// <summary>Every inbound rule; none only if there is a group that has none.</summary>
    public async Task<AwsAnswer<IReadOnlyList<SecurityGroupRule>>> RulesAsync()
    {
        var rules = new List<SecurityGroupRule>();
        string? next = null;
        for (var page = 0; page < MostPages; page++)
        {
            var request = new DescribeSecurityGroupRulesRequest
            {
                Filters = [new Filter("group-id", [group])],
                MaxResults = PageSize,
                NextToken = next,
            };
            var (answer, fault) = await connection.Ec2Async(
                "DescribeSecurityGroupRules", Subject, (ec2, ct) => ec2.DescribeSecurityGroupRulesAsync(request, ct), limit, asked);
            if (fault is not null)
                return new(null, fault);
            rules.AddRange(answer?.SecurityGroupRules ?? []);
            next = answer?.NextToken;
            if (!string.IsNullOrEmpty(next))
                continue;

            // A filter that finds nothing is no fault: a group that is gone, or another account's, lists as empty.
            if (rules.Count == 0 && (await FindAsync()).Fault is { } gone)
                return new(null, gone);
            return new([.. rules.Where(rule => rule.IsEgress != true)], null);
        }

        return new(null, new AwsFault(new RuleFault("GARBAGE", "The list of the group's rules has no end.", false), null, false));
    }

    /// <summary>The group itself; a fault if it is not there.</summary>
    public async Task<AwsAnswer<SecurityGroup>> FindAsync()
    {
        var (answer, fault) = await connection.Ec2Async(
            "DescribeSecurityGroups", Subject, (ec2, ct) => ec2.DescribeSecurityGroupsAsync(new DescribeSecurityGroupsRequest { GroupIds = [group] }, ct), limit, asked);
        if (fault is not null)
            return new(null, fault);
        return answer?.SecurityGroups?.Find(g => g.GroupId == group) is { } found
            ? new(found, null)
            : new(null, new AwsFault(new RuleFault("GARBAGE", $"Asked for {Subject}, the endpoint names other groups.", false), null, false));
    }

    /// <summary>
    /// The group is gone, and that is known: this credential works, belongs to the account under which the allow-list was verified, and is told
    /// that there is no such group. "Not there" alone is also what another account's credential is told.
    /// </summary>
    public async Task<bool> IsGoneAsync(ProviderContext context)
    {
        if (context.Key is not { } key)
            return false;
        var (identity, _) = await IdentityAsync();
        return identity is not null && AwsSecurityGroupProvider.KeyOf(identity, region, group) == key
            && (await FindAsync()).Fault is { AwsCode: "InvalidGroup.NotFound" };
    }

    public async Task<AwsAnswer<AuthorizeSecurityGroupIngressResponse>> AuthorizeAsync(List<IpPermission> permissions, bool dry) =>
        await connection.Ec2Async(
            "AuthorizeSecurityGroupIngress", Subject,
            (ec2, ct) => ec2.AuthorizeSecurityGroupIngressAsync(
                new AuthorizeSecurityGroupIngressRequest { GroupId = group, IpPermissions = permissions, DryRun = dry ? true : null }, ct),
            limit, asked);

    public Task<AwsAnswer<RevokeSecurityGroupIngressResponse>> RevokeAsync(List<string> ids) =>
        RevokeAsync(new RevokeSecurityGroupIngressRequest { GroupId = group, SecurityGroupRuleIds = ids });

    /// <summary>Changes nothing, whether or not there is such a rule.</summary>
    public Task<AwsAnswer<RevokeSecurityGroupIngressResponse>> RevokeDryAsync(List<IpPermission> permissions) =>
        RevokeAsync(new RevokeSecurityGroupIngressRequest { GroupId = group, IpPermissions = permissions, DryRun = true });

    /// <inheritdoc cref="RevokeDryAsync(List{IpPermission})"/>
    public Task<AwsAnswer<RevokeSecurityGroupIngressResponse>> RevokeDryAsync(string id) =>
        RevokeAsync(new RevokeSecurityGroupIngressRequest { GroupId = group, SecurityGroupRuleIds = [id], DryRun = true });

    /// <summary>What a list shows, as the engine reads it.</summary>
    public static RuleSnapshot Snapshot(IReadOnlyList<SecurityGroupRule> rules, int quota, DateTimeOffset askedAt) =>
        new([.. rules.Select(AwsRules.Read).OfType<ObservedRule>()], true, askedAt)
        {
            Quotas = [AwsRules.Quota(rules, 4, quota), AwsRules.Quota(rules, 6, quota)],
        };

    private Task<AwsAnswer<RevokeSecurityGroupIngressResponse>> RevokeAsync(RevokeSecurityGroupIngressRequest request) => connection.Ec2Async(
        "RevokeSecurityGroupIngress", Subject, (ec2, ct) => ec2.RevokeSecurityGroupIngressAsync(request, ct), limit, asked);
}
