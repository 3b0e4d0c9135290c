using EntryGuard.Contracts;

namespace EntryGuard.Testing;

/// <content>What an admin does with static rules.</content>
public sealed partial class TestUser
{
    /// <summary>Makes a static rule; its Resources are made with the first mention.</summary>
    public async Task<StaticRuleResponse> CreateStaticRule(string label, string address, params string[] resources) =>
        (await TryCreateStaticRule(new CreateStaticRuleRequest { Label = label, IpAddress = address }, resources)).Value;

    /// <inheritdoc cref="CreateStaticRule"/>
    public async Task<ApiAnswer<StaticRuleResponse>> TryCreateStaticRule(CreateStaticRuleRequest request, string[] resources, string? idempotencyKey = null)
    {
        ArgumentNullException.ThrowIfNull(request);
        return await (await Api()).CreateStaticRuleAsync(request with { ResourceIds = await Ids(resources) }, idempotencyKey, None);
    }

    public async Task<StaticRuleResponse> Get(StaticRuleResponse rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        return (await (await Api()).GetStaticRuleAsync(rule.Id, None)).Value;
    }

    /// <summary>Changes it.</summary>
    /// <param name="rule">Which.</param>
    /// <param name="change">What.</param>
    /// <param name="resources">All it is to open from now on; null: as before.</param>
    /// <param name="etag">Of the version it was decided on; null: any.</param>
    public async Task<ApiAnswer<StaticRuleResponse>> TryUpdate(StaticRuleResponse rule, UpdateStaticRuleRequest change, string[]? resources = null, string? etag = null)
    {
        ArgumentNullException.ThrowIfNull(rule);
        ArgumentNullException.ThrowIfNull(change);
        var ids = resources is null ? change.ResourceIds : await Ids(resources);
        return await (await Api()).UpdateStaticRuleAsync(rule.Id, change with { ResourceIds = ids }, etag, None);
    }

    public async Task Delete(StaticRuleResponse rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        var answer = await (await Api()).DeleteStaticRuleAsync(rule.Id, None);
        if (answer.Problem is not null)
            _ = answer.Value;   // throws, with the server's words
    }

    /// <summary>Tries the rule again on this Resource.</summary>
    public async Task<ApiAnswer<ResourceIpResponse>> TryRetry(StaticRuleResponse rule, string resource)
    {
        var claim = (await Get(rule)).Resources.Single(r => r.ResourceName == resource);
        return await (await Api()).RetryResourceIpAsync(claim.ResourceIpId, None);
    }

    private async Task<IReadOnlyList<string>> Ids(string[] resources)
    {
        var organization = (await SignIn()).Organization;
        var ids = new List<string>();
        foreach (var resource in resources)
            ids.Add((await app.Seed.Resource(organization, resource)).Value.ToString());
        return ids;
    }
}
