using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Domain.Sessions;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.Sessions;

/// <summary><c>POST /resource-ips/{id}/retry</c>: another round for an opening that was given up, or a closing tried at once (E04, E19).</summary>
public static class RetryResourceIp
{
    public static Refusal NotFound { get; } =
        new(ErrorCodes.ResourceIpNotFound, RefusalKind.NotFound, "There is no such Resource IP, or it is not yours.");

    public static async Task<Results<Ok<ResourceIpResponse>, RefusalResult>> Handle(
        Guid id, EntryGuardDb db, Caller caller, IEngine engine, DatabaseClock clock, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(clock);
        var claimId = new ResourceIpId(id);
        SessionWrite write;
        ResourceIp? claim;
        await using (var work = await db.BeginWriteAsync(WritePriority.Closing, ct))
        {
            (write, claim) = await LockAsync(db, claimId, caller, clock, ct);
            if (claim is null)
                return new RefusalResult(NotFound);
            if (claim.State.IsLeaving)
                claim.NextAttemptAt = claim.AttemptId is null ? write.Now : claim.NextAttemptAt;
            else if (await WhyNotAsync(db, write, claim, ct) is { } why)
                return new RefusalResult(new Refusal(ErrorCodes.ResourceIpNotRetryable, RefusalKind.Invalid, why));
            else
                Reopen(write, claim);
            write.Touch(claim);
            write.Audit(claim, "RULE_RETRY");
            write.Complete();
            await work.CommitAsync(ct);
        }

        engine.Wake(write.Wake);
        return TypedResults.Ok(SessionView.ClaimRow.Of(claim).ToResponse());
    }

    internal static async Task<(SessionWrite Write, ResourceIp? Claim)> LockAsync(
        EntryGuardDb db, ResourceIpId id, Caller caller, DatabaseClock clock, CancellationToken ct)
    {
        var owner = await db.ResourceIps.AsNoTracking().Where(c => c.Id == id && (c.Session!.UserId == caller.UserId || caller.IsOrgAdmin))
            .Select(c => (Guid?)c.SessionId.Value).SingleOrDefaultAsync(ct);
        var session = owner is { } value ? new SessionId(value) : (SessionId?)null;
        var write = await SessionWrite.LockAsync(db, session is { } one ? [one] : [], clock.Now, caller.Actor, false, ct);
        return (write, session is { } locked ? write.Find(locked, id) : null);
    }

    private static async Task<string?> WhyNotAsync(EntryGuardDb db, SessionWrite write, ResourceIp claim, CancellationToken ct)
    {
        var session = write.Sessions[claim.SessionId];
        if (claim.State is not { Wanted: Wanted.Present, Status: ResourceIpStatus.Failed, MayStand: false })
            return "Only a Resource IP that FAILED can be tried again.";
        if (session.Status is not (SessionStatus.Active or SessionStatus.Partial) || claim.EndsAt <= write.Now)
            return "Its session is not running any more; start a new one.";
        if (claim.Resource?.AllowListKey is null)
            return "Its Resource was never verified; an administrator must verify it first.";
        if (claim.Resource.Health == ResourceHealth.Invalid)
            return $"Its Resource is INVALID; an administrator must repair it first. {claim.Resource.HealthMessage}";
        if (!claim.Scopes.SequenceEqual(claim.Resource.Scopes))
            return "What its Resource opens was changed since; start a new session.";   // a claim's scopes are fixed for life (E08)
        return (await Eligibility.LostAsync(db, [claim.Id], ct)).Count > 0 ? "You may not reach its Resource any more." : null;
    }

    private static void Reopen(SessionWrite write, ResourceIp claim)
    {
        claim.AllowListKey ??= claim.Resource?.AllowListKey;   // the Resource was verified since
        (claim.ErrorCode, claim.ErrorMessage, claim.Attempts, claim.FirstAttemptAt) = (null, null, 0, null);
        claim.NextAttemptAt = write.Now;
        write.Move(claim, RuleEvent.Retried);
    }
}
