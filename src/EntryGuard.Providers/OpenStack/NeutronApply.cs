using System.Text.Json;
using System.Text.Json.Nodes;
using EntryGuard.Domain.Providers;
using EntryGuard.Domain.Rules;

namespace EntryGuard.Providers.OpenStack;

/// <summary>
/// One batch, carried out: looks first, deletes by id one by one (there is no other way), adds in one request. What stands in the list decides
/// what is sent, so that no request is refused for a duplicate that was there to be seen.
/// </summary>
/// <param name="isVerified">We are who was verified as the group's own project: only then does its absence mean anything (E15).</param>
internal sealed class NeutronApply(NeutronSession session, string group, bool isVerified, RuleChanges changes, TimeProvider time)
{
    /// <summary>
    /// Most rules in one call. Deleting so many one after the other takes a second or two; a cloud that needs half a second for each still
    /// gets through within the call's limit.
    /// </summary>
    public const int Most = 20;

    // No request is begun later than that. It may then take as long as a request may, 7 s, and the whole stays below the engine's 15 s: what is
    // known of the items before it reaches the engine.
    private static readonly TimeSpan LastBeginning = TimeSpan.FromSeconds(7);
    private static readonly RuleFault Busy = new("CONFLICT", "Somebody else is changing the group; nothing was added.", false);
    private readonly NeutronGroup neutron = new(session, group);
    private readonly long startedAt = time.GetTimestamp();
    private readonly HashSet<string> deleted = [];
    private readonly HashSet<string> unclear = [];

    // What makes every further request pointless; null: nothing yet.
    private RuleFault? stop;

    public async Task<ApplyResult> RunAsync(CancellationToken ct)
    {
        var (standing, fault) = await LookAsync(ct);
        if (standing is null)
            return await BlindAsync(fault!, ct);
        var removals = new List<RuleOutcome>();
        foreach (var removal in changes.Removals)
            removals.Add(await RemoveAsync(removal, standing, ct));
        var rest = standing.Where(r => !deleted.Contains(r.Id!)).ToList();
        return await AddAsync(removals, rest, ct);
    }

    private async Task<(IReadOnlyList<ObservedRule>? Rules, RuleFault? Fault)> LookAsync(CancellationToken ct)
    {
        var (listed, fault) = await neutron.ListAsync(ct);
        if (listed is { IsComplete: false })
            fault = new RuleFault("GARBAGE", "The network service's list does not come to an end.", false);
        return fault is null ? (listed!.Rules, null) : (null, fault);
    }

    // Nothing was changed. A group that is gone for certain has taken its rules with it.
    private async Task<ApplyResult> BlindAsync(RuleFault fault, CancellationToken ct)
    {
        if (fault.Code != "NO_SUCH_GROUP" || changes.Removals.Count == 0 || !isVerified)
            return Nothing(changes, fault);
        var doubt = await neutron.WhyNotGoneAsync(ct);
        RuleOutcome gone = doubt is null ? new RuleOutcome.AlreadyGone() : NotDone(doubt);
        return new ApplyResult([.. changes.Removals.Select(_ => gone)], [.. changes.Additions.Select(_ => NotDone(doubt ?? fault))]);
    }

    /// <summary>Nothing was sent, for a reason that lies in no single item.</summary>
    public static ApplyResult Nothing(RuleChanges changes, RuleFault fault) =>
        fault.IsCredentialFault ? ApplyResult.Refused(fault) : ApplyResult.All(changes, NotDone(fault));

    private async Task<RuleOutcome> RemoveAsync(RuleRemoval removal, IReadOnlyList<ObservedRule> standing, CancellationToken ct)
    {
        // What today's configuration would make does not matter (E07).
        var ours = standing.Where(r => removal.Takes(r) && !deleted.Contains(r.Id!)).ToList();
        RuleOutcome worst = new RuleOutcome.AlreadyGone();
        foreach (var rule in ours)
            worst = Worse(worst, await DeleteAsync(rule.Id!, ct));
        return worst;
    }

    private async Task<RuleOutcome> DeleteAsync(string id, CancellationToken ct)
    {
        if (WhyNotBegin() is { } not)
            return NotDone(not);
        var reply = await session.SendAsync(HttpMethod.Delete, $"security-group-rules/{id}", null, ct);
        if (reply.Status == 204 || (reply.Status == 404 && reply.ErrorType == OpenStackFaults.RuleNotFound))
        {
            deleted.Add(id);
            return reply.Status == 204 ? new RuleOutcome.Removed() : new RuleOutcome.AlreadyGone();
        }

        var fault = OpenStackFaults.OfNeutron(reply);
        if (OpenStackFaults.MayBeDone(reply))
        {
            unclear.Add(id);
            return new RuleOutcome.Unknown(fault.Message);
        }

        // Throttled, not allowed, not reached: the next one would fare no better, and what cannot be closed is not opened.
        if (fault.Code is not ("INVALID_VALUE" or "CONFLICT"))
            stop = fault;
        return NotDone(fault);
    }

    private async Task<ApplyResult> AddAsync(List<RuleOutcome> removals, IReadOnlyList<ObservedRule> standing, CancellationToken ct)
    {
        var wanted = new Dictionary<RuleKey, RuleOutcome>();
        for (var round = 0; round < 2; round++)
        {
            var missing = new Dictionary<RuleKey, (RuleAddition Addition, JsonObject Rule)>();
            foreach (var addition in changes.Additions.Where(a => !missing.ContainsKey(a.Rule) && (!wanted.TryGetValue(a.Rule, out var known) || known is RuleOutcome.Failed)))
            {
                if (Standing(addition, standing) is { } there)
                    wanted[addition.Rule] = there;
                else if (NeutronRule.Write(addition, group, session.HasNoAuth ? session.Grant.ProjectId : null) is { } rule)
                    missing[addition.Rule] = (addition, rule);
                else
                    wanted[addition.Rule] = new RuleOutcome.Rejected(new RuleFault("INVALID_VALUE", $"A security group cannot let in to {addition.Rule.Scope}.", true));
            }

            if (missing.Count == 0)
                break;
            var (made, refusal) = await PostAsync(missing, ct);
            foreach (var (rule, outcome) in made)
                wanted[rule] = outcome;
            if (refusal is null)
                break;
            if (refusal != Busy)
            {
                if (missing.Count > 1 && removals.Count == 0)
                    return ApplyResult.Refused(refusal);
                if (missing.Count > 1)
                    missing.Keys.ToList().ForEach(rule => wanted[rule] = new RuleOutcome.Failed(Later(refusal)));
                break;
            }

            // Somebody was quicker since we looked. Once more; then it is the engine's turn.
            if (round > 0 || await LookAsync(ct) is not { Rules: { } again })
                break;
            standing = again;
        }

        var told = new HashSet<RuleKey>();
        return new ApplyResult(removals, [.. changes.Additions.Select(a => told.Add(a.Rule) ? wanted[a.Rule] : Again(wanted[a.Rule]))]);
    }

    // One bad item of several, and removals were carried out: "the whole was refused, nothing was done" would be a lie. So the additions wait for
    // the next call, which has no removals in it; there a whole refusal is honest, and is halved until the bad one stands alone.
    private static RuleFault Later(RuleFault refusal) =>
        refusal with { IsPermanent = false, Message = $"{refusal.Message} Which rule that is about is found out in the next call." };

    /// <returns>An outcome for each; and why the whole was refused, if the reason may lie in one item.</returns>
    private async Task<(IReadOnlyDictionary<RuleKey, RuleOutcome> Made, RuleFault? Refusal)> PostAsync(
        Dictionary<RuleKey, (RuleAddition Addition, JsonObject Rule)> missing, CancellationToken ct)
    {
        if (WhyNotBegin() is { } not)
            return (Each(_ => NotDone(not)), null);
        var body = new JsonObject { ["security_group_rules"] = new JsonArray([.. missing.Values.Select(m => (JsonNode)m.Rule)]) };
        var reply = await session.SendAsync(HttpMethod.Post, "security-group-rules", body, ct);
        if (reply.Status == 201 && reply.IsJson && reply.Body.TryGetProperty("security_group_rules", out var list) && list.ValueKind == JsonValueKind.Array)
        {
            var made = list.EnumerateArray().Select(r => NeutronRule.TryRead(r, out var read) ? read : null).OfType<ObservedRule>().ToList();
            return (Each(m => made.Find(r => r.Rule == m.Rule && r.Mark == m.Mark) is { } rule
                ? new RuleOutcome.Applied(new RuleEntry(rule.Id, rule.Rule.Scope))
                : new RuleOutcome.Unknown("The network service does not show what it made.")), null);
        }

        if (reply.Status == 409 && reply.ErrorType == OpenStackFaults.RuleExists)
            return (Each(_ => NotDone(Busy)), Busy);
        var fault = OpenStackFaults.OfNeutron(reply);
        if (OpenStackFaults.MayBeDone(reply))
            return (Each(_ => new RuleOutcome.Unknown(fault.Message)), null);
        return fault.Code is "QUOTA" or "INVALID_VALUE" ? (Each(_ => NotDone(fault)), fault) : (Each(_ => NotDone(fault)), null);

        Dictionary<RuleKey, RuleOutcome> Each(Func<RuleAddition, RuleOutcome> outcome) => missing.ToDictionary(m => m.Key, m => outcome(m.Value.Addition));
    }

    private RuleOutcome? Standing(RuleAddition addition, IReadOnlyList<ObservedRule> standing)
    {
        var equal = standing.Where(r => r.Rule == addition.Rule).ToList();
        if (equal.Find(r => r.Mark == addition.Mark) is { } ours)
        {
            return unclear.Contains(ours.Id!)
                ? new RuleOutcome.Failed(new RuleFault("CONFLICT", "The same rule was just to be deleted, without an answer.", false))
                : new RuleOutcome.AlreadyThere(new RuleEntry(ours.Id, ours.Rule.Scope));
        }

        return equal.Count > 0 ? new RuleOutcome.SatisfiedByForeign() : null;
    }

    private RuleFault? WhyNotBegin() =>
        stop ?? (time.GetElapsedTime(startedAt) < LastBeginning ? null : new RuleFault("NOT_SENT", "The network service is slow; this was left for the next call.", false) { IsUnsent = true });

    private static RuleOutcome NotDone(RuleFault fault) => fault.IsPermanent ? new RuleOutcome.Rejected(fault) : new RuleOutcome.Failed(fault);

    // The same rule a second time in one batch.
    private static RuleOutcome Again(RuleOutcome first) => first is RuleOutcome.Applied applied ? new RuleOutcome.AlreadyThere(applied.Entry) : first;

    private static RuleOutcome Worse(RuleOutcome one, RuleOutcome other) => Badness(other) > Badness(one) ? other : one;

    private static int Badness(RuleOutcome outcome) => outcome switch
    {
        RuleOutcome.Unknown => 4,
        RuleOutcome.Rejected => 3,
        RuleOutcome.Failed => 2,
        RuleOutcome.Removed => 1,
        _ => 0,
    };
}
