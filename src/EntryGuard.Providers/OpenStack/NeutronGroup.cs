using System.Collections.Immutable;
using System.Text.Json;
using EntryGuard.Domain.Providers;

namespace EntryGuard.Providers.OpenStack;

/// <summary>Rules of one group as they stand.</summary>
/// <param name="Rules">Those that let addresses in.</param>
/// <param name="IsComplete">False if there were more pages than anybody has patience for.</param>
internal sealed record GroupRules(IReadOnlyList<ObservedRule> Rules, bool IsComplete);

/// <summary>One security group, looked at.</summary>
internal sealed class NeutronGroup(NeutronSession session, string id)
{
    private const int PageSize = 500;
    private const int MostPages = 40;

    /// <summary>Every rule. A group that lists nothing at all is read itself before that is believed: one that is gone, or another project's, looks the same.</summary>
    public async Task<(GroupRules? Rules, RuleFault? Fault)> ListAsync(CancellationToken ct)
    {
        var found = new Dictionary<string, ObservedRule>();   // after a marker that is gone, Neutron begins anew: rules may come twice
        var first = $"security-group-rules?security_group_id={id}&sort_key=id&sort_dir=asc&limit={PageSize}";
        string? marker = null;
        for (var page = 0; page < MostPages; page++)
        {
            var reply = await session.SendAsync(HttpMethod.Get, marker is null ? first : $"{first}&marker={marker}", null, ct);
            if (reply.Status != 200 || !reply.IsJson || !reply.Body.TryGetProperty("security_group_rules", out var rules) || rules.ValueKind != JsonValueKind.Array)
                return (null, OpenStackFaults.OfNeutron(reply));
            if (page == 0 && rules.GetArrayLength() == 0 && await ReadAsync(ct) is { Fault: { } missing })
                return (null, missing);
            foreach (var rule in rules.EnumerateArray())
            {
                if (NeutronRule.TryRead(rule, out var read))
                    found[read.Id!] = read;
            }

            // The link itself may name a host that only the cloud's own proxy knows.
            marker = rules.EnumerateArray().LastOrDefault() is { ValueKind: JsonValueKind.Object } last && last.TryGetProperty("id", out var lastId)
                ? lastId.GetString() : null;
            if (marker is null || !HasNext(reply.Body))
                return (new GroupRules([.. found.Values], true), null);
        }

        return (new GroupRules([.. found.Values], false), null);
    }

    /// <summary>Its name and project, or why it cannot be seen.</summary>
    public async Task<(string Name, string ProjectId, RuleFault? Fault)> ReadAsync(CancellationToken ct)
    {
        var reply = await session.SendAsync(HttpMethod.Get, $"security-groups/{id}", null, ct);
        if (reply.Status != 200 || !reply.IsJson || !reply.Body.TryGetProperty("security_group", out var group) || group.ValueKind != JsonValueKind.Object)
            return ("", "", OpenStackFaults.OfNeutron(reply));
        return (Text("name"), Text("project_id"), null);

        string Text(string name) => group.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
    }

    /// <summary>
    /// Neutron says "not found" also to those who may not look. It is believed only of a credential that has just signed in afresh as whom it
    /// was, and that does see rules of its project: each project has a default group, which has some.
    /// </summary>
    /// <returns>Null if the group is gone, and its rules with it; else why that is not certain.</returns>
    public async Task<RuleFault?> WhyNotGoneAsync(CancellationToken ct)
    {
        if (await session.RenewAsync(null, ct) is { } refused)
            return refused;
        var missing = (await ReadAsync(ct)).Fault ?? new RuleFault("CONFLICT", "The security group is there again.", false);
        if (missing.Code != "NO_SUCH_GROUP")
            return missing;
        var reply = await session.SendAsync(HttpMethod.Get, "security-group-rules?fields=id&limit=1", null, ct);
        if (reply.Status != 200 || !reply.IsJson || !reply.Body.TryGetProperty("security_group_rules", out var rules) || rules.ValueKind != JsonValueKind.Array)
            return OpenStackFaults.OfNeutron(reply);
        return rules.GetArrayLength() > 0 ? null : missing;
    }

    /// <summary>Room in the project, which is shared by all of its groups; empty if it is not limited, or may not be known.</summary>
    public async Task<ImmutableArray<RuleQuota>> QuotaAsync(CancellationToken ct)
    {
        if (session.Grant.IsQuotaHidden)
            return [];

        // A list has just worked, so a 401 is no matter of the token's age.
        var reply = await session.SendOnceAsync(HttpMethod.Get, $"quotas/{session.Grant.ProjectId}/details.json", null, ct);
        session.Grant.IsQuotaHidden = reply.Status is 401 or 403 or 404;
        return reply.Status == 200 && reply.IsJson
            && reply.Body.TryGetProperty("quota", out var quota) && quota.ValueKind == JsonValueKind.Object
            && quota.TryGetProperty("security_group_rule", out var rules) && rules.ValueKind == JsonValueKind.Object
            && rules.TryGetProperty("used", out var used) && used.TryGetInt32(out var count)
            && rules.TryGetProperty("limit", out var limit) && limit.TryGetInt32(out var most) && most >= 0
                ? [new RuleQuota(null, count, most)]
                : [];
    }

    private static bool HasNext(JsonElement body) =>
        body.TryGetProperty("security_group_rules_links", out var links) && links.ValueKind == JsonValueKind.Array
        && links.EnumerateArray().Any(link => link.TryGetProperty("rel", out var rel) && rel.GetString() == "next");
}
