using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace EntryGuard.Testing.FakeEc2;

/// <summary>What EC2 does when it is asked. Each method is one page of the EC2 API reference: API_&lt;its name&gt;.</summary>
internal sealed partial class Ec2Actions(Ec2Server server)
{
    private readonly ConcurrentDictionary<string, (Ec2Group Group, ImmutableList<Ec2Rule> View, int From)> pages = new();

    /// <summary>Throws <see cref="Ec2Exception"/>; null: no such action.</summary>
    public string? Answer(Ec2Request request, Ec2Key caller, string region)
    {
        Func<Ec2Request, Ec2Key, string, string>? action = request.Action switch
        {
            "DescribeSecurityGroups" => DescribeSecurityGroups,
            "DescribeSecurityGroupRules" => DescribeSecurityGroupRules,
            "AuthorizeSecurityGroupIngress" => AuthorizeSecurityGroupIngress,
            "RevokeSecurityGroupIngress" => RevokeSecurityGroupIngress,
            _ => null,
        };
        if (action is null)
            return null;
        if (caller.Denied.Contains(request.Action) || (caller.NamesNoRule && request.Action == "RevokeSecurityGroupIngress" && request.List("SecurityGroupRuleId").Count > 0))
            throw Ec2Exception.Unauthorized;

        // Rights are looked at, values are not: users report that a dry run succeeds with a group or a source that the real call refuses
        // (aws-sdk-ruby issue 1716, systeminit/si pull request 1862).
        return request.IsDry ? throw Ec2Exception.DryRun : action(request, caller, region);
    }

    private string DescribeSecurityGroups(Ec2Request request, Ec2Key caller, string region)
    {
        var ids = request.List("GroupId");
        var groups = ids.Count > 0 ? ids.Select(id => Find(id, caller, region)) : server.Groups.Where(g => g.Account == caller.Account && g.Region == region);
        return Ec2Xml.Answer("DescribeSecurityGroups", new XElement("securityGroupInfo", groups.Select(Ec2Xml.Group)));
    }

    private string DescribeSecurityGroupRules(Ec2Request request, Ec2Key caller, string region)
    {
        var size = server.LargestPage;
        if (request["MaxResults"] is { } text)
        {
            if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var most) || most is < 5 or > 1000)
                throw Ec2Exception.InvalidValue($"Value ({text}) for parameter maxResults is invalid. Expecting a value between 5 and 1000.");
            size = Math.Min(size, most);
        }

        (Ec2Group? Group, ImmutableList<Ec2Rule> View, int From) at;
        if (request["NextToken"] is { } token)
        {
            if (!pages.TryGetValue(token, out var known))
                throw new Ec2Exception("InvalidNextToken", 400, "The token is not valid.");
            at = known;
        }
        else
        {
            // A filter that matches nothing is no error, not even by a group that is not there.
            var ids = request.Filters().Where(f => f.Name == "group-id").SelectMany(f => f.Values).ToList();
            var group = server.Groups.FirstOrDefault(g => ids.Contains(g.Id) && g.Account == caller.Account && g.Region == region);
            at = (group, group?.Listed(server.Time.GetUtcNow()) ?? [], 0);
        }

        var page = at.View.Skip(at.From).Take(size).ToList();
        string? next = null;
        if (at.From + page.Count < at.View.Count)
            pages[next = $"{Guid.NewGuid():n}"] = (at.Group!, at.View, at.From + page.Count);
        return Ec2Xml.Answer(
            "DescribeSecurityGroupRules", new XElement("securityGroupRuleSet", page.Select(r => Ec2Xml.Rule(at.Group!, r))), Ec2Xml.Optional("nextToken", next));
    }

    // Taken as atomic: one rule that cannot be made refuses all. No page says so.
    private string AuthorizeSecurityGroupIngress(Ec2Request request, Ec2Key caller, string region)
    {
        var group = Find(request["GroupId"] ?? "", caller, region);
        var wanted = request.Permissions();
        if (wanted.Count == 0)
            throw new Ec2Exception("MissingParameter", 400, "Either 'ipPermissions' or 'securityGroupRuleIds' should be provided.");
        if (wanted.DistinctBy(r => r.Identity).Count() < wanted.Count)
            throw Ec2Exception.InvalidValue("The same permission must not appear multiple times");
        if (wanted.FirstOrDefault(r => server.Refuses is { } address && (r.CidrIpv4 == address || r.CidrIpv6 == address)) is { } spoiled)
            throw Ec2Exception.InvalidValue($"CIDR block {spoiled.CidrIpv4 ?? spoiled.CidrIpv6} is refused");
        var made = wanted.Select(r => r with { Id = group.NextId() }).ToList();
        Change(group, all =>
        {
            if (made.Find(r => all.Exists(s => s.Identity == r.Identity)) is { } twice)
                throw new Ec2Exception("InvalidPermission.Duplicate", 400, $"the specified rule \"{Words(twice)}\" already exists");
            var after = all.AddRange(made);
            if (new[] { 4, 6 }.Any(v => made.Exists(r => r.Counts(v)) && after.Count(r => r.Counts(v)) > group.Quota))
                throw new Ec2Exception("RulesPerSecurityGroupLimitExceeded", 400, "The maximum number of rules per security group has been reached.");
            return after;
        });
        return Ec2Xml.Answer(
            "AuthorizeSecurityGroupIngress", new XElement("return", true), new XElement("securityGroupRuleSet", made.Select(r => Ec2Xml.Rule(group, r))));
    }

    private string RevokeSecurityGroupIngress(Ec2Request request, Ec2Key caller, string region)
    {
        var group = Find(request["GroupId"] ?? "", caller, region);
        var ids = request.List("SecurityGroupRuleId");
        if (ids.FirstOrDefault(id => !RuleId().IsMatch(id)) is { } malformed)
            throw new Ec2Exception("InvalidSecurityGroupRuleId.Malformed", 400, $"Invalid id: \"{malformed}\" (expecting \"sgr-...\")");
        var named = request.Permissions();
        if (ids.Count == 0 && named.Count == 0)
            throw new Ec2Exception("MissingParameter", 400, "Either 'ipPermissions' or 'securityGroupRuleIds' should be provided.");
        var gone = new List<Ec2Rule>();
        var unknown = new List<Ec2Rule>();
        Change(group, all =>
        {
            // One id that is not there refuses all; by properties, so it is outside of a default VPC, and there it is no error.
            foreach (var id in ids)
                gone.Add(all.Find(r => r.Id == id && !r.IsEgress) ?? throw new Ec2Exception("InvalidSecurityGroupRuleId.NotFound", 400, $"The security group rule ID '{id}' does not exist"));
            foreach (var rule in named)
            {
                if (all.Find(r => r.Identity == rule.Identity) is { } found)
                    gone.Add(found);
                else if (group.IsInDefaultVpc)
                    unknown.Add(rule);
                else
                    throw new Ec2Exception("InvalidPermission.NotFound", 400, "The specified rule does not exist in this security group.");
            }

            return all.RemoveAll(gone.Contains);
        });
        return Ec2Xml.Answer(
            "RevokeSecurityGroupIngress", new XElement("return", true),
            unknown.Count == 0 ? null : new XElement("unknownIpPermissionSet", unknown.Select(Ec2Xml.Permission)),
            new XElement("revokedSecurityGroupRuleSet", gone.Select(r => Ec2Xml.Revoked(group, r))));
    }

    private Ec2Group Find(string id, Ec2Key caller, string region)
    {
        if (!GroupId().IsMatch(id))
            throw new Ec2Exception("InvalidGroupId.Malformed", 400, $"Invalid id: \"{id}\" (expecting \"sg-...\")");
        return server.Groups.FirstOrDefault(g => g.Id == id && g.Account == caller.Account && g.Region == region) ?? throw Ec2Exception.NoSuchGroup(id);
    }

    // "Eventual consistency in the Amazon EC2 API": what was changed may not be in the next list.
    private void Change(Ec2Group group, Func<ImmutableList<Ec2Rule>, ImmutableList<Ec2Rule>> how) =>
        group.Change(how, server.ListsLagBy > TimeSpan.Zero ? server.Time.GetUtcNow() + server.ListsLagBy : default, server.ListsLagByCalls);

    private static string Words(Ec2Rule rule) => string.Create(
        CultureInfo.InvariantCulture, $"peer: {rule.CidrIpv4 ?? rule.CidrIpv6}, {rule.Protocol.ToUpperInvariant()}, from port: {rule.From}, to port: {rule.To}, ALLOW");

    [GeneratedRegex(@"\Asg-[0-9a-f]{8,17}\z")]
    private static partial Regex GroupId();

    [GeneratedRegex(@"\Asgr-[0-9a-f]{8,17}\z")]
    private static partial Regex RuleId();
}
