using EntryGuard.Domain.Rules;
using EntryGuard.Domain.Sessions;
using EntryGuard.Server.Data;
using EntryGuard.Simulation.Clouds;
using EntryGuard.Simulation.Kernel;

namespace EntryGuard.Simulation.Laws;

/// <summary>Compares what the database says with what really stands, after every commit and after every change at a provider.</summary>
internal sealed class Watch(Loop loop, Story story, Mirror mirror, IReadOnlyList<Cloud> clouds)
{
    private static readonly Dictionary<SessionStatus, SessionStatus[]> SessionEdges = new()
    {
        [SessionStatus.Pending] = [SessionStatus.Active, SessionStatus.Partial, SessionStatus.Failed, SessionStatus.Expiring],
        [SessionStatus.Active] = [SessionStatus.Partial, SessionStatus.Expiring],
        [SessionStatus.Partial] = [SessionStatus.Active, SessionStatus.Expiring],
        [SessionStatus.Expiring] = [SessionStatus.Expired, SessionStatus.Cancelled],
        [SessionStatus.Failed] = [],
        [SessionStatus.Expired] = [],
        [SessionStatus.Cancelled] = [],
    };

    private static readonly Dictionary<ResourceIpStatus, ResourceIpStatus[]> ClaimEdges = new()
    {
        [ResourceIpStatus.Pending] = [ResourceIpStatus.Applying, ResourceIpStatus.Applied, ResourceIpStatus.Failed, ResourceIpStatus.Removing, ResourceIpStatus.Removed],
        [ResourceIpStatus.Applying] = [ResourceIpStatus.Pending, ResourceIpStatus.Applied, ResourceIpStatus.Failed, ResourceIpStatus.Removing, ResourceIpStatus.Removed],
        [ResourceIpStatus.Applied] = [ResourceIpStatus.Pending, ResourceIpStatus.Failed, ResourceIpStatus.Removing, ResourceIpStatus.Removed],
        [ResourceIpStatus.Removing] = [ResourceIpStatus.Failed, ResourceIpStatus.Removed],
        [ResourceIpStatus.Failed] = [ResourceIpStatus.Pending, ResourceIpStatus.Removing, ResourceIpStatus.Removed],
        [ResourceIpStatus.Removed] = [],
    };

    private Dictionary<string, ClaimRow> claims = [];
    private Dictionary<string, SessionRow> sessions = [];
    private ILookup<(string Key, RuleKey Rule), ClaimRow> wanting = Array.Empty<ClaimRow>().ToLookup(c => default((string, RuleKey)));

    public IReadOnlyCollection<ClaimRow> Claims => claims.Values;

    public IReadOnlyCollection<SessionRow> Sessions => sessions.Values;

    /// <summary>How long doors stood open for nobody.</summary>
    public Exposure Exposure { get; } = new();

    /// <summary>Everything behaves since then; null: trouble is about.</summary>
    public DateTimeOffset? CalmSince { get; set; }

    /// <summary>Something was committed.</summary>
    public void Committed(string who)
    {
        var (claimsBefore, sessionsBefore) = (claims, sessions);
        (claims, sessions) = (mirror.Claims(), mirror.Sessions());
        var audit = mirror.NewAudit();
        wanting = claims.Values.Where(c => c.Key is not null && (c.IsLive || c.IsLeaving))
            .SelectMany(c => c.Rules.Select(rule => (Rule: (c.Key!, rule), Claim: c))).ToLookup(x => x.Rule, x => x.Claim);

        foreach (var lost in claimsBefore.Values.Where(c => !claims.ContainsKey(c.Id)))
            throw Break("E05", $"the row of {lost.Name} ({lost}) is gone", lost);
        foreach (var lost in sessionsBefore.Values.Where(s => !sessions.ContainsKey(s.Id)))
            throw new Broken("E05", $"the row of {lost.Name} is gone", lost.Name);
        foreach (var claim in claims.Values)
        {
            if (claimsBefore.GetValueOrDefault(claim.Id) is not { } before || before != claim)
                Changed(who, before: claimsBefore.GetValueOrDefault(claim.Id), claim, audit.Where(a => a.ClaimId == claim.Id).Select(a => a.Event).ToList());
        }

        foreach (var session in sessions.Values)
        {
            if (sessionsBefore.GetValueOrDefault(session.Id) is not { } before || before != session)
                Changed(who, sessionsBefore.GetValueOrDefault(session.Id), session, audit.Where(a => a.SessionId == session.Id).Select(a => a.Event).ToList());
        }

        foreach (var row in audit.Where(a => a.Event.StartsWith("RULE_", StringComparison.Ordinal) && (a.ClaimId is null || !claims.ContainsKey(a.ClaimId))))
            throw new Broken("L5", $"audit row {row.Event} is about no claim");
        foreach (var cloud in clouds)
            NothingStandsForNobody(cloud);
        LookAtExposure();
    }

    /// <summary>Something changed at a provider.</summary>
    public void Moved(Cloud cloud, RuleKey rule, Editor editor)
    {
        if (editor == Editor.Us && !cloud.Stands(rule) && wanting[(cloud.Key.Value, rule)].FirstOrDefault(c => c.Status == ResourceIpStatus.Applied) is { } deprived)
            throw Break("L1", $"a call of ours took {rule} off {cloud.Name}, and {deprived.Name} is APPLIED", deprived);
        if (editor == Editor.Time && wanting[(cloud.Key.Value, rule)].FirstOrDefault(c => c.Status == ResourceIpStatus.Applied && EndsTooSoon(c)) is { } cut)
            throw Break("E06", $"{rule} ended by itself on {cloud.Name}, and {cut.Name} is APPLIED until {story.At(cut.EndsAt)}", cut);
        NothingStandsForNobody(cloud);
        LookAtExposure();
    }

    /// <summary>Faults are over for long: nothing is left half done.</summary>
    public void IsQuiet(TimeSpan grace)
    {
        var long_ = loop.Now - grace;
        foreach (var claim in claims.Values)
        {
            if (claim.IsLeaving && !(claim.EndingAt > long_))
                throw Break("L2", $"{claim.Name} is still {claim}, long after the last fault", claim);
            if (claim is { Wanted: Wanted.Present, Status: ResourceIpStatus.Pending or ResourceIpStatus.Applying })
                throw Break("E13", $"{claim.Name} is still {claim}, long after the last fault", claim);
            if (claim.IsLive && !mirror.IsEligible(claim.Id))
                throw Break("E18", $"{claim.Name} is still {claim}, and nothing entitles it", claim);
            if (claim.Status != ResourceIpStatus.Applied)
                continue;
            var cloud = clouds.Single(c => c.Key.Value == claim.Key);
            foreach (var rule in claim.Rules.Where(r => !cloud.Stands(r) && (!cloud.IsLost(r) || cloud.Kind.Capabilities.DiesWithProcess)))
                throw Break("L1", $"{claim.Name} is APPLIED, and {rule} does not stand on {cloud.Name}", claim);
        }
    }

    /// <summary>Every session is over for long: nothing of ours stands, everybody else's does.</summary>
    public void IsOver()
    {
        foreach (var session in sessions.Values.Where(s => !s.IsTerminal))
            throw new Broken("L2", $"{session.Name} is {Names.Wire(session.Status)}, long after its end", [session.Name, .. ClaimsOf(session)]);
        foreach (var cloud in clouds)
        {
            if (cloud.Entries.FirstOrDefault(e => e.IsOurs) is { } left)
                throw new Broken("L1", $"{left.Rule} still stands on {cloud.Name} and every session is over", left.Rule.Address.ToString());
        }
    }

    private bool EndsTooSoon(ClaimRow claim) => (claim.HeldUntil > loop.Now && claim.EndsAt > loop.Now) || (CalmSince < loop.Now - TimeSpan.FromMinutes(6) && claim.EndsAt > loop.Now + TimeSpan.FromSeconds(1));

    // Laws 1 and 3: a rule of ours stands only on the account of a claim that is live, or still being closed.
    private void NothingStandsForNobody(Cloud cloud)
    {
        foreach (var entry in cloud.Entries)
        {
            if (entry.IsOurs && !wanting[(cloud.Key.Value, entry.Rule)].Any())
            {
                var past = claims.Values.Where(c => c.Key == cloud.Key.Value && c.Rules.Contains(entry.Rule)).ToList();
                throw new Broken("L3", $"{entry.Rule} stands on {cloud.Name}, and no claim answers for it: {string.Join(", ", past.Select(c => $"{c.Name} is {c}"))}",
                    [.. past.Select(c => c.Name), .. past.Select(c => sessions[c.SessionId].Name), cloud.Name]);
            }
        }
    }

    private void Changed(string who, ClaimRow? before, ClaimRow claim, List<string> audit)
    {
        var session = sessions[claim.SessionId];
        if (before?.ToString() != claim.ToString() || audit.Count > 0)   // a date that moved is no news
            story.Tell(who, $"{claim.Name} of {session.Name} ({claim.Address} on {claim.Key}) {(before is null ? "is" : $"was {before}, is")} {claim}"
                + $"{(claim.NextAttemptAt is { } next && next > loop.Now ? ", next " + story.At(next) : "")}{(audit.Count > 0 ? ": " + string.Join(' ', audit) : "")}",
                claim.Name, session.Name);

        // E22, law 2: somebody will look again.
        if (claim.DueAt is null && (claim.IsLeaving || claim.IsLive))
            throw Break("L2", $"{claim.Name} is {claim} and has no date", claim);
        if (claim.IsLive && claim.DueAt > claim.EndsAt)
            throw Break("E22", $"{claim.Name} ends at {story.At(claim.EndsAt)} and is due at {story.At(claim.DueAt.Value)}", claim);
        if (claim.Status == ResourceIpStatus.Failed && claim.MayStand && claim.OverdueSince is null)
            throw Break("E04", $"{claim.Name} is {claim} and does not say since when", claim);
        if (!IsPossible(claim))
            throw Break("L5", $"{claim.Name} is {claim}, which cannot be", claim);
        if (before is null)
            return;

        // Law 5: along the table, with the row that says so.
        if (before.Wanted == Wanted.Absent && claim.Wanted == Wanted.Present)
            throw Break("L5", $"{claim.Name} was ended and is wanted again", claim);
        if (before is { Wanted: Wanted.Absent, MayStand: false } && (claim.Status != before.Status || claim.MayStand))
            throw Break("L5", $"{claim.Name} was settled for good ({before}) and is {claim}", claim);
        if (claim.Status != before.Status && !ClaimEdges[before.Status].Contains(claim.Status))
            throw Break("L5", $"{claim.Name} went from {before} to {claim}", claim);
        var entered = claim.Status != before.Status ? claim.Status : (ResourceIpStatus?)null;
        if (Count(audit, "RULE_APPLIED", "RULE_PUT_BACK") != (entered == ResourceIpStatus.Applied ? 1 : 0) && !(entered is not null && before.Status != ResourceIpStatus.Applied && claim.IsLeaving))
            throw Break("L5", $"{claim.Name} went from {before} to {claim} with audit {string.Join(' ', audit)}", claim);
        if (entered == ResourceIpStatus.Removed && before.MayStand && Count(audit, "RULE_REMOVED", "RULE_KEPT", "RULE_DECLARED_GONE") == 0)
            throw Break("L5", $"{claim.Name} went from {before} to {claim} without an audit row", claim);
        var undone = before is { Status: ResourceIpStatus.Failed, MayStand: true } && claim is { Status: ResourceIpStatus.Failed, MayStand: false };
        if (entered != ResourceIpStatus.Removed && entered != ResourceIpStatus.Failed && !undone && Count(audit, "RULE_REMOVED", "RULE_KEPT") > 0)
            throw Break("L5", $"{claim.Name} went from {before} to {claim} with audit {string.Join(' ', audit)}", claim);
        var overdue = claim is { Status: ResourceIpStatus.Failed, MayStand: true } && before is not { Status: ResourceIpStatus.Failed, MayStand: true };
        if (Count(audit, "RULE_REMOVE_FAILED") != (overdue ? 1 : 0))
            throw Break("L5", $"{claim.Name} went from {before} to {claim} with audit {string.Join(' ', audit)}", claim);
        if (Count(audit, "RULE_APPLY_FAILED") > 1 || (entered == ResourceIpStatus.Failed && before.IsLive && Count(audit, "RULE_APPLY_FAILED", "RULE_LOST") == 0))
            throw Break("L5", $"{claim.Name} went from {before} to {claim} with audit {string.Join(' ', audit)}", claim);
        if (claim.IsLeaving && before.MayStand && claim.Entries.Length < before.Entries.Length)
            throw Break("E07", $"{claim.Name} is {claim} and forgot entries: {before.Entries}, now {claim.Entries}", claim);

        if (entered is ResourceIpStatus.Applying or ResourceIpStatus.Applied && before.Status is not ResourceIpStatus.Applying && !mirror.IsEligible(claim.Id))
            throw Break("E18", $"{claim.Name} went from {before} to {claim}, and nothing entitles it", claim);
        if (entered == ResourceIpStatus.Applied)
            Opened(claim);
    }

    private void Opened(ClaimRow claim)
    {
        var cloud = clouds.Single(c => c.Key.Value == claim.Key);
        foreach (var rule in claim.Rules.Where(r => !cloud.Stands(r) && !cloud.IsLost(r)))
            throw Break("L3", $"{claim.Name} reads APPLIED, and {rule} does not stand on {cloud.Name}", claim);
    }

    private void Changed(string who, SessionRow? before, SessionRow session, List<string> audit)
    {
        var path = audit.Where(a => a.StartsWith("SESSION_", StringComparison.Ordinal)).Select(a => Names.FromWire<SessionStatus>(a["SESSION_".Length..])).OfType<SessionStatus>().ToList();
        if (before?.Status != session.Status)
            story.Tell(who, $"{session.Name} {(before is null ? "is" : $"was {Names.Wire(before.Status)}, is")} {Names.Wire(session.Status)} {(session.Reason is { } why ? Names.Wire(why) : "")}: {string.Join(' ', audit.Distinct())}", session.Name);
        var at = before?.Status ?? SessionStatus.Pending;
        foreach (var step in path)
        {
            if (!SessionEdges[at].Contains(step))
                throw Break("L5", $"{session.Name} went from {Names.Wire(at)} to {Names.Wire(step)}", session);
            at = step;
        }

        if (at != session.Status)
            throw Break("L5", $"{session.Name} is {Names.Wire(session.Status)}, its audit rows lead to {Names.Wire(at)}", session);
        if (session.IsTerminal != session.EndedAt is not null || (session.Status == SessionStatus.Expiring) && session.EndingAt is null)
            throw Break("E20", $"{session.Name} is {Names.Wire(session.Status)} with endingAt {session.EndingAt} and endedAt {session.EndedAt}", session);
        if ((session.Status == SessionStatus.Expired) != (session.IsTerminal && session.Reason == EndReason.Expired))
            throw Break("E17", $"{session.Name} is {Names.Wire(session.Status)} by {session.Reason}", session);
        var open = claims.Values.Where(c => c.SessionId == session.Id && (c.IsLive || c.IsLeaving)).ToList();
        if (session.IsTerminal && open.Count > 0)
            throw Break("L3", $"{session.Name} is {Names.Wire(session.Status)} while {string.Join(", ", open.Select(c => $"{c.Name} is {c}"))}", session);
        if (session.IsTerminal && before?.IsTerminal != true && CalmSince is { } calm && session.EndingAt is { } ending && ending > calm + TimeSpan.FromMinutes(7))
            InTime(session, ending);
    }

    // With a provider that behaves, a door shuts within seconds: one decision and one call.
    private void LookAtExposure()
    {
        var longest = Exposure.Look(loop.Now, at => CalmSince is { } calm && at > calm + TimeSpan.FromMinutes(7), clouds, (cloud, rule) =>
        {
            var wanted = wanting[(cloud.Key.Value, rule)];
            return wanted.Any(c => c.Wanted == Wanted.Present && c.EndsAt > loop.Now) ? null : wanted.Max(c => c.EndingAt < c.EndsAt ? c.EndingAt : c.EndsAt);
        });
        if (longest > TimeSpan.FromSeconds(10))
            throw new Broken("L2", $"a door stood open for nobody for {longest.TotalSeconds:0.0} s, with nothing in the way");
    }

    // With a provider that behaves, a session closes within seconds of its end.
    private void InTime(SessionRow session, DateTimeOffset ending)
    {
        var own = claims.Values.Where(c => c.SessionId == session.Id).ToList();
        var delay = own.Max(c => clouds.SingleOrDefault(x => x.Key.Value == c.Key)?.Kind.Capabilities.ReadDelay ?? TimeSpan.Zero);
        var late = loop.Now - ending - (2 * delay);
        if (late > TimeSpan.FromSeconds(10))
            throw Break("L2", $"{session.Name} was over at {story.At(ending)} and closed {late.TotalSeconds:0.0} s too late, with nothing in the way", session);
        if (session.Reason == EndReason.Expired && ending - session.ExpiresAt is var slept && slept > TimeSpan.FromSeconds(1))
            throw Break("L2", $"{session.Name} was to end at {story.At(session.ExpiresAt)}; it was decided {slept.TotalSeconds:0.0} s later, with nothing in the way", session);
    }

    private static bool IsPossible(ClaimRow claim) => claim.Status switch
    {
        ResourceIpStatus.Applied => claim is { Wanted: Wanted.Present, MayStand: true },
        ResourceIpStatus.Applying => claim is { Wanted: Wanted.Present, MayStand: true },
        ResourceIpStatus.Pending => claim.Wanted == Wanted.Present,
        ResourceIpStatus.Removing => claim.MayStand,
        ResourceIpStatus.Removed => claim is { Wanted: Wanted.Absent, MayStand: false },
        ResourceIpStatus.Failed => true,
        _ => false,
    };

    private static int Count(List<string> audit, params string[] events) => audit.Count(events.Contains);

    private Broken Break(string law, string what, ClaimRow claim) =>
        new(law, what, [claim.Name, sessions[claim.SessionId].Name, claim.Address.ToString(), .. clouds.Where(c => c.Key.Value == claim.Key).Select(c => c.Name),
            .. claims.Values.Where(c => c.Key == claim.Key && c.Address == claim.Address).Select(c => c.Name)]);

    private Broken Break(string law, string what, SessionRow session) => new(law, what, [session.Name, .. ClaimsOf(session)]);

    private IEnumerable<string> ClaimsOf(SessionRow session) => claims.Values.Where(c => c.SessionId == session.Id).Select(c => c.Name);
}
