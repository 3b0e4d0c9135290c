using EntryGuard.Domain.Providers;
using EntryGuard.Domain.Sessions;

namespace EntryGuard.Domain.Rules;

/// <summary>What is to be done on one allow-list now: the difference between what live claims want and what is known to stand.</summary>
/// <param name="Removals">Rules that no live claim wants and some claim may have left standing; one for each credential that asks.</param>
/// <param name="Additions">Rules that live claims want and that are not known to stand, or whose end at the provider must move; likewise.</param>
/// <param name="Settlements">Claims that are decided without a call.</param>
/// <param name="Seen">APPLIED claims whose rules the list showed.</param>
/// <param name="Unclear">Claims that wait for a list which could not decide them.</param>
/// <param name="NeedsList">Something due can only be decided by a list; plan again with one.</param>
public sealed record RulePlan(
    IReadOnlyList<Planned<RuleRemoval>> Removals,
    IReadOnlyList<Planned<RuleAddition>> Additions,
    IReadOnlyList<Settlement> Settlements,
    IReadOnlyList<ResourceIpId> Seen,
    IReadOnlyList<ResourceIpId> Unclear,
    bool NeedsList)
{
    /// <summary>How long a sighting of a rule lets another claim share it without a new list (E06).</summary>
    public static readonly TimeSpan SightingLasts = TimeSpan.FromSeconds(60);

    /// <summary>Nothing to call, settle or list.</summary>
    public bool IsEmpty => Removals.Count == 0 && Additions.Count == 0 && Settlements.Count == 0 && !NeedsList;

    /// <summary>Plans one allow-list. Pure; rules without our mark are never in it.</summary>
    /// <param name="claims">The unsettled claims of the allow-list and the live ones that share a rule with them; none has a call in flight.</param>
    /// <param name="observed">A list of the allow-list made for this plan; null if none was made.</param>
    /// <param name="terms">Whose marks, which provider, from when on absence can be proven.</param>
    /// <param name="now">Database time.</param>
    public static RulePlan From(IReadOnlyCollection<Claim> claims, RuleSnapshot? observed, PlanTerms terms, DateTimeOffset now) =>
        new Planner(claims, observed, terms, now).Plan();

    private sealed class Planner
    {
        private readonly IReadOnlyCollection<Claim> claims;
        private readonly PlanTerms terms;
        private readonly DateTimeOffset now;
        private readonly Sight? sight;
        private readonly ILookup<RuleKey, Claim> live;
        private readonly HashSet<RuleKey> unansweredRemovals;
        private readonly ILookup<(Net.Cidr, string?), Claim> leaving;

        // By credential too: nobody's claim fails, or stays open, because of somebody else's credential.
        private readonly Dictionary<(RuleKey, string Mark, CredentialId?), (RuleRemoval Change, Claim Asking, List<ResourceIpId> Claims)> removals = [];
        private readonly Dictionary<(RuleKey, CredentialId?), (RuleAddition Change, Claim Asking, List<ResourceIpId> Claims)> additions = [];
        private readonly List<Settlement> settlements = [];
        private readonly List<ResourceIpId> seen = [];
        private readonly List<ResourceIpId> unclear = [];
        private bool needsList;

        public Planner(IReadOnlyCollection<Claim> claims, RuleSnapshot? observed, PlanTerms terms, DateTimeOffset now)
        {
            (this.claims, this.terms, this.now) = (claims, terms, now);
            live = ByRule(claims.Where(c => c.State.IsLive));
            leaving = claims.Where(c => c.State.IsLeaving).ToLookup(c => (c.Address, c.Mark));
            unansweredRemovals = [.. claims.Where(c => c.State.IsLeaving && c.AwaitsList).SelectMany(c => c.Rules)];
            sight = observed is null ? null : new Sight(observed, terms);
        }

        public RulePlan Plan()
        {
            foreach (var claim in claims.Where(c => c.State.IsLeaving).OrderBy(c => c.Id))
                PlanLeaving(claim);
            foreach (var claim in claims.Where(c => c.State.IsLive).OrderBy(c => c.Id))
                PlanLive(claim);
            return new RulePlan(
                [.. removals.Values.Select(r => new Planned<RuleRemoval>(r.Change, r.Asking, r.Claims))],
                [.. additions.Values.Select(a => new Planned<RuleAddition>(a.Change, a.Asking, a.Claims))],
                settlements, seen, unclear, needsList && sight is null);
        }

        private void PlanLeaving(Claim claim)
        {
            var mustGo = new List<RuleKey>();
            var heirs = new HashSet<ResourceIpId>();
            var waits = false;
            foreach (var rule in claim.Rules)
            {
                if (live[rule].Where(c => c.State.Status == ResourceIpStatus.Applied).ToList() is { Count: > 0 } standing)
                    heirs.UnionWith(standing.Select(c => c.Id));
                else if (live.Contains(rule))
                    waits = true;   // whoever opens it next inherits it; if they leave, it goes
                else if (!(ProvesAbsence(claim) && claim.IsDue(now) && !sight!.HasAny(Removal(rule, claim))))
                    mustGo.Add(rule);
            }

            if (mustGo.Count == 0 && !waits)
            {
                settlements.Add(heirs.Count > 0
                    ? new Settlement(claim.Id, RuleEvent.Kept) { Entries = claim.Entries, Standing = [.. heirs.Order()] }
                    : new Settlement(claim.Id, RuleEvent.SeenGone));
                return;
            }

            if (mustGo.Count == 0 || !claim.IsDue(now))
                return;
            needsList |= claim.AwaitsList;
            foreach (var rule in mustGo)
                Remove(rule, claim);
        }

        private void PlanLive(Claim claim)
        {
            switch (claim.State.Status)
            {
                case ResourceIpStatus.Applied:
                    PlanApplied(claim);
                    break;
                case ResourceIpStatus.Applying:
                case ResourceIpStatus.Pending when claim.AwaitsList:
                    if (claim.IsDue(now))
                        PlanReadBack(claim);
                    break;
                case ResourceIpStatus.Pending:
                    if (claim.IsDue(now))
                        PlanOpening(claim);
                    break;
            }
        }

        private void PlanApplied(Claim claim)
        {
            needsList |= terms.Rebuild;
            if (sight is not null)
            {
                var missing = claim.Rules.Where(rule => !sight.Shows(rule)).ToList();
                if (missing.Count == 0)
                {
                    seen.Add(claim.Id);
                }
                else if (terms.Capabilities.DiesWithProcess)
                {
                    if (claim.IsDue(now))
                        missing.FindAll(rule => Until(rule) > now).ForEach(rule => Add(rule, claim));
                }
                else if (ProvesAbsence(claim))
                {
                    // What is left of it still stands on its account.
                    var left = claim.Rules.Except(missing).ToList();
                    settlements.Add(left.Count == 0
                        ? new Settlement(claim.Id, RuleEvent.Lost)
                        : new Settlement(claim.Id, RuleEvent.HalfMade) { Entries = Listed(left) });
                    return;
                }
            }

            if (terms.Capabilities.HoldsEndTime && claim.IsDue(now) && claim.Rules.Min(Until) > now)
                PlanEnd(claim);
        }

        // The provider holds the end too (E06). What it says of moving one is believed as far as what it says of making a rule.
        private void PlanEnd(Claim claim)
        {
            if (claim.AwaitsList)
            {
                needsList = true;
                if (sight is null)
                    return;
                if (!sight.IsAfterQuiet)
                    unclear.Add(claim.Id);
                else if (claim.Rules.Any(rule => !sight.Shows(rule) || HasWrongEnd(rule)))
                    Extend(claim);
                else
                    settlements.Add(Present(claim, [], sight.AskedAt));
            }
            else if (claim.HeldUntil != claim.Rules.Min(Until))   // a claim knows one end: the earliest of its rules
            {
                Extend(claim);
            }
        }

        private void Extend(Claim claim)
        {
            foreach (var rule in claim.Rules)
                Add(rule, claim);
        }

        private void PlanReadBack(Claim claim)
        {
            needsList = true;
            if (sight is null)
                return;
            var rules = claim.Rules.ToList();
            if (rules.Any(rule => sight.Shows(rule) ? !IsStable(rule) : !ProvesAbsence(claim)))
            {
                unclear.Add(claim.Id);
                return;
            }

            var present = rules.Where(sight.Shows).ToList();
            var wrongEnd = terms.Capabilities.HoldsEndTime
                ? rules.FindAll(rule => HasWrongEnd(rule) && Until(rule) > now)
                : [];
            if (present.Count < rules.Count)
                settlements.Add(new Settlement(claim.Id, present.Count == 0 ? RuleEvent.NotMade : RuleEvent.HalfMade) { Entries = Listed(present) });
            else if (wrongEnd.Count > 0)
                wrongEnd.ForEach(rule => Add(rule, claim));
            else
                settlements.Add(Present(claim, Listed(present), sight.AskedAt));
        }

        private void PlanOpening(Claim claim)
        {
            if (claim.EndsAt <= now)
                return;   // over already: whoever ends it comes next
            var entries = new List<RuleEntry>();
            var seenAt = DateTimeOffset.MaxValue;
            var open = new List<RuleKey>();
            var holders = new HashSet<ResourceIpId>();
            var stale = false;
            foreach (var rule in claim.Rules)
            {
                var holder = live[rule].Where(c => c.State.Status == ResourceIpStatus.Applied && c.Identity == claim.Identity && Holds(c, rule))
                    .MaxBy(c => c.SeenAt);
                if (holder is null || (sight is not null && !sight.Shows(rule)))
                {
                    open.Add(rule);
                    continue;
                }

                var at = sight?.AskedAt ?? holder.SeenAt ?? DateTimeOffset.MinValue;
                stale |= sight is null && at < now - SightingLasts;
                seenAt = at < seenAt ? at : seenAt;
                holders.Add(holder.Id);
                entries.AddRange(holder.Entries.Where(e => e.Scope == rule.Scope));
            }

            if (stale)
                needsList = true;
            else if (open.Count == 0)
                settlements.Add(Present(claim, entries, seenAt) with { Standing = [.. holders.Order()] });
            open.ForEach(rule => Add(rule, claim));
        }

        private Settlement Present(Claim claim, IReadOnlyList<RuleEntry> entries, DateTimeOffset seenAt) =>
            new(claim.Id, RuleEvent.SeenPresent)
            {
                Entries = entries,
                SeenAt = seenAt,
                HeldUntil = terms.Capabilities.HoldsEndTime ? claim.Rules.Min(Until) : null,
            };

        private bool Holds(Claim holder, RuleKey rule) => !terms.Capabilities.HoldsEndTime || holder.HeldUntil == Until(rule);

        // A complete list that is late enough to show whatever the claim has: nothing of ours is on its way, and the sighting was before it.
        // Only an opening makes a rule, so the claim's own last sighting is enough: who made it later answers for it.
        private bool ProvesAbsence(Claim claim) =>
            sight is { IsConclusive: true } && !(claim.SeenAt + terms.Capabilities.ReadDelay > sight.AskedAt);

        private List<RuleEntry> Listed(IEnumerable<RuleKey> rules) =>
            [.. rules.SelectMany(rule => sight!.Exact(rule).Select(o => new RuleEntry(o.Id, rule.Scope)))];

        // Somebody else's equal rule has no end that is ours to move.
        private bool HasWrongEnd(RuleKey rule) => sight!.Exact(rule).Count > 0 && sight.HeldUntil(rule) != Until(rule);

        // A removal without an answer may still take off what is there now.
        private bool IsStable(RuleKey rule) => sight!.IsAfterQuiet || !unansweredRemovals.Contains(rule);

        private DateTimeOffset Until(RuleKey rule) => live[rule].Max(c => c.EndsAt);

        private void Add(RuleKey rule, Claim claim)
        {
            var key = (rule, claim.Credential);
            if (!additions.TryGetValue(key, out var planned))
                additions[key] = planned = (new RuleAddition(rule, Mark(rule), Until(rule)), claim, []);
            if (!planned.Claims.Contains(claim.Id))
                planned.Claims.Add(claim.Id);
        }

        private void Remove(RuleKey rule, Claim claim)
        {
            var removal = Removal(rule, claim);
            var key = (rule, removal.Mark, claim.Credential);
            if (!removals.TryGetValue(key, out var planned))
            {
                var listed = sight is null ? [] : sight.Taken(removal).Select(o => new RuleEntry(o.Id, rule.Scope));
                removals[key] = planned = (removal with { Entries = [.. removal.Entries.Concat(listed).Distinct()] }, claim, []);
            }

            planned.Claims.Add(claim.Id);
        }

        // All that was recorded of what leaves with this mark from this address.
        private RuleRemoval Removal(RuleKey rule, Claim claim)
        {
            var recorded = leaving[(claim.Address, claim.Mark)].SelectMany(c => c.Entries).Where(e => e.Scope == rule.Scope);
            return new RuleRemoval(rule, claim.Mark ?? Mark(rule), [.. recorded.Distinct()]) { OnlyNamed = claim.Mark is not null };
        }

        private string Mark(RuleKey rule) => rule.OwnerMark(terms.Installation, terms.Key);

        private static ILookup<RuleKey, Claim> ByRule(IEnumerable<Claim> claims) =>
            claims.SelectMany(c => c.Rules.Select(rule => (rule, c))).ToLookup(pair => pair.rule, pair => pair.c);
    }

    /// <summary>A list, sorted into ours and foreign.</summary>
    private sealed class Sight(RuleSnapshot snapshot, PlanTerms terms)
    {
        private readonly ILookup<(string Mark, Net.Cidr Address), ObservedRule> ours =
            snapshot.Rules.Where(r => r.Mark is not null).ToLookup(r => (r.Mark!, r.Rule.Address));

        private readonly HashSet<RuleKey> standing = [.. snapshot.Rules.Select(r => r.Rule)];
        private Dictionary<string, ObservedRule>? byId;

        public DateTimeOffset AskedAt => snapshot.AskedAt;

        public bool IsAfterQuiet => terms.ProvableFrom is not { } from || snapshot.AskedAt >= from;

        public bool IsConclusive => snapshot.IsComplete && IsAfterQuiet;

        /// <summary>Entries that are the rule and carry its own mark.</summary>
        public IReadOnlyList<ObservedRule> Exact(RuleKey rule) =>
            [.. ours[(rule.OwnerMark(terms.Installation, terms.Key), rule.Address)].Where(o => o.Rule == rule)];

        /// <summary>Entries that a removal takes.</summary>
        public IEnumerable<ObservedRule> Taken(RuleRemoval removal)
        {
            byId ??= snapshot.Rules.Where(r => r.Id is not null).DistinctBy(r => r.Id).ToDictionary(r => r.Id!);
            var named = removal.Entries.Select(e => e.Id is { } id ? byId.GetValueOrDefault(id) : null).OfType<ObservedRule>().Where(removal.Takes);
            return removal.OnlyNamed ? named : named.Concat(ours[(removal.Mark, removal.Rule.Address)]).Distinct();
        }

        /// <summary>Something that a removal would take stands.</summary>
        public bool HasAny(RuleRemoval removal) => Taken(removal).Any();

        /// <summary>The address is let in to the scope, by our rule or by somebody else's equal one.</summary>
        public bool Shows(RuleKey rule) => standing.Contains(rule);

        public DateTimeOffset? HeldUntil(RuleKey rule) => Exact(rule) is [var first, ..] ? first.Until : null;
    }
}
