using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.People;

/// <summary>
/// <c>DELETE /users/{id}</c> and <c>/service-accounts/{id}</c>: the row stays as a tombstone as long as sessions are its, so that they can be
/// closed and read (E05); its keys are revoked, and the address is free again.
/// </summary>
public static class DeleteUser
{
    private static Refusal InUse { get; } = new(ErrorCodes.UserInUse, RefusalKind.Invalid,
        "It has sessions that are live or being closed. Wait, stop them, or ask with ?end=true: that ends them and deletes it.");

    private static Refusal Answers { get; } = new(ErrorCodes.UserInUse, RefusalKind.Invalid,
        "It answers for static rules; name somebody else in ownerUserId of each first.");

    public static Task<Results<NoContent, RefusalResult>> Handle(
        Guid id, bool? end, EntryGuardDb db, Caller caller, IEngine engine, DatabaseClock clock, CancellationToken ct) =>
        DeleteAsync(new UserId(id), UserKind.Person, end, GetUser.NotFound, db, caller, engine, clock, ct);

    internal static async Task<Results<NoContent, RefusalResult>> DeleteAsync(
        UserId id, UserKind kind, bool? end, Refusal notFound, EntryGuardDb db, Caller caller, IEngine engine, DatabaseClock clock, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(db);
        ArgumentNullException.ThrowIfNull(engine);
        SessionWrite write;
        await using (var work = await db.BeginWriteAsync(WritePriority.Closing, ct))
        {
            await AccessChange.TakeTurnAsync(db, caller, ct);
            await LastAdmin.LockAsync(db, caller.Organization, ct);
            await db.LockAsync(id, ct);
            if (await db.Users.SingleOrDefaultAsync(u => u.Id == id && u.DeletedAt == null && u.Kind == kind, ct) is not { } user)
                return new RefusalResult(notFound);
            if (await LastAdmin.IsAsync(db, user, ct))
                return new RefusalResult(LastAdmin.Refusal);
            if (end != true && await db.ResourceIps.AnyAsync(c => c.Session!.UserId == id && c.DueAt != null, ct))
                return new RefusalResult(InUse);
            if (await db.StaticRules.AnyAsync(s => s.AnswersFor == id && s.EndedAt == null, ct))
                return new RefusalResult(Answers);

            var now = clock.Now;
            await db.RoleUsers.Where(g => g.UserId == id).ExecuteDeleteAsync(ct);
            await db.UserResources.Where(g => g.UserId == id).ExecuteDeleteAsync(ct);
            await db.ApiKeys.Where(k => k.UserId == id && k.RevokedAt == null).ExecuteUpdateAsync(set => set.SetProperty(k => k.RevokedAt, now), ct);
            await SignInEnds.OfUserAsync(db, id, SignInEnd.Deactivated, now, null, ct);
            (user.DeletedAt, user.IsActive, user.UpdatedAt) = (now, false, ETags.Next(user.UpdatedAt, now));
            db.Audit.Add(AuditRow.About(user, caller.Actor, kind == UserKind.Person ? "USER_DELETE" : "SERVICE_ACCOUNT_DELETE", now, new { ended = end == true }));
            await db.SaveChangesAsync(ct);
            write = await AccessChange.OfUserAsync(db, user, now, caller.Actor, ct);
            await work.CommitAsync(ct);
        }

        engine.Wake(write.Wake);
        return TypedResults.NoContent();
    }
}
