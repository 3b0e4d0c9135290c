using Amazon.EC2.Model;
using EntryGuard.Domain.Net;
using EntryGuard.Domain.Providers;
using EntryGuard.Domain.Rules;

namespace EntryGuard.Providers.Aws;

/// <summary>Would opening and closing work? Asks, and changes nothing.</summary>
internal sealed class AwsVerification(AwsGroupClient client, AwsGroup group, TimeProvider time)
{
    // RFC 5737: documentation only, so a rule for it would let nobody in.
    private static readonly Cidr Nobody = Cidr.Parse("192.0.2.1");

    public async Task<VerifyReport> RunAsync()
    {
        var (identity, unknown) = await client.IdentityAsync();
        if (identity is null)
            return VerifyReport.Of(unknown!.Fault);
        var (found, missing) = await client.FindAsync();
        if (found is null)
            return VerifyReport.Of(missing!.Fault);
        var askedAt = time.GetUtcNow();
        var (rules, blind) = await client.RulesAsync();
        if (rules is null)
            return VerifyReport.Of(blind!.Fault);

        // Taking off comes first: an endpoint that does not heed DryRun is found out by a request that has nothing to take off.
        var probe = AwsRules.Write(new RuleKey(group.Scopes[0], Nobody), "EntryGuard verification")!;
        if (Judge((await client.RevokeDryAsync([probe])).Fault, "RevokeSecurityGroupIngress") is { } closed)
            return closed;
        if (MarkedId(rules) is { } id && Judge((await client.RevokeDryAsync(id)).Fault, "RevokeSecurityGroupIngress") is { } held)
            return held;
        if (Judge((await client.AuthorizeAsync([probe], dry: true)).Fault, "AuthorizeSecurityGroupIngress") is { } shut)
            return shut;
        return VerifyReport.Valid(identity, $"Adding to and removing from {client.Subject} ({found.GroupName}) of account {identity} would work.", [.. Warnings(rules)]) with
        {
            Snapshot = AwsGroupClient.Snapshot(rules, group.Quota, askedAt),
        };
    }

    // In earnest rules are taken off by id, for which AWS asks for the right on the rule too. Only one that EntryGuard made is named, though
    // nothing is done: null, and unproven, where there is none yet.
    private static string? MarkedId(IReadOnlyList<SecurityGroupRule> rules) => rules.Select(AwsRules.Read).FirstOrDefault(o => o?.Mark is not null)?.Id;

    // With DryRun, success is an error. Source: EC2 API reference, common query parameters.
    private static VerifyReport? Judge(AwsFault? fault, string action) => fault switch
    {
        { AwsCode: "DryRunOperation" } => null,
        { Fault.Code: "FORBIDDEN" } => VerifyReport.Invalid(
            $"{fault.Fault.Message} {(action.StartsWith('R') ? "What cannot be closed is not opened." : "Rules could be removed, but not added.")}"),

        // A TEST-NET rule that stands, or does not, is found only by somebody who really tries.
        null or { Fault.Code: "NOT_FOUND" or "DUPLICATE" } => VerifyReport.Invalid(
            $"The endpoint does not heed DryRun for {action}, so the right to call it cannot be proven without a change."),
        _ => VerifyReport.Of(fault.Fault),
    };

    private static IEnumerable<string> Warnings(IReadOnlyList<SecurityGroupRule> rules)
    {
        if (rules.Any(rule => !string.IsNullOrEmpty(rule.PrefixListId)))
            yield return "The group refers to a prefix list, which counts with its largest size: it may be full before the figures here say so.";
    }
}
