using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Domain.Sessions;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.Sessions;

/// <summary>
/// <c>POST /sessions/admin/stop-all</c> and <c>/lift-freeze</c>: the red button. One transaction ends everything in its reach; with a freeze
/// it holds the row that every start shares, so a start is either ended with the rest, or refused.
/// </summary>
public static class StopAll
{
    private const int LongestReason = 500;
    private const int MostStaticRules = 200;

    private static Refusal NoSuchUser { get; } = RequestFields.NotThere(ErrorCodes.UserNotFound, "userId", "a user");
    private static Refusal NoSuchResource { get; } = RequestFields.NotThere(ErrorCodes.ResourceNotFound, "resourceId", "a Resource");

    public static async Task<Results<Ok<StopAllResponse>, RefusalResult>> Handle(
        StopAllRequest? request, EntryGuardDb db, Caller caller, IEngine engine, DatabaseClock clock, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentNullException.ThrowIfNull(clock);
        request ??= new StopAllRequest();
        var errors = new Dictionary<string, string>();
        var scope = Scope.Read(request.UserId, request.ResourceId, errors);
        var reason = RequestFields.Words("reason", request.Reason, LongestReason, errors);
        var rules = RequestFields.Ids("staticRuleIds", request.StaticRuleIds, MostStaticRules, errors).Select(id => new SessionId(id)).ToList();
        if (errors.Count > 0)
            return new RefusalResult(Refusal.Validation(errors));

        SessionWrite write;
        StopAllResponse answer;
        await using (var work = await db.BeginWriteAsync(WritePriority.Closing, ct))
        {
            var (target, subject, refusal) = await scope.HoldAsync(db, caller, ct);
            if (target is null)
                return new RefusalResult(refusal!);
            var known = await db.StaticRules.Where(s => rules.Contains(s.Id)).Select(s => s.Id).ToListAsync(ct);
            if (rules.Except(known).Any())
                return new RefusalResult(RequestFields.NotThere(ErrorCodes.StaticRuleNotFound, "staticRuleIds", "a static rule"));

            var now = clock.Now;
            if (request.Freeze == true)
                target.FrozenAt ??= now;
            var touched = await scope.Of(AccessChange.Running(db)).Select(c => c.SessionId).Distinct().ToListAsync(ct);
            write = await SessionWrite.LockAsync(db, touched.Concat(known), now, caller.Actor, false, ct);
            answer = End(write, scope, target.FrozenAt);
            db.Audit.Add(AuditRow.Of(caller.Organization, caller.Actor, "SESSION_STOP_ALL", now, subject!, new
            {
                freeze = request.Freeze == true,
                reason,
                sessions = answer.Sessions,
                resourceIps = answer.ResourceIps,
                staticRules = known.Select(r => r.Value),
            }));
            write.Complete();
            await work.CommitAsync(ct);
        }

        engine.Wake(write.Wake);
        return TypedResults.Ok(answer);
    }

    /// <summary><c>POST /sessions/admin/lift-freeze</c>. Lifting what is not frozen is no fault.</summary>
    public static async Task<Results<Ok<MessageResponse>, RefusalResult>> HandleLift(
        LiftFreezeRequest? request, EntryGuardDb db, Caller caller, DatabaseClock clock, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(db);
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(clock);
        var errors = new Dictionary<string, string>();
        var scope = Scope.Read(request?.UserId, request?.ResourceId, errors);
        if (errors.Count > 0)
            return new RefusalResult(Refusal.Validation(errors));
        await using var work = await db.BeginWriteAsync(WritePriority.Other, ct);
        var (target, subject, refusal) = await scope.HoldAsync(db, caller, ct);
        if (target is null)
            return new RefusalResult(refusal!);
        if (target.FrozenAt is not { } since)
            return TypedResults.Ok(new MessageResponse { Message = $"{subject!.Name} was not frozen." });
        target.FrozenAt = null;
        db.Audit.Add(AuditRow.Of(caller.Organization, caller.Actor, "FREEZE_LIFT", clock.Now, subject!, new { frozenAt = since }));
        await work.CommitAsync(ct);
        return TypedResults.Ok(new MessageResponse { Message = $"Sessions can be started again: {subject!.Name} was frozen since {since:u}." });
    }

    private static StopAllResponse End(SessionWrite write, Scope scope, DateTimeOffset? frozenAt)
    {
        var (claims, sessions, rules) = (0, 0, 0);
        foreach (var owner in write.Sessions.Values)
        {
            var wanted = owner.ResourceIps.Count(c => c.Wanted == Wanted.Present);
            if (owner.Kind == OwnerKind.StaticRule || scope.Resource is null)
                write.End(owner, EndReason.Admin);
            else
                owner.ResourceIps.Where(c => c.ResourceId == scope.Resource && c.Wanted == Wanted.Present).ToList().ForEach(c => write.End(c, EndReason.Admin));
            var ended = wanted - owner.ResourceIps.Count(c => c.Wanted == Wanted.Present);
            claims += ended;
            if (ended > 0 && owner.Kind == OwnerKind.StaticRule)
                rules++;
            else if (ended > 0)
                sessions++;
        }

        return new StopAllResponse { Sessions = sessions, ResourceIps = claims, StaticRules = rules, FrozenAt = frozenAt };
    }

    // What the button reaches: one user, one Resource, or with neither the organization.
    private sealed record Scope(UserId? User, ResourceId? Resource)
    {
        public static Scope Read(string? user, string? resource, Dictionary<string, string> errors)
        {
            var (who, what) = (RequestFields.Id("userId", user, errors), RequestFields.Id("resourceId", resource, errors));
            if (user is not null && resource is not null)
                errors["resourceId"] = "is given beside userId; give one of the two, or neither for the whole organization";
            return new Scope(who is { } u ? new UserId(u) : null, what is { } r ? new ResourceId(r) : null);
        }

        public IQueryable<ResourceIp> Of(IQueryable<ResourceIp> claims) =>
            User is { } user ? claims.Where(c => c.Session!.UserId == user) : Resource is { } resource ? claims.Where(c => c.ResourceId == resource) : claims;

        // Held alone, before it is read: no start shares it until we commit.
        public async Task<(IFreezable? Target, AuditSubject? Subject, Refusal? Refusal)> HoldAsync(EntryGuardDb db, Caller caller, CancellationToken ct)
        {
            if (User is { } user)
            {
                await db.LockAsync(user, ct);
                return await db.Users.SingleOrDefaultAsync(u => u.Id == user && u.DeletedAt == null, ct) is { } found
                    ? (found, AuditRow.SubjectOf(found), null) : (null, null, NoSuchUser);
            }

            if (Resource is { } resource)
            {
                await db.LockAsync(resource, ct);
                return await db.Resources.SingleOrDefaultAsync(r => r.Id == resource && r.DeletedAt == null, ct) is { } found
                    ? (found, AuditRow.SubjectOf(found), null) : (null, null, NoSuchResource);
            }

            await db.LockAsync(caller.Organization, ct);
            var organization = await db.Organizations.SingleAsync(ct);
            return (organization, AuditRow.SubjectOf(organization), null);
        }
    }
}
