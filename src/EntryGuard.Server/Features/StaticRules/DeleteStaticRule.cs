using EntryGuard.Domain;
using EntryGuard.Domain.Sessions;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;

namespace EntryGuard.Server.Features.StaticRules;

/// <summary><c>DELETE /static-ip-rules/{id}</c>: its end is decided. It stays visible while it is being closed, and then as one that has ended.</summary>
public static class DeleteStaticRule
{
    public static async Task<Results<NoContent, RefusalResult>> Handle(
        Guid id, EntryGuardDb db, Caller caller, IEngine engine, DatabaseClock clock, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(db);
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentNullException.ThrowIfNull(clock);
        var ruleId = new SessionId(id);
        SessionWrite write;
        await using (var work = await db.BeginWriteAsync(WritePriority.Closing, ct))
        {
            write = await SessionWrite.LockAsync(db, [ruleId], clock.Now, caller.Actor, false, ct);
            if (!write.Sessions.TryGetValue(ruleId, out var rule) || rule.Kind != OwnerKind.StaticRule)
                return new RefusalResult(GetStaticRule.NotFound);
            if (rule.IsRunning)
            {
                write.Audit(rule, "STATIC_IP_RULE_DELETE", new { ipAddress = rule.Address.ToString() });
                write.End(rule, EndReason.Admin);
                write.Complete();
                await work.CommitAsync(ct);
            }
        }

        engine.Wake(write.Wake);
        return TypedResults.NoContent();
    }
}
