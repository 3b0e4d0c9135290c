using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Domain.Access;
using EntryGuard.Domain.Sessions;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.Sessions;

/// <summary><c>POST /sessions/{id}/extend</c>: moves the end of each claim, up to its own cap (E19).</summary>
public static class ExtendSession
{
    public static async Task<Results<Ok<SessionResponse>, RefusalResult>> Handle(
        Guid id, ExtendSessionRequest request, EntryGuardDb db, Caller caller, IEngine engine, DatabaseClock clock, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(clock);
        var (by, refusal) = Parse(request);
        if (refusal is not null)
            return new RefusalResult(refusal);
        var sessionId = new SessionId(id);
        SessionWrite write;
        await using (var work = await db.BeginWriteAsync(WritePriority.Other, ct))
        {
            await db.ShareAsync(caller.Organization, ct);   // it may let a claim rest on another grant, which nobody takes away meanwhile
            write = await SessionWrite.LockAsync(db, [sessionId], clock.Now, caller.Actor, false, ct);
            if (!write.Sessions.TryGetValue(sessionId, out var session) || session.UserId != caller.UserId)
                return new RefusalResult(GetSession.NotFound);
            if (session.Status is not (SessionStatus.Active or SessionStatus.Partial) || session.ExpiresAt <= write.Now)
                return new RefusalResult(new Refusal(ErrorCodes.SessionNotExtendable, RefusalKind.Invalid,
                    "Only a session that is ACTIVE or PARTIAL and has not expired can be extended; start a new one."));

            await EndWhatLostItsGrantAsync(db, write, session, ct);
            var wanted = session.ResourceIps.Where(c => c.Wanted == Wanted.Present && caller.Reaches(c.ResourceId)).ToList();
            if (wanted.Count > 0)
            {
                var caps = await CapsAsync(db, caller, write, session, wanted, ct);
                if (caps.Values.All(c => c.Cap is null))
                    return new RefusalResult(Lacking(caps.Values.Select(c => c.Verdict).First()));
                var (end, (best, longest)) = (session.ExpiresAt + by, caps.Values.Where(c => c.Cap is not null).MaxBy(c => c.Verdict.Until));
                if (end > longest.Until)
                    return new RefusalResult(Refusal.Field(
                        request.AdditionalHours is null ? "additionalMinutes" : "additionalHours",
                        $"goes beyond {longest.LimitedBy}; the latest end is {longest.Until:u}, so at most {Math.Max(0, Math.Floor((longest.Until - session.ExpiresAt).TotalMinutes)):0} more minutes",
                        ErrorCodes.SessionTooLong));
                foreach (var (claim, (way, verdict)) in caps)
                {
                    if (way is null)
                        continue;
                    write.Rebase(claim, way.Grant, way.Role?.Id, verdict.Until, verdict.LimitedBy);
                    Move(write, claim, end < claim.CapAt ? end : claim.CapAt);
                }

                write.Audit(session, "SESSION_EXTEND", new { from = session.ExpiresAt, to = end });
            }

            write.Complete();
            await work.CommitAsync(ct);
        }

        engine.Wake(write.Wake);
        return TypedResults.Ok((await GetSession.FindAsync(db, caller, sessionId, ct))!.ToResponse());
    }

    private static async Task EndWhatLostItsGrantAsync(EntryGuardDb db, SessionWrite write, Session session, CancellationToken ct)
    {
        await Entitlements.ReviewAsync(db, write, ct);
        await db.SaveChangesAsync(ct);
        var lost = await Eligibility.LostAsync(db, [.. session.ResourceIps.Where(c => c.Wanted == Wanted.Present).Select(c => c.Id)], ct);
        foreach (var claim in session.ResourceIps.Where(c => lost.Contains(c.Id)).ToList())
            write.End(claim, EndReason.AccessRevoked);
    }

    // As of now, not of the start: the hours that are open, a second factor shown lately, what was loosened since.
    private static async Task<Dictionary<ResourceIp, (Way? Cap, Verdict Verdict)>> CapsAsync(
        EntryGuardDb db, Caller caller, SessionWrite write, Session session, List<ResourceIp> wanted, CancellationToken ct)
    {
        var ways = await Entitlements.WaysAsync(db, [session], ct);
        var longest = (await db.Organizations.AsNoTracking().SingleAsync(ct)).MaxSession;
        var caps = new Dictionary<ResourceIp, (Way?, Verdict)>();
        foreach (var claim in wanted)
        {
            var request = Entitlements.RequestOf(session, claim, write.Now) with { MfaAt = caller.MfaAt, MfaAskedAt = write.Now };
            var open = ways(caller.UserId, claim.ResourceId, claim.Grant == Grant.Admin);
            caps[claim] = Entitlements.Best(open, request, longest) is var (way, verdict) ? (way, verdict) : (null, open[0].Judge(request, longest));
        }

        return caps;
    }

    private static Refusal Lacking(Verdict verdict) => new(
        verdict.Lack == AccessLack.Mfa ? ErrorCodes.MfaRequired : ErrorCodes.SessionNotExtendable, RefusalKind.Forbidden,
        $"It cannot be extended: {verdict.WhyNot ?? $"it has reached {verdict.LimitedBy}"}.");

    private static void Move(SessionWrite write, ResourceIp claim, DateTimeOffset end)
    {
        if (end <= claim.EndsAt)
            return;
        claim.EndsAt = end;
        claim.MoveEnd(write.Now);
        write.Touch(claim);
    }

    private static (TimeSpan By, Refusal? Refusal) Parse(ExtendSessionRequest request) => (request.AdditionalHours, request.AdditionalMinutes) switch
    {
        (null, null) => (default, Refusal.Field("additionalHours", "is missing; give additionalHours or additionalMinutes, at least 1")),
        (not null, not null) => (default, Refusal.Field("additionalMinutes", "is given beside additionalHours; give one of the two")),
        ({ } hours, _) => hours is < 1 or > 100_000 ? (default, Refusal.Field("additionalHours", "must be a whole number of hours, at least 1")) : (TimeSpan.FromHours(hours), null),
        (_, { } minutes) => minutes is < 1 or > 6_000_000 ? (default, Refusal.Field("additionalMinutes", "must be a whole number of minutes, at least 1")) : (TimeSpan.FromMinutes(minutes), null),
    };
}
