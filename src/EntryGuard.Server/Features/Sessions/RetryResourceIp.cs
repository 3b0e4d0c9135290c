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
/// <c>POST /resource-ips/{id}/retry</c>: another round for an opening that was given up, or a closing tried at once (E04, E19). On a static
/// rule, an admin's word that it is wanted still: also after a change of ports, and after everything was closed by hand, with a new claim.
/// </summary>
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
            else if (MustRenew(write.Sessions[claim.SessionId], claim))
                claim = write.Claim(write.Sessions[claim.SessionId], claim.Resource!);
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

    private static Task<string?> WhyNotAsync(EntryGuardDb db, SessionWrite write, ResourceIp claim, CancellationToken ct) =>
        write.Sessions[claim.SessionId] is { Kind: OwnerKind.StaticRule } rule ? WhyNotAsync(db, write, rule, claim, ct) : SessionsWhyNotAsync(db, write, claim, ct);

    private static async Task<string?> SessionsWhyNotAsync(EntryGuardDb db, SessionWrite write, ResourceIp claim, CancellationToken ct)
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

    private static async Task<string?> WhyNotAsync(EntryGuardDb db, SessionWrite write, Session rule, ResourceIp claim, CancellationToken ct)
    {
        if (!rule.IsRunning || rule.ExpiresAt <= write.Now)
            return "Its static rule has ended; make a new one.";
        if (claim.State is not { Status: ResourceIpStatus.Failed, MayStand: false, Wanted: Wanted.Present } && !IsClosedByHand(claim))
            return "Only a Resource IP that FAILED, or was closed by hand, can be tried again.";
        if (claim.Resource?.AllowListKey is null)
            return "Its Resource was never verified; verify it first.";
        return (await Eligibility.LostAsync(db, [claim.Id], ct)).Count > 0 ? "Its Resource is switched off, or has no credential; repair that, and it is opened by itself." : null;
    }

    private static bool IsClosedByHand(ResourceIp claim) => claim is { Wanted: Wanted.Absent, EndReason: EndReason.Admin };

    private static bool MustRenew(Session owner, ResourceIp claim) =>
        owner.Kind == OwnerKind.StaticRule && (IsClosedByHand(claim) || !claim.Scopes.SequenceEqual(claim.Resource!.Scopes));

    private static void Reopen(SessionWrite write, ResourceIp claim)
    {
        claim.AllowListKey ??= claim.Resource?.AllowListKey;   // the Resource was verified since
        (claim.ErrorCode, claim.ErrorMessage, claim.Attempts, claim.FirstAttemptAt) = (null, null, 0, null);
        claim.NextAttemptAt = write.Now;
        write.Move(claim, RuleEvent.Retried);
    }
}
