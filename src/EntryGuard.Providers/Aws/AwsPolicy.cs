using System.Text.Encodings.Web;
using System.Text.Json;
using Amazon;

namespace EntryGuard.Providers.Aws;

/// <summary>The least-privilege policy for security groups. <c>sts:GetCallerIdentity</c> needs no permission.</summary>
public static class AwsPolicy
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>What the provider looks with. AWS knows no resource for these, so they are allowed on all.</summary>
    public static IReadOnlyList<string> Looking { get; } = ["ec2:DescribeSecurityGroupRules", "ec2:DescribeSecurityGroups"];

    /// <summary>What it changes with.</summary>
    public static IReadOnlyList<string> Changing { get; } = ["ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress"];

    /// <summary>An IAM policy document, as JSON.</summary>
    /// <param name="groups">Account (null: not known yet, any), region and id of each group; at least one.</param>
    /// <remarks>
    /// Rules are resources of their own, and their ids are not known before: every rule of the account and region, but only together with one
    /// of the groups. Source: service authorization reference, actions, resources, and condition keys for Amazon EC2.
    /// </remarks>
    public static string For(IEnumerable<(string? Account, string Region, string Group)> groups)
    {
        ArgumentNullException.ThrowIfNull(groups);
        IReadOnlyList<string> resources =
        [
            .. groups.Select(g => (Place: Place(g.Account, g.Region), g.Group))
                .SelectMany(g => new[] { $"{g.Place}:security-group/{g.Group}", $"{g.Place}:security-group-rule/*" }).Distinct().Order(StringComparer.Ordinal),
        ];
        IReadOnlyList<string> all = ["*"];
        return JsonSerializer.Serialize(
            new
            {
                Version = "2012-10-17",
                Statement = new[]
                {
                    new { Sid = "EntryGuardLooks", Effect = "Allow", Action = Looking, Resource = all },
                    new { Sid = "EntryGuardOpensAndCloses", Effect = "Allow", Action = Changing, Resource = resources },
                },
            },
            Readable);
    }

    private static string Place(string? account, string region) =>
        $"arn:{RegionEndpoint.GetBySystemName(region).PartitionName}:ec2:{region}:{account ?? "*"}";
}
