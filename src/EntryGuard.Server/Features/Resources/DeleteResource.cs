using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Domain.Sessions;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.Resources;

/// <summary><c>DELETE /resources/{id}</c>: the row stays as a tombstone as long as claims point at it, so that they can be closed and read (E05).</summary>
public static class DeleteResource
{
    private static Refusal InUse { get; } = new(ErrorCodes.ResourceInUse, RefusalKind.Invalid,
        "It has sessions or static rules that are live or being closed. Wait, stop them, or ask with ?end=true: that ends them and deletes it.");

    public static async Task<Results<NoContent, RefusalResult>> Handle(
        Guid id, bool? end, EntryGuardDb db, Caller caller, IEngine engine, DatabaseClock clock, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(db);
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentNullException.ThrowIfNull(clock);
        var resourceId = new ResourceId(id);
        SessionWrite write;
        await using (var work = await db.BeginWriteAsync(WritePriority.Closing, ct))
        {
            await db.LockAsync(resourceId, ct);
            if (await db.Resources.SingleOrDefaultAsync(r => r.Id == resourceId && r.DeletedAt == null, ct) is not { } resource)
                return new RefusalResult(GetResource.NotFound);
            var claims = db.ResourceIps.Where(c => c.ResourceId == resourceId);
            if (end != true && await claims.AnyAsync(c => c.DueAt != null, ct))
                return new RefusalResult(InUse);

            // Grants before owners, as whoever ends a single one: the other way round both would wait for each other.
            await db.UserResources.Where(g => g.ResourceId == resourceId).ExecuteDeleteAsync(ct);
            await db.RoleResources.Where(g => g.ResourceId == resourceId).ExecuteDeleteAsync(ct);
            write = await SessionWrite.LockOwnersAsync(
                db, claims.Where(c => c.DueAt != null || (c.Wanted == Wanted.Present && c.Session!.EndedAt == null)), clock.Now, caller.Actor, ct);
            foreach (var claim in write.Sessions.Values.SelectMany(s => s.ResourceIps).Where(c => c.ResourceId == resourceId).ToList())
            {
                if (claim.Wanted == Wanted.Present)
                    write.End(claim, EndReason.AccessRevoked);
                else
                    write.TryNow(claim);
            }

            if (await claims.AnyAsync(ct))
                (resource.DeletedAt, resource.IsActive, resource.UpdatedAt) = (write.Now, false, write.Now);
            else
                db.Resources.Remove(resource);
            await HealthLedger.ResolveUnwatchedAsync(db, resourceId, write.Now, ct);
            db.Audit.Add(AuditRow.About(resource, caller.Actor, "RESOURCE_DELETE", write.Now, new { ended = end == true }));
            write.LookAt(resource);
            write.Complete();
            await work.CommitAsync(ct);
        }

        engine.Wake(write.Wake);
        return TypedResults.NoContent();
    }
}
