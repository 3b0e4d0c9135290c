using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.Roles;

/// <summary><c>/roles/{id}/users/{userId}</c> and <c>/roles/{id}/resources/{resourceId}</c>: who has a role, and what it opens.</summary>
public static class RoleMembers
{
    private static Refusal NoSuchUser { get; } = new(ErrorCodes.UserNotFound, RefusalKind.NotFound, "There is no such user or service account.");
    private static Refusal NoSuchResource { get; } = new(ErrorCodes.ResourceNotFound, RefusalKind.NotFound, "There is no such Resource.");

    /// <summary><c>POST /roles/{id}/users/{userId}</c>.</summary>
    public static Task<Results<Ok<MessageResponse>, RefusalResult>> HandleAddUser(
        Guid id, Guid userId, EntryGuardDb db, Caller caller, DatabaseClock clock, CancellationToken ct) =>
        AddAsync(id, db, caller, clock, async (role, now) =>
        {
            var who = new UserId(userId);
            if (await db.Users.AsNoTracking().SingleOrDefaultAsync(u => u.Id == who && u.DeletedAt == null, ct) is not { } user)
                return Change.No(NoSuchUser);
            if (await db.RoleUsers.AnyAsync(g => g.RoleId == role.Id && g.UserId == who, ct))
                return Change.No(AlreadyIn($"{user.Email} has the role {role.Name} already."));
            db.RoleUsers.Add(new RoleUser { OrganizationId = role.OrganizationId, RoleId = role.Id, UserId = who, CreatedAt = now });
            return new Change("ROLE_USER_ADD", $"{user.Email} has the role {role.Name}.", new { userId, email = user.Email });
        }, ct);

    /// <summary><c>DELETE /roles/{id}/users/{userId}</c>.</summary>
    public static Task<Results<Ok<MessageResponse>, RefusalResult>> HandleRemoveUser(
        Guid id, Guid userId, EntryGuardDb db, Caller caller, IEngine engine, DatabaseClock clock, CancellationToken ct) =>
        RemoveAsync(id, db, caller, engine, clock, c => c.Where(claim => claim.Session!.UserId == new UserId(userId)), async role =>
        {
            var who = new UserId(userId);
            if (await db.Users.AsNoTracking().SingleOrDefaultAsync(u => u.Id == who, ct) is not { } user)
                return Change.No(NoSuchUser);
            return await db.RoleUsers.Where(g => g.RoleId == role.Id && g.UserId == who).ExecuteDeleteAsync(ct) == 0
                ? Change.No(NotIn($"{user.Email} does not have the role {role.Name}."))
                : new Change("ROLE_USER_REMOVE", $"{user.Email} does not have the role {role.Name} any more; what it alone opened is being closed.", new { userId, email = user.Email });
        }, ct);

    /// <summary><c>POST /roles/{id}/resources/{resourceId}</c>.</summary>
    public static Task<Results<Ok<MessageResponse>, RefusalResult>> HandleAddResource(
        Guid id, Guid resourceId, EntryGuardDb db, Caller caller, DatabaseClock clock, CancellationToken ct) =>
        AddAsync(id, db, caller, clock, async (role, now) =>
        {
            var what = new ResourceId(resourceId);
            await db.ShareAsync(what, ct);
            if (await db.Resources.AsNoTracking().SingleOrDefaultAsync(r => r.Id == what && r.DeletedAt == null, ct) is not { } resource)
                return Change.No(NoSuchResource);
            if (await db.RoleResources.AnyAsync(g => g.RoleId == role.Id && g.ResourceId == what, ct))
                return Change.No(AlreadyIn($"The role {role.Name} opens {resource.Name} already."));
            db.RoleResources.Add(new RoleResource { OrganizationId = role.OrganizationId, RoleId = role.Id, ResourceId = what, CreatedAt = now });
            return new Change("ROLE_RESOURCE_ADD", $"The role {role.Name} opens {resource.Name}.", new { resourceId, resource = resource.Name });
        }, ct);

    /// <summary><c>DELETE /roles/{id}/resources/{resourceId}</c>.</summary>
    public static Task<Results<Ok<MessageResponse>, RefusalResult>> HandleRemoveResource(
        Guid id, Guid resourceId, EntryGuardDb db, Caller caller, IEngine engine, DatabaseClock clock, CancellationToken ct) =>
        RemoveAsync(id, db, caller, engine, clock, c => c.Where(claim => claim.ResourceId == new ResourceId(resourceId)), async role =>
        {
            var what = new ResourceId(resourceId);
            if (await db.Resources.AsNoTracking().SingleOrDefaultAsync(r => r.Id == what, ct) is not { } resource)
                return Change.No(NoSuchResource);
            return await db.RoleResources.Where(g => g.RoleId == role.Id && g.ResourceId == what).ExecuteDeleteAsync(ct) == 0
                ? Change.No(NotIn($"The role {role.Name} does not open {resource.Name}."))
                : new Change("ROLE_RESOURCE_REMOVE", $"The role {role.Name} does not open {resource.Name} any more; what it alone opened there is being closed.", new { resourceId, resource = resource.Name });
        }, ct);

    /// <summary>Makes these its Resources and its users, and no others; null: they stay. What changed, for the audit row. The role is locked, or new.</summary>
    internal static async Task<(Dictionary<string, IReadOnlyList<Guid>> Changes, Refusal? Refusal)> SetAsync(
        EntryGuardDb db, Role role, IReadOnlyList<Guid>? resources, IReadOnlyList<Guid>? users, DateTimeOffset now, CancellationToken ct)
    {
        var changes = new Dictionary<string, IReadOnlyList<Guid>>();
        if (users is not null)
        {
            var had = await db.RoleUsers.Where(g => g.RoleId == role.Id).Select(g => g.UserId.Value).ToListAsync(ct);
            var (come, go) = (users.Except(had).Select(id => new UserId(id)).ToList(), had.Except(users).Select(id => new UserId(id)).ToList());
            var known = await db.Users.Where(u => come.Contains(u.Id) && u.DeletedAt == null).Select(u => u.Id).ToListAsync(ct);
            if (come.Except(known).Any())
                return (changes, RequestFields.NotThere(ErrorCodes.UserNotFound, "userIds", "a user"));
            await db.RoleUsers.Where(g => g.RoleId == role.Id && go.Contains(g.UserId)).ExecuteDeleteAsync(ct);
            db.RoleUsers.AddRange(come.Select(user => new RoleUser { OrganizationId = role.OrganizationId, RoleId = role.Id, UserId = user, CreatedAt = now }));
            Tell("users", [.. come.Select(u => u.Value)], [.. go.Select(u => u.Value)]);
        }

        if (resources is not null)
        {
            var had = await db.RoleResources.Where(g => g.RoleId == role.Id).Select(g => g.ResourceId.Value).ToListAsync(ct);
            var (come, go) = (resources.Except(had).Select(id => new ResourceId(id)).ToList(), had.Except(resources).Select(id => new ResourceId(id)).ToList());
            await db.ShareAsync(come, ct);
            var known = await db.Resources.Where(r => come.Contains(r.Id) && r.DeletedAt == null).Select(r => r.Id).ToListAsync(ct);
            if (come.Except(known).Any())
                return (changes, RequestFields.NotThere(ErrorCodes.ResourceNotFound, "resourceIds", "a Resource"));
            await db.RoleResources.Where(g => g.RoleId == role.Id && go.Contains(g.ResourceId)).ExecuteDeleteAsync(ct);
            db.RoleResources.AddRange(come.Select(what => new RoleResource { OrganizationId = role.OrganizationId, RoleId = role.Id, ResourceId = what, CreatedAt = now }));
            Tell("resources", [.. come.Select(r => r.Value)], [.. go.Select(r => r.Value)]);
        }

        return (changes, null);

        void Tell(string what, IReadOnlyList<Guid> come, IReadOnlyList<Guid> go)
        {
            if (come.Count > 0)
                changes[$"{what}Added"] = come;
            if (go.Count > 0)
                changes[$"{what}Removed"] = go;
        }
    }

    private static async Task<Results<Ok<MessageResponse>, RefusalResult>> AddAsync(
        Guid id, EntryGuardDb db, Caller caller, DatabaseClock clock, Func<Role, DateTimeOffset, Task<Change>> add, CancellationToken ct)
    {
        var roleId = new RoleId(id);
        await using var work = await db.BeginWriteAsync(WritePriority.Other, ct);
        await db.LockAsync(roleId, ct);
        if (await db.Roles.SingleOrDefaultAsync(r => r.Id == roleId, ct) is not { } role)
            return new RefusalResult(GetRole.NotFound);
        var now = clock.Now;
        var change = await add(role, now);
        if (change.Refusal is not null)
            return new RefusalResult(change.Refusal);
        role.UpdatedAt = ETags.Next(role.UpdatedAt, now);
        db.Audit.Add(AuditRow.About(role, caller.Actor, change.Event, now, change.Details));
        await work.CommitAsync(ct);
        return TypedResults.Ok(new MessageResponse { Message = change.Message });
    }

    private static async Task<Results<Ok<MessageResponse>, RefusalResult>> RemoveAsync(
        Guid id, EntryGuardDb db, Caller caller, IEngine engine, DatabaseClock clock, Func<IQueryable<ResourceIp>, IQueryable<ResourceIp>> which,
        Func<Role, Task<Change>> remove, CancellationToken ct)
    {
        var roleId = new RoleId(id);
        SessionWrite write;
        Change change;
        await using (var work = await db.BeginWriteAsync(WritePriority.Closing, ct))
        {
            await AccessChange.TakeTurnAsync(db, caller, ct);
            await db.LockAsync(roleId, ct);
            if (await db.Roles.SingleOrDefaultAsync(r => r.Id == roleId, ct) is not { } role)
                return new RefusalResult(GetRole.NotFound);
            change = await remove(role);
            if (change.Refusal is not null)
                return new RefusalResult(change.Refusal);
            role.UpdatedAt = ETags.Next(role.UpdatedAt, clock.Now);
            db.Audit.Add(AuditRow.About(role, caller.Actor, change.Event, clock.Now, change.Details));
            write = await AccessChange.OfAsync(db, which(AccessChange.Running(db).Where(c => c.RoleId == roleId)), clock.Now, caller.Actor, ct);
            await work.CommitAsync(ct);
        }

        engine.Wake(write.Wake);
        return TypedResults.Ok(new MessageResponse { Message = change.Message });
    }

    private static Refusal AlreadyIn(string message) => new(ErrorCodes.AlreadyAssigned, RefusalKind.Invalid, message);

    private static Refusal NotIn(string message) => new(ErrorCodes.NotFound, RefusalKind.NotFound, message);

    private sealed record Change(string Event, string Message, object? Details, Refusal? Refusal = null)
    {
        public static Change No(Refusal why) => new("", "", null, why);
    }
}
