using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.Roles;

/// <summary><c>DELETE /roles/{id}</c>: what rested on it alone ends in the same transaction; what another grant covers rests on that.</summary>
public static class DeleteRole
{
    public static async Task<Results<NoContent, RefusalResult>> Handle(
        Guid id, EntryGuardDb db, Caller caller, IEngine engine, DatabaseClock clock, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(db);
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentNullException.ThrowIfNull(clock);
        var roleId = new RoleId(id);
        SessionWrite write;
        await using (var work = await db.BeginWriteAsync(WritePriority.Closing, ct))
        {
            await AccessChange.TakeTurnAsync(db, caller, ct);
            await db.LockAsync(roleId, ct);
            if (await db.Roles.SingleOrDefaultAsync(r => r.Id == roleId, ct) is not { } role)
                return new RefusalResult(GetRole.NotFound);
            var (users, resources) = (await db.RoleUsers.CountAsync(g => g.RoleId == roleId, ct), await db.RoleResources.CountAsync(g => g.RoleId == roleId, ct));
            db.Roles.Remove(role);   // who and what is in it goes with it
            db.Audit.Add(AuditRow.About(role, caller.Actor, "ROLE_DELETE", clock.Now, new { users, resources }));
            await db.SaveChangesAsync(ct);
            write = await AccessChange.OfAsync(db, AccessChange.Running(db).Where(c => c.RoleId == roleId), clock.Now, caller.Actor, ct);
            await work.CommitAsync(ct);
        }

        engine.Wake(write.Wake);
        return TypedResults.NoContent();
    }
}
