using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.Resources;

/// <summary><c>/resources/{id}/users</c>: who may open a Resource. Taking it away closes what rests on it at once.</summary>
public static class AssignUser
{
    private static Refusal NoSuchUser { get; } = new(ErrorCodes.UserNotFound, RefusalKind.NotFound, "There is no such user.");

    /// <summary><c>POST /resources/{id}/users/{userId}</c>.</summary>
    public static async Task<Results<Ok<MessageResponse>, RefusalResult>> Handle(
        Guid id, Guid userId, EntryGuardDb db, Caller caller, DatabaseClock clock, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(clock);
        await using var work = await db.BeginWriteAsync(WritePriority.Other, ct);
        var (resource, user, refusal) = await FindAsync(db, id, userId, ct);
        if (resource is null || user is null)
            return new RefusalResult(refusal!);
        if (await db.UserResources.AnyAsync(g => g.UserId == user.Id && g.ResourceId == resource.Id, ct))
            return new RefusalResult(new Refusal(ErrorCodes.AlreadyAssigned, RefusalKind.Invalid, $"{user.Email} is assigned to {resource.Name} already."));
        db.UserResources.Add(new UserResource { OrganizationId = caller.Organization, UserId = user.Id, ResourceId = resource.Id, CreatedAt = clock.Now });
        db.Audit.Add(AuditRow.About(resource, caller.Actor, "RESOURCE_ASSIGN", clock.Now, new { userId = user.Id.Value, email = user.Email }));
        await work.CommitAsync(ct);
        return TypedResults.Ok(new MessageResponse { Message = $"{user.Email} may open {resource.Name}." });
    }

    /// <summary><c>DELETE /resources/{id}/users/{userId}</c>.</summary>
    public static async Task<Results<Ok<MessageResponse>, RefusalResult>> HandleUnassign(
        Guid id, Guid userId, EntryGuardDb db, Caller caller, IEngine engine, DatabaseClock clock, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentNullException.ThrowIfNull(clock);
        SessionWrite write;
        string message;
        await using (var work = await db.BeginWriteAsync(WritePriority.Closing, ct))
        {
            await AccessChange.TakeTurnAsync(db, caller, ct);
            var (resource, user, refusal) = await FindAsync(db, id, userId, ct);
            if (resource is null || user is null)
                return new RefusalResult(refusal!);
            if (await db.UserResources.Where(g => g.UserId == user.Id && g.ResourceId == resource.Id).ExecuteDeleteAsync(ct) == 0)
                return new RefusalResult(new Refusal(ErrorCodes.NotFound, RefusalKind.NotFound, $"{user.Email} is not assigned to {resource.Name}."));
            db.Audit.Add(AuditRow.About(resource, caller.Actor, "RESOURCE_UNASSIGN", clock.Now, new { userId = user.Id.Value, email = user.Email }));
            write = await AccessChange.OfAsync(
                db, AccessChange.Running(db).Where(c => c.ResourceId == resource.Id && c.Session!.UserId == user.Id && c.Grant == Grant.Direct), clock.Now, caller.Actor, ct);
            await work.CommitAsync(ct);
            message = $"{user.Email} may not open {resource.Name} any more; what was open for that reason is being closed.";
        }

        engine.Wake(write.Wake);
        return TypedResults.Ok(new MessageResponse { Message = message });
    }

    /// <summary><c>GET /resources/{id}/users</c>.</summary>
    public static async Task<Results<Page<AssignedUser>, RefusalResult>> HandleList(Guid id, int? limit, string? cursor, EntryGuardDb db, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(db);
        var errors = new Dictionary<string, string>();
        var (most, after) = Cursor.Read(limit, cursor, errors);
        if (errors.Count > 0)
            return new RefusalResult(Refusal.Validation(errors));
        var resourceId = new ResourceId(id);
        await using var read = await db.BeginReadAsync(ct);
        if (!await db.Resources.AnyAsync(r => r.Id == resourceId && r.DeletedAt == null, ct))
            return new RefusalResult(GetResource.NotFound);
        var grants = db.UserResources.AsNoTracking().Where(g => g.ResourceId == resourceId);
        if (after is { } last)
        {
            var (at, user) = (last.At, new UserId(last.Id));
            grants = grants.Where(g => g.CreatedAt > at || (g.CreatedAt == at && g.UserId.CompareTo(user) > 0));
        }

        var rows = await (
            from grant in grants.OrderBy(g => g.CreatedAt).ThenBy(g => g.UserId).Take(most + 1)
            join user in db.Users on grant.UserId equals user.Id
            orderby grant.CreatedAt, grant.UserId
            select new { user.Id, user.Email, user.Name, user.IsActive, grant.CreatedAt }).ToListAsync(ct);
        return Page<AssignedUser>.Of(rows, most, u => new Cursor(u.CreatedAt, u.Id.Value),
            u => new AssignedUser { UserId = u.Id.Value, Email = u.Email, Name = u.Name, IsActive = u.IsActive, AssignedAt = u.CreatedAt });
    }

    // The user is held, so that no start reads the grant while it goes (E18); the Resource, so that no grant outlives it.
    private static async Task<(Resource? Resource, User? User, Refusal? Refusal)> FindAsync(EntryGuardDb db, Guid id, Guid userId, CancellationToken ct)
    {
        var (resourceId, who) = (new ResourceId(id), new UserId(userId));
        await db.LockAsync(who, ct);
        await db.ShareAsync(resourceId, ct);
        if (await db.Resources.AsNoTracking().SingleOrDefaultAsync(r => r.Id == resourceId && r.DeletedAt == null, ct) is not { } resource)
            return (null, null, GetResource.NotFound);
        return await db.Users.AsNoTracking().SingleOrDefaultAsync(u => u.Id == who && u.DeletedAt == null, ct) is { } user ? (resource, user, null) : (null, null, NoSuchUser);
    }
}
