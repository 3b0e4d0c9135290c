using EntryGuard.Domain;
using EntryGuard.Domain.Providers;
using EntryGuard.Domain.Rules;

namespace EntryGuard.Server.Engine;

/// <summary>What goes out in one call: changes under one credential, with the claims that wait for them.</summary>
/// <param name="Removals">Carried out first.</param>
/// <param name="Additions">Carried out after them.</param>
internal sealed record RuleBatch(IReadOnlyList<Planned<RuleRemoval>> Removals, IReadOnlyList<Planned<RuleAddition>> Additions)
{
    public int Count => Removals.Count + Additions.Count;

    public Claim Asking => Removals.Count > 0 ? Removals[0].Asking : Additions[0].Asking;

    public RuleChanges Changes => new([.. Removals.Select(r => r.Change)], [.. Additions.Select(a => a.Change)]);

    public HashSet<ResourceIpId> Claims => [.. Removals.SelectMany(r => r.Claims), .. Additions.SelectMany(a => a.Claims)];

    /// <summary>Without the claims that are not in <paramref name="kept"/>, and without changes that nobody waits for any more.</summary>
    public RuleBatch Only(IReadOnlySet<ResourceIpId> kept) => new(Only(Removals, kept), Only(Additions, kept));

    /// <summary>Splits a plan by credential and batch size. Removals come first.</summary>
    public static IReadOnlyList<RuleBatch> From(RulePlan plan, int batchSize)
    {
        var batches = new List<RuleBatch>();
        var credentials = plan.Removals.Select(r => r.Asking.Credential).Concat(plan.Additions.Select(a => a.Asking.Credential)).Distinct();
        foreach (var credential in credentials)
        {
            var whole = new RuleBatch(
                [.. plan.Removals.Where(r => r.Asking.Credential == credential)], [.. plan.Additions.Where(a => a.Asking.Credential == credential)]);
            batches.AddRange(whole.Split(batchSize));
        }

        return [.. batches.OrderByDescending(b => b.Removals.Count > 0)];
    }

    /// <summary>Two halves, or fewer if it cannot be divided: a claim's rules are never parted, its outcome must be seen whole.</summary>
    public IReadOnlyList<RuleBatch> Halves() => Split((Count + 1) / 2);

    private List<RuleBatch> Split(int most)
    {
        if (Count <= most)
            return [this];
        var batches = new List<RuleBatch>();
        var open = new RuleBatch([], []);
        foreach (var part in Parts())
        {
            if (open.Count > 0 && open.Count + part.Count > most)
            {
                batches.Add(open);
                open = new RuleBatch([], []);
            }

            open = new RuleBatch([.. open.Removals, .. part.Removals], [.. open.Additions, .. part.Additions]);
        }

        batches.Add(open);
        return batches;
    }

    // The smallest parts that share no claim: changes joined through common claims.
    private List<RuleBatch> Parts()
    {
        var parts = new List<(HashSet<ResourceIpId> Claims, RuleBatch Batch)>();
        foreach (var one in Removals.Select(r => (r.Claims, Batch: new RuleBatch([r], []))).Concat(Additions.Select(a => (a.Claims, Batch: new RuleBatch([], [a])))))
        {
            var joined = parts.Where(p => p.Claims.Overlaps(one.Claims)).ToList();
            parts.RemoveAll(joined.Contains);
            parts.Add((
                [.. joined.SelectMany(p => p.Claims), .. one.Claims],
                new RuleBatch(
                    [.. joined.SelectMany(p => p.Batch.Removals), .. one.Batch.Removals],
                    [.. joined.SelectMany(p => p.Batch.Additions), .. one.Batch.Additions])));
        }

        return [.. parts.Select(p => p.Batch)];
    }

    private static List<Planned<T>> Only<T>(IReadOnlyList<Planned<T>> planned, IReadOnlySet<ResourceIpId> kept) =>
        [.. planned.Select(p => p with { Claims = [.. p.Claims.Where(kept.Contains)] }).Where(p => p.Claims.Count > 0)];
}
