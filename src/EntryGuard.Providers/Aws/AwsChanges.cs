using System.Text.RegularExpressions;
using Amazon.EC2.Model;
using EntryGuard.Domain.Providers;
using EntryGuard.Domain.Rules;

namespace EntryGuard.Providers.Aws;

/// <summary>
/// One batch on one security group: a list, one request that takes off, one that puts on. A request that AWS refuses because the list was old
/// did nothing, and is sent again without what is explained; nothing else is ever sent twice.
/// </summary>
/// <remarks>
/// Refused whole, for the engine to halve, is said only while nothing of the batch was done. If removals were carried out and then the
/// additions are refused whole, each addition has failed for now: the engine's next pass sends them without those removals, where
/// "refused whole" is true, and the one that spoils them is found by halving. Nobody's closing waits for it, nobody's opening fails for good.
/// </remarks>
internal sealed partial class AwsChanges(AwsGroupClient group, ProviderContext context, RuleChanges changes)
{
    // Each further round needs somebody else's change between our list and our request.
    private const int MostRounds = 3;

    private readonly RuleOutcome?[] removals = new RuleOutcome?[changes.Removals.Count];
    private readonly RuleOutcome?[] additions = new RuleOutcome?[changes.Additions.Count];
    private List<ObservedRule> standing = [];
    private bool hasRemoved;

    /// <param name="mayAdd">Null: additions are carried out; else why none is, for good.</param>
    public async Task<ApplyResult> RunAsync(RuleFault? mayAdd)
    {
        if (mayAdd is not null)
            Array.Fill(additions, new RuleOutcome.Rejected(mayAdd));
        if (await LookAsync() is { } blind)
        {
            if (blind.Fault.Code == "NO_SUCH_GROUP" && changes.Removals.Count > 0 && await group.IsGoneAsync(context))
                Array.Fill(removals, new RuleOutcome.AlreadyGone());
            return Ended(blind.Fault);
        }

        if (await RemoveAsync() is { } stopped)
            return Ended(stopped);
        return await AddAsync();
    }

    private async Task<AwsFault?> LookAsync()
    {
        var (rules, fault) = await group.RulesAsync();
        standing = [.. (rules ?? []).Select(AwsRules.Read).OfType<ObservedRule>()];
        return fault;
    }

    // By id, and only what the list shows with the mark of the rule: an id alone would not say whose entry it is by now (E07).
    private async Task<RuleFault?> RemoveAsync()
    {
        var ids = new Dictionary<string, int>();
        for (var i = 0; i < removals.Length; i++)
        {
            foreach (var entry in standing.Where(o => o.Id is not null && changes.Removals[i].Takes(o)))
                ids.TryAdd(entry.Id!, i);
            if (!ids.ContainsValue(i))
                removals[i] = new RuleOutcome.AlreadyGone();
        }

        var sent = ids.Values.Distinct().ToList();
        for (var round = 1; ids.Count > 0; round++)
        {
            var (_, fault) = await group.RevokeAsync([.. ids.Keys]);
            if (fault is null)
            {
                standing.RemoveAll(o => o.Id is not null && ids.ContainsKey(o.Id));
                hasRemoved = true;
                foreach (var i in ids.Values)
                    removals[i] = new RuleOutcome.Removed();
                break;
            }

            if (fault.MayHaveBeenDone)
            {
                foreach (var i in sent)
                    removals[i] = new RuleOutcome.Unknown(fault.Fault.Message);
                return fault.Fault with { IsPermanent = false };
            }

            // Some are gone since the list was made; EC2 names them, and takes none of the others off.
            var gone = fault.Fault.Code == "NOT_FOUND" ? RuleIds().Matches(fault.Said ?? "").Select(m => m.Value).Where(ids.ContainsKey).ToList() : [];
            if (fault.Fault.Code == "NOT_FOUND" && ids.Count == 1)
                gone = [.. ids.Keys];
            if (gone.Count == 0 || round == MostRounds)
                return fault.Fault.Code == "NOT_FOUND" ? fault.Fault with { IsPermanent = false } : fault.Fault;
            standing.RemoveAll(o => o.Id is not null && gone.Contains(o.Id));
            gone.ForEach(id => ids.Remove(id));
        }

        foreach (var i in sent)
            removals[i] ??= new RuleOutcome.AlreadyGone();
        return null;
    }

    private async Task<ApplyResult> AddAsync()
    {
        for (var round = 1; ; round++)
        {
            var wanted = Missing();
            if (wanted.Count == 0)
                return Done();
            var (made, fault) = await group.AuthorizeAsync([.. wanted.Select(w => w.Permission)], dry: false);
            if (fault is null)
            {
                Made(wanted, made?.SecurityGroupRules ?? []);
                return Done();
            }

            if (fault.MayHaveBeenDone)
            {
                foreach (var (i, _) in wanted)
                    additions[i] = new RuleOutcome.Unknown(fault.Fault.Message);
                return Done();
            }

            if (fault.Fault.Code != "DUPLICATE" || round == MostRounds)
                return Refused(wanted, fault.Fault);

            // Somebody was faster, or the list was old. Refused whole, nothing was added: look again, and ask for what is still missing.
            if (await LookAsync() is { } blind)
                return Refused(wanted, blind.Fault);
            if (Missing().Count == wanted.Count)
                return Refused(wanted, fault.Fault);
        }
    }

    // Settles what stands, and names the rest, each rule once.
    private List<(int Item, IpPermission Permission)> Missing()
    {
        var wanted = new List<(int, IpPermission)>();
        var asked = new HashSet<RuleKey>();
        for (var i = 0; i < additions.Length; i++)
        {
            if (additions[i] is not null)
                continue;
            var (rule, mark) = (changes.Additions[i].Rule, changes.Additions[i].Mark);
            if (standing.Find(o => o.Rule == rule && o.Mark == mark) is { } ours)
                additions[i] = new RuleOutcome.AlreadyThere(new RuleEntry(ours.Id, rule.Scope));
            else if (standing.Exists(o => o.Rule == rule))
                additions[i] = new RuleOutcome.SatisfiedByForeign();
            else if (AwsRules.Write(rule, mark) is not { } permission)
                additions[i] = new RuleOutcome.Rejected(new RuleFault("SCOPE", $"A security group has no rule for {rule}.", true));
            else if (asked.Add(rule))
                wanted.Add((i, permission));
        }

        return wanted;
    }

    private void Made(List<(int Item, IpPermission Permission)> wanted, List<SecurityGroupRule> made)
    {
        var read = made.Select(AwsRules.Read).OfType<ObservedRule>().ToList();
        foreach (var (i, _) in wanted)
        {
            var rule = changes.Additions[i].Rule;
            var id = read.Find(o => o.Rule == rule)?.Id;   // null: the list after the read delay shows it
            additions[i] = new RuleOutcome.Applied(new RuleEntry(id, rule.Scope));
            standing.Add(new ObservedRule(rule, id, changes.Additions[i].Mark, null));
        }

        Missing();   // twice the same rule in one batch: the second stands now
    }

    private ApplyResult Refused(List<(int Item, IpPermission Permission)> wanted, RuleFault fault)
    {
        var mayLieInOne = fault is { IsPermanent: true, IsCredentialFault: false } && fault.Code is not ("NO_SUCH_GROUP" or "ENDPOINT_NOT_ALLOWED");
        if (mayLieInOne && wanted.Count > 1 && !hasRemoved)
            return ApplyResult.Refused(fault);
        if (fault.Code == "DUPLICATE" && wanted.Count == 1)
        {
            // It stands, says AWS, and the list does not show it yet. Nothing was added; whose it is, the engine's next list says.
            additions[wanted[0].Item] = new RuleOutcome.SatisfiedByForeign();
            return Done();
        }

        return Ended(mayLieInOne && wanted.Count > 1 ? fault with { IsPermanent = false } : fault);
    }

    // What has no outcome yet has the fault, and was not done.
    private ApplyResult Ended(RuleFault fault)
    {
        if (fault.IsCredentialFault && !hasRemoved && !removals.Concat(additions).Any(o => o is RuleOutcome.Unknown or RuleOutcome.AlreadyGone))
            return ApplyResult.Refused(fault);
        RuleOutcome rest = fault.IsPermanent ? new RuleOutcome.Rejected(fault) : new RuleOutcome.Failed(fault);
        return new([.. removals.Select(o => o ?? rest)], [.. additions.Select(o => o ?? rest)]);
    }

    private ApplyResult Done() => new([.. removals.Select(o => o!)], [.. additions.Select(Known)]);

    // Twice the same rule: the fate of the first is the fate of the second.
    private RuleOutcome Known(RuleOutcome? outcome, int i) =>
        outcome ?? additions[Enumerable.Range(0, i).First(first => changes.Additions[first].Rule == changes.Additions[i].Rule)]!;

    [GeneratedRegex("sgr-[0-9a-f]{8,17}")]
    private static partial Regex RuleIds();
}
