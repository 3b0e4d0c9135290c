using System.Collections.Immutable;
using EntryGuard.Domain;
using EntryGuard.Domain.Rules;
using EntryGuard.Domain.Sessions;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Data;

/// <summary>
/// The one way in which sessions and claims change: their owners locked first, in id order; then read; then moved by the domain's
/// functions; then every touched session recomputed to its fixed point, audited, and saved with guarded updates (law 5, E18).
/// </summary>
public sealed partial class SessionWrite
{
    // A session moves at most PENDING → ACTIVE → EXPIRING → EXPIRED in one transaction; more would be a loop in the table.
    private const int MostSteps = 8;

    private readonly EntryGuardDb db;
    private readonly DateTimeOffset now;
    private readonly Actor actor;
    private readonly Dictionary<SessionId, Session> sessions;
    private readonly HashSet<ResourceIp> touched = [];
    private readonly HashSet<ResourceIp> moved = [];
    private readonly HashSet<AllowListKey> wake = [];

    private SessionWrite(EntryGuardDb db, DateTimeOffset now, Actor actor, Dictionary<SessionId, Session> sessions)
    {
        (this.db, this.now, this.actor, this.sessions) = (db, now, actor, sessions);
        db.WrittenAt = now;
    }

    /// <summary>The sessions that were locked, with all their claims. Those that do not exist, or were skipped, are missing.</summary>
    public IReadOnlyDictionary<SessionId, Session> Sessions => sessions;

    /// <summary>Allow-lists with something to do now; ring the bell for them after the commit.</summary>
    public IReadOnlySet<AllowListKey> Wake => wake;

    /// <summary>Claims whose status changed in this write.</summary>
    public IReadOnlySet<ResourceIp> Moved => moved;

    /// <summary>Database time of this write.</summary>
    public DateTimeOffset Now => now;

    /// <summary>Locks the owners and reads them with their claims. Call inside a write transaction.</summary>
    /// <param name="db">The scope to work in.</param>
    /// <param name="ids">Owners, in any order, repeats allowed.</param>
    /// <param name="now">Database time.</param>
    /// <param name="actor">For the audit rows.</param>
    /// <param name="skipLocked">Leave out owners that somebody else holds, instead of waiting for them.</param>
    /// <param name="ct">Cancels the wait.</param>
    public static async Task<SessionWrite> LockAsync(
        EntryGuardDb db, IEnumerable<SessionId> ids, DateTimeOffset now, Actor actor, bool skipLocked, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(db);
        var wanted = ids.Distinct().Order().ToArray();
        if (db.IsShared && wanted.Length > 0)
            wanted = await LockRowsAsync(db, wanted, skipLocked, ct);
        var found = await db.Sessions.Include(s => s.ResourceIps).ThenInclude(c => c.Resource)
            .Where(s => wanted.Contains(s.Id)).AsSplitQuery().ToDictionaryAsync(s => s.Id, ct);
        return new SessionWrite(db, now, actor, found);
    }

    /// <summary>Locks the owners of these claims and reads them with all their claims. Whatever the claims rest on must be locked before (E18).</summary>
    public static async Task<SessionWrite> LockOwnersAsync(
        EntryGuardDb db, IQueryable<ResourceIp> claims, DateTimeOffset now, Actor actor, CancellationToken ct) =>
        await LockAsync(db, await claims.Select(c => c.SessionId).Distinct().ToListAsync(ct), now, actor, false, ct);

    /// <summary>
    /// Takes claims that are leaving into a call, by one statement and without reading them: nothing that a session's status follows from moves.
    /// Call inside a write transaction.
    /// </summary>
    /// <param name="db">The engine's scope.</param>
    /// <param name="owners">Of the claims; they are locked first, as for every write.</param>
    /// <param name="claims">By the state in which they were planned; all of them leave. Whoever is in another by now, or in a call, is left alone.</param>
    /// <param name="call">The call.</param>
    /// <param name="now">Database time.</param>
    /// <param name="ct">Cancels the wait.</param>
    /// <returns>Those that were taken.</returns>
    public static async Task<HashSet<ResourceIpId>> MarkLeavingAsync(
        EntryGuardDb db, IReadOnlyCollection<SessionId> owners, ILookup<ClaimState, ResourceIpId> claims, CallMark call, DateTimeOffset now, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(db);
        if (db.IsShared)
            await LockRowsAsync(db, [.. owners.Distinct().Order()], skipLocked: false, ct);
        var marked = 0;
        foreach (var planned in claims)
        {
            var (state, ids) = (planned.Key, planned.ToList());
            if (state.On(RuleEvent.RemoveStarted) != state)
                throw new ArgumentException($"A closing that begins would move a claim that is {state}.", nameof(claims));
            marked += await db.ResourceIps
                .Where(c => ids.Contains(c.Id) && c.AttemptId == null && c.Wanted == state.Wanted && c.Status == state.Status && c.MayStand == state.MayStand)
                .ExecuteUpdateAsync(
                    set => set.SetProperty(c => c.Attempts, c => c.Attempts + 1).SetProperty(c => c.FirstAttemptAt, c => c.FirstAttemptAt ?? now)
                        .SetProperty(c => c.AttemptId, call.Id).SetProperty(c => c.AttemptEpoch, call.Epoch)
                        .SetProperty(c => c.AttemptDeadlineAt, call.DeadlineAt).SetProperty(c => c.DueAt, call.DeadlineAt), ct);
        }

        var all = claims.SelectMany(c => c).ToHashSet();
        return marked == all.Count ? all : [.. await db.ResourceIps.Where(c => all.Contains(c.Id) && c.AttemptId == call.Id).Select(c => c.Id).ToListAsync(ct)];
    }

    /// <summary>A new session, not yet saved. Its claims are born with it, see <see cref="ClaimBirth"/>.</summary>
    public static SessionWrite Start(EntryGuardDb db, Session session, DateTimeOffset now, Actor actor)
    {
        ArgumentNullException.ThrowIfNull(db);
        ArgumentNullException.ThrowIfNull(session);
        db.Sessions.Add(session);
        var write = new SessionWrite(db, now, actor, new() { [session.Id] = session });
        foreach (var claim in session.ResourceIps)
            write.Touch(claim);
        return write;
    }

    /// <summary>The claim, if its owner was locked.</summary>
    public ResourceIp? Find(SessionId session, ResourceIpId id) =>
        sessions.TryGetValue(session, out var owner) ? owner.ResourceIps.Find(c => c.Id == id) : null;

    /// <summary>Moves a claim. False, and nothing changed, if the event is impossible in its state.</summary>
    public bool Move(ResourceIp claim, RuleEvent what)
    {
        ArgumentNullException.ThrowIfNull(claim);
        if (claim.State.On(what) is not { } next)
            return false;
        Touch(claim);
        var before = claim.State;
        claim.State = next;
        if (next.Status != before.Status || (before.IsOverdue && !next.IsOverdue))   // an overdue undoing that is done reads FAILED before and after
        {
            if (before.Status == ResourceIpStatus.Applied)
                claim.AwaitsList = false;   // that was about its end
            moved.Add(claim);
            Entered(claim, before);
        }

        return true;
    }

    /// <summary>Facts about a claim were written: it is saved and its next date recomputed even if its status stays.</summary>
    public void Touch(ResourceIp claim) => touched.Add(claim);

    /// <summary>Its date has come and its allow-list is woken: it is looked at again 5 s later, or at its end, in case the wake is lost (E22).</summary>
    public void TakeUp(ResourceIp claim)
    {
        ArgumentNullException.ThrowIfNull(claim);
        var again = now + TimeSpan.FromSeconds(5);
        claim.DueAt = claim.State.IsLive && claim.EndsAt < again ? claim.EndsAt : again;
        if (claim.AllowListKey is { } key)
            wake.Add(key);
    }

    /// <summary>The owner does not want the claim any more. Idempotent.</summary>
    public void End(ResourceIp claim, EndReason reason)
    {
        ArgumentNullException.ThrowIfNull(claim);
        var before = claim.State;
        if (!Move(claim, RuleEvent.Ended))
            return;
        (claim.EndReason, claim.EndingAt) = (reason, now);
        if (before.IsOverdue)
            return;   // an overdue undoing is now an overdue closing: its date and schedule stand, overdueSince is older
        (claim.Attempts, claim.FirstAttemptAt) = (0, null);
        claim.NextAttemptAt = claim.State.IsSettled ? null : now;
        if ((before.IsLive || !claim.State.IsSettled) && claim.AllowListKey is { } key)
            wake.Add(key);   // even if nothing of its own stands: a closing may have waited for it to open (E06)
    }

    /// <summary>Ends every claim of the session that is still wanted; the session follows when it is recomputed.</summary>
    public void End(Session session, EndReason reason)
    {
        ArgumentNullException.ThrowIfNull(session);
        if (session.IsRunning)
            Become(session, new SessionState(SessionStatus.Expiring, reason));
    }

    /// <summary>A closing or an undoing is tried at once, whatever its schedule says (E04). Nothing happens to other claims.</summary>
    public void TryNow(ResourceIp claim)
    {
        ArgumentNullException.ThrowIfNull(claim);
        if (!claim.State.IsLeaving)
            return;
        if (claim.AttemptId is null)
            claim.NextAttemptAt = now;
        Touch(claim);
    }

    /// <summary>Its allow-list is looked at after the commit, even if nothing is due there: a gate opens its port for it, or gives it back.</summary>
    public void LookAt(Resource resource)
    {
        ArgumentNullException.ThrowIfNull(resource);
        if (resource.AllowListKey is { } key)
            wake.Add(key);
    }

    /// <summary>The claim rests on this grant from now on, and ends by its cap at the latest.</summary>
    public void Rebase(ResourceIp claim, Grant grant, RoleId? role, DateTimeOffset capAt, string cappedBy)
    {
        ArgumentNullException.ThrowIfNull(claim);
        (claim.Grant, claim.RoleId, claim.CapAt, claim.CappedBy) = (grant, role, capAt, cappedBy);
        if (capAt < claim.EndsAt)
        {
            claim.EndsAt = capAt;
            claim.MoveEnd(now);
        }

        Touch(claim);
    }

    /// <summary>Ends a live claim and makes the one that wants other scopes in its place (E08).</summary>
    public void Supersede(ResourceIp claim, ImmutableArray<Scope> scopes)
    {
        ArgumentNullException.ThrowIfNull(claim);
        End(claim, EndReason.Superseded);
        var successor = new ResourceIp
        {
            Id = new ResourceIpId(Guid.CreateVersion7(now)),
            OrganizationId = claim.OrganizationId,
            SessionId = claim.SessionId,
            ResourceId = claim.ResourceId,
            Resource = claim.Resource,
            AllowListKey = claim.AllowListKey,
            Address = claim.Address,
            Scopes = scopes,
            Grant = claim.Grant,
            RoleId = claim.RoleId,
            CappedBy = claim.CappedBy,
            Wanted = Wanted.Present,
            Status = ResourceIpStatus.Pending,
            EndsAt = claim.EndsAt,
            CapAt = claim.CapAt,
            NextAttemptAt = now,
            CreatedAt = now,
        };
        db.ResourceIps.Add(successor);
        var session = sessions[claim.SessionId];
        if (!session.ResourceIps.Contains(successor))
            session.ResourceIps.Add(successor);
        Touch(successor);
    }

    /// <summary>An audit row about a claim.</summary>
    public void Audit(ResourceIp claim, string eventType, string result = "SUCCESS", object? details = null)
    {
        ArgumentNullException.ThrowIfNull(claim);
        var session = sessions[claim.SessionId];
        db.Audit.Add(Row(eventType, result, session, claim.ErrorMessage is { } error && result != "SUCCESS" ? error : null, details ?? new
        {
            resourceIpId = claim.Id.Value,
            address = claim.Address.ToString(),
            attempts = claim.Attempts,
            allowList = claim.AllowListKey?.Value,
        }, "RESOURCE", claim.ResourceId.Value.ToString(), claim.Resource?.Name));
    }

    /// <summary>An audit row about a session, or a static rule.</summary>
    public void Audit(Session session, string eventType, object? details = null)
    {
        ArgumentNullException.ThrowIfNull(session);
        db.Audit.Add(Row(eventType, "SUCCESS", session, null, details, session.Kind == OwnerKind.StaticRule ? StaticRule : "SESSION", session.Id.Value.ToString(), session.Label));
    }

    /// <summary>Recomputes every locked session to its fixed point and sets the dates of the touched claims. Call before the commit; idempotent.</summary>
    public void Complete()
    {
        foreach (var session in sessions.Values)
            Recompute(session);
        foreach (var claim in touched)
            SetDates(claim);

        // For the sweep, which looks at those that are PENDING or EXPIRING anyway: a thousand claims that are marked for a call are not a thousand
        // sessions written. Once for all of them: each look at the tracker compares everything in it.
        var changed = db.ChangeTracker.Entries<Session>().Where(e => e.State != EntityState.Unchanged).Select(e => e.Entity.Id)
            .Concat(touched.Select(c => c.SessionId)).ToHashSet();
        foreach (var session in sessions.Values.Where(s => changed.Contains(s.Id) && s.Status is not (SessionStatus.Pending or SessionStatus.Expiring)))
            session.ChangedAt = now;
    }

    private void Recompute(Session session)
    {
        for (var step = 0; ; step++)
        {
            if (step == MostSteps)
                throw new InvalidOperationException($"Session {session.Id.Value} does not settle from {session.Status}.");
            SessionClaim[] claims = [.. session.ResourceIps.Select(c => c.ToSessionClaim())];
            var next = session.Kind == OwnerKind.StaticRule ? SessionStatus.FromStatic(session.State, claims) : SessionStatus.From(session.State, claims);
            if (next == session.State)
                break;
            Become(session, next);
        }

        var ends = session.ResourceIps.Where(c => c.Wanted == Wanted.Present).Select(c => c.EndsAt).ToList();
        if (ends.Count > 0 && session.State.IsRunning && ends.Max() != session.ExpiresAt)
            session.ExpiresAt = ends.Max();
    }

    private void Become(Session session, SessionState next)
    {
        (session.Status, session.EndReason) = (next.Status, next.Reason);
        if (next.IsTerminal && !session.IsRunning)
            session.EndedAt = now;
        if (next.Status == SessionStatus.Expiring)
        {
            session.EndingAt = now;
            foreach (var claim in session.ResourceIps.Where(c => c.Wanted == Wanted.Present).ToList())
                End(claim, next.Reason!.Value);
        }

        if (session.Kind == OwnerKind.Drift)
            return;   // nobody's: what happens to its claims is told of each
        Audit(session, $"{(session.Kind == OwnerKind.StaticRule ? StaticRule : "SESSION")}_{Names.Wire(next.Status)}", new
        {
            reason = next.Reason is { } why ? Names.Wire(why) : null,
            expiresAt = session.ExpiresAt,
        });
    }

    private void Entered(ResourceIp claim, ClaimState before)
    {
        switch (claim.Status)
        {
            case ResourceIpStatus.Applied:
                Audit(claim, claim.AppliedAt is null ? "RULE_APPLIED" : "RULE_PUT_BACK");
                claim.AppliedAt ??= now;
                claim.Rest();
                break;
            case ResourceIpStatus.Removing when claim.Wanted == Wanted.Present:
                (claim.Attempts, claim.FirstAttemptAt, claim.NextAttemptAt) = (0, null, now);   // undoing has its own schedule
                Audit(claim, "RULE_APPLY_FAILED", "FAILURE");
                break;
            case ResourceIpStatus.Failed when claim.MayStand:
                claim.OverdueSince ??= now;
                Audit(claim, "RULE_REMOVE_FAILED", "FAILURE");
                break;
            case ResourceIpStatus.Failed:
                (claim.NextAttemptAt, claim.AwaitsList, claim.OverdueSince) = (null, false, null);
                if (claim.Wanted == Wanted.Present && before.IsLive)   // an undoing said so when it began
                    Audit(claim, "RULE_APPLY_FAILED", "FAILURE");
                break;
            case ResourceIpStatus.Removed:
                claim.RemovedAt = now;
                claim.AllowedBy = claim.Resource?.AllowingAnyway(claim.Address, claim.Scopes)?.Rule.ToString();
                (claim.ErrorCode, claim.ErrorMessage) = (null, null);   // what went wrong on the way is in the audit log
                (claim.NextAttemptAt, claim.AwaitsList, claim.OverdueSince) = (null, false, null);
                break;
        }
    }

    // E22. Whoever sets a date that has come also wakes the allow-list; if that wake is lost, the clock finds the row 5 s later.
    private void SetDates(ResourceIp claim)
    {
        DateTimeOffset? due = claim switch
        {
            { State.IsSettled: true, State.Status: not ResourceIpStatus.Applied } => null,
            { AttemptDeadlineAt: { } deadline } => deadline,
            { NextAttemptAt: { } at } when at > now => at,
            { NextAttemptAt: not null } or { State.IsSettled: false } => WakeNow(claim),
            _ => null,
        };
        if (claim.State.IsLive && (due is null || claim.EndsAt < due))
            due = claim.EndsAt;
        claim.DueAt = due;
    }

    // Without an allow-list there is nobody to wake but the clock: its Resource is to be verified.
    private DateTimeOffset WakeNow(ResourceIp claim)
    {
        if (claim.AllowListKey is not { } key)
            return now;
        wake.Add(key);
        return now + TimeSpan.FromSeconds(5);
    }

    private AuditEntry Row(string eventType, string result, Session session, string? error, object? details, string type, string id, string? name)
    {
        var row = AuditRow.Of(session.OrganizationId, actor, eventType, now, new AuditSubject(type, id, name), details);
        (row.SessionId, row.SubjectId, row.Result, row.ErrorMessage) = (session.Id, session.UserId, result, error);
        return row;
    }

    private static async Task<SessionId[]> LockRowsAsync(EntryGuardDb db, SessionId[] ids, bool skipLocked, CancellationToken ct)
    {
        var values = ids.Select(id => id.Value).ToArray();
        var locked = skipLocked
            ? db.Database.SqlQuery<Guid>($"SELECT id AS \"Value\" FROM sessions WHERE id = ANY({values}) ORDER BY id FOR UPDATE SKIP LOCKED")
            : db.Database.SqlQuery<Guid>($"SELECT id AS \"Value\" FROM sessions WHERE id = ANY({values}) ORDER BY id FOR UPDATE");
        return [.. (await locked.ToListAsync(ct)).Select(id => new SessionId(id))];
    }
}

/// <summary>A call to a provider, as its claims carry it (E11).</summary>
/// <param name="Id">Of the attempt.</param>
/// <param name="Epoch">Of the process that makes it.</param>
/// <param name="DeadlineAt">Until then its answer is waited for; from then on it is nobody's.</param>
public readonly record struct CallMark(Guid Id, Guid Epoch, DateTimeOffset DeadlineAt);
