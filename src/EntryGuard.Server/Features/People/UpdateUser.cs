using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Domain.Sessions;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.People;

/// <summary>
/// <c>PATCH /users/{id}</c>. What the user opened follows in the same transaction (E05): all of it ends with the user's activity; with
/// the admin's right what rests on that alone, while what a direct assignment covers as well rests on that from then on.
/// </summary>
public static class UpdateUser
{
    private static Refusal LastAdmin { get; } = new(ErrorCodes.LastAdmin, RefusalKind.Invalid,
        "It is the last active administrator of the organization; make another user one first.");

    public static async Task<Results<Ok<UserResponse>, RefusalResult>> Handle(
        Guid id, UpdateUserRequest request, [FromHeader(Name = "If-Match")] string? ifMatch, EntryGuardDb db, Caller caller, IEngine engine,
        DatabaseClock clock, HttpResponse response, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentNullException.ThrowIfNull(clock);
        var errors = new Dictionary<string, string>();
        var name = RequestFields.Words("name", request.Name, RequestFields.LongestName, errors);
        if (errors.Count > 0)
            return new RefusalResult(Refusal.Validation(errors));
        var userId = new UserId(id);
        SessionWrite? write = null;
        await using (var work = await db.BeginWriteAsync(WritePriority.Closing, ct))
        {
            if (request.IsActive == false || request.IsOrgAdmin == false)
                await LockAdminsAsync(db, caller.Organization.Value, ct);
            await db.LockAsync(userId, ct);
            if (await db.Users.SingleOrDefaultAsync(u => u.Id == userId, ct) is not { } user)
                return new RefusalResult(GetUser.NotFound);
            if (ETags.Outdated(ifMatch, user.UpdatedAt) is { } outdated)
                return new RefusalResult(outdated);
            var changes = Changes(request, name, user);
            var (goes, steps) = (changes.ContainsKey("isActive") && user.IsActive, changes.ContainsKey("isOrgAdmin") && user.IsOrgAdmin);
            if ((goes || steps) && user is { IsActive: true, IsOrgAdmin: true }
                && !await db.Users.AnyAsync(u => u.Id != userId && u.IsOrgAdmin && u.IsActive, ct))
                return new RefusalResult(LastAdmin);

            var now = clock.Now;
            if (goes || steps)
            {
                write = await SessionWrite.LockOwnersAsync(
                    db, db.ResourceIps.Where(c => c.Session!.UserId == userId && c.Session.EndedAt == null && c.Wanted == Wanted.Present), now, caller.Actor, ct);
                if (goes)
                    EndAll(write);
                else
                    await EndAdminsAsync(db, write, userId, ct);
            }

            if (changes.Count > 0)
            {
                Apply(request, name, user);
                user.UpdatedAt = ETags.Next(user.UpdatedAt, now);
                db.Audit.Add(AuditRow.About(user, caller.Actor, "USER_UPDATE", now, changes));
                write?.Complete();
            }

            await work.CommitAsync(ct);
        }

        if (write is not null)
            engine.Wake(write.Wake);
        return await GetUser.FindAsync(db, userId, response, ct) is { } found ? TypedResults.Ok(found) : new RefusalResult(GetUser.NotFound);
    }

    // Two who would take the right from each other at the same moment hold the same rows, in the same order: the second sees what the first did.
    private static Task LockAdminsAsync(EntryGuardDb db, Guid organization, CancellationToken ct) => db.IsShared
        ? db.Database.ExecuteSqlAsync(
            $"SELECT 1 FROM users WHERE organization_id = {organization} AND is_org_admin AND is_active ORDER BY id FOR NO KEY UPDATE", ct)
        : Task.CompletedTask;

    private static void EndAll(SessionWrite write)
    {
        foreach (var session in write.Sessions.Values)
            write.End(session, EndReason.AccessRevoked);
    }

    private static async Task EndAdminsAsync(EntryGuardDb db, SessionWrite write, UserId user, CancellationToken ct)
    {
        var assigned = (await db.UserResources.Where(g => g.UserId == user).Select(g => g.ResourceId).ToListAsync(ct)).ToHashSet();
        foreach (var claim in write.Sessions.Values.SelectMany(s => s.ResourceIps).Where(c => c is { Grant: Grant.Admin, Wanted: Wanted.Present }).ToList())
        {
            if (assigned.Contains(claim.ResourceId))
                write.Rebase(claim, Grant.Direct);
            else
                write.End(claim, EndReason.AccessRevoked);
        }
    }

    private static Dictionary<string, object> Changes(UpdateUserRequest request, string? name, User user)
    {
        var changes = new Dictionary<string, object>();
        if (request.Name is not null && name != user.Name)
            changes["name"] = new { from = user.Name, to = name };
        if (request.IsOrgAdmin is { } admin && admin != user.IsOrgAdmin)
            changes["isOrgAdmin"] = new { from = user.IsOrgAdmin, to = admin };
        if (request.IsActive is { } active && active != user.IsActive)
            changes["isActive"] = new { from = user.IsActive, to = active };
        if (request.MayNameAddress is { } may && may != user.MayNameAddress)
            changes["mayNameAddress"] = new { from = user.MayNameAddress, to = may };
        return changes;
    }

    private static void Apply(UpdateUserRequest request, string? name, User user)
    {
        user.Name = request.Name is null ? user.Name : name;
        user.IsOrgAdmin = request.IsOrgAdmin ?? user.IsOrgAdmin;
        user.IsActive = request.IsActive ?? user.IsActive;
        user.MayNameAddress = request.MayNameAddress ?? user.MayNameAddress;
    }
}
