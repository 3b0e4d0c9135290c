using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Domain.Sessions;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;

namespace EntryGuard.Server.Features.Sessions;

/// <summary><c>POST /resource-ips/{id}/declare-gone</c>: the last resort of an admin who knows what we cannot see (E20).</summary>
public static class DeclareGone
{
    public static async Task<Results<Ok<ResourceIpResponse>, RefusalResult>> Handle(
        Guid id, DeclareGoneRequest request, EntryGuardDb db, Caller caller, IEngine engine, DatabaseClock clock, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.Reason is not { Length: > 0 and <= 500 } reason || string.IsNullOrWhiteSpace(reason))
            return new RefusalResult(Refusal.Field("reason", "is missing or longer than 500 characters; write how you know that the rule is gone"));
        SessionWrite write;
        ResourceIp? claim;
        await using (var work = await db.BeginWriteAsync(WritePriority.Closing, ct))
        {
            (write, claim) = await RetryResourceIp.LockAsync(db, new ResourceIpId(id), caller, clock, ct);
            if (claim is null)
                return new RefusalResult(RetryResourceIp.NotFound);
            if (!claim.State.IsLeaving)
                return new RefusalResult(new Refusal(ErrorCodes.NothingToDeclare, RefusalKind.Invalid,
                    "Only a rule that is being closed can be declared gone; stop the session first."));
            claim.IsDeclaredGone = true;
            (claim.AttemptId, claim.AttemptEpoch, claim.AttemptDeadlineAt) = (null, null, null);
            write.Move(claim, RuleEvent.DeclaredGone);
            write.Audit(claim, "RULE_DECLARED_GONE", details: new { resourceIpId = id, address = claim.Address.ToString(), reason });
            write.Complete();
            await work.CommitAsync(ct);
        }

        engine.Wake(write.Wake);
        return TypedResults.Ok(SessionView.ClaimRow.Of(claim).ToResponse());
    }
}
