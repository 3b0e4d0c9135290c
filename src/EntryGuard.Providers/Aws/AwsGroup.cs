using System.Collections.Immutable;
using System.Text.Json;
using System.Text.RegularExpressions;
using EntryGuard.Domain.Providers;
using EntryGuard.Domain.Rules;

namespace EntryGuard.Providers.Aws;

/// <summary>A security group as its admin described it: ports as <see cref="PortConfig"/> reads them, and perhaps a <c>quota</c>.</summary>
/// <param name="Id">"sg-0123456789abcdef0".</param>
/// <param name="Region">"eu-central-1".</param>
/// <param name="Scopes">What one address is let in to.</param>
/// <param name="Quota">Most inbound rules of one address family; adjustable per AWS account, so the admin may say what theirs is.</param>
public sealed partial record AwsGroup(string Id, string Region, ImmutableArray<Scope> Scopes, int Quota)
{
    /// <summary>Inbound rules per group and address family, unless AWS raised it for the account. Source: Amazon VPC quotas.</summary>
    public const int UsualQuota = 60;

    /// <summary>What <see cref="Read"/> accepts.</summary>
    internal static IReadOnlyList<FieldDescription> Fields { get; } =
    [
        new(ProviderDescription.Identifier, "Security group ID", FieldKind.Text) { IsRequired = true, Example = "sg-0123456789abcdef0" },
        new(ProviderDescription.Region, "Region", FieldKind.Text) { IsRequired = true, Example = "eu-central-1" },
        .. PortConfig.Fields,
        new("config.quota", "Inbound rule quota", FieldKind.Number)
        {
            Hint = $"How many inbound rules of one address family AWS grants the group, 1 to 1000; without it, {UsualQuota}.",
            Example = "60",
        },
    ];

    /// <summary>Reads and checks. All errors at once, by field; null exactly if there are any.</summary>
    public static AwsGroup? Read(ResourceConfig config, Dictionary<string, string> errors)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(errors);
        ReadPlace(config, errors);
        var scopes = PortConfig.Read(config.Settings, errors, "quota");
        var quota = ReadQuota(config.Settings, errors);
        return errors.Count > 0 ? null : new AwsGroup(config.Identifier, config.Region!, scopes, quota);
    }

    /// <summary>Which group, and where: what a removal needs, whatever is wrong with the rest. False, with all errors: not even that can be read.</summary>
    public static bool ReadPlace(ResourceConfig config, Dictionary<string, string> errors)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(errors);
        if (!GroupId().IsMatch(config.Identifier))
            errors["resourceIdentifier"] = "must be the id of a security group, such as sg-0123456789abcdef0";
        if (string.IsNullOrEmpty(config.Region))
            errors["region"] = "is missing; write the group's region, such as eu-central-1";
        else if (!RegionName().IsMatch(config.Region))
            errors["region"] = "is no name of a region; write the group's, such as eu-central-1";
        return !errors.ContainsKey("resourceIdentifier") && !errors.ContainsKey("region");
    }

    private static int ReadQuota(JsonElement settings, Dictionary<string, string> errors)
    {
        if (settings.ValueKind != JsonValueKind.Object || !settings.TryGetProperty("quota", out var value))
            return UsualQuota;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var quota) && quota is >= 1 and <= 1000)
            return quota;
        errors["config.quota"] = $"must be a whole number from 1 to 1000: how many inbound rules of one family AWS grants the group; without it, {UsualQuota}";
        return UsualQuota;
    }

    [GeneratedRegex(@"\Asg-[0-9a-f]{8,17}\z")]
    private static partial Regex GroupId();

    [GeneratedRegex(@"\A[a-z]{2,}(-[a-z]+)+-[0-9]\z")]
    private static partial Regex RegionName();
}
