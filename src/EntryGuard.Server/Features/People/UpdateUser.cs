using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.People;

/// <summary>
/// <c>PATCH /users/{id}</c>. What the user opened follows in the same transaction (E05): all of it ends with the user's activity; with
/// the admin's right what rests on that alone, while what another grant covers as well rests on that from then on.
/// </summary>
public static class UpdateUser
{
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
        var authority = UserFields.Authority(request.Authority, request.IsOrgAdmin, errors);
        if (errors.Count > 0)
            return new RefusalResult(Refusal.Validation(errors));
        var userId = new UserId(id);
        SessionWrite? write = null;
        await using (var work = await db.BeginWriteAsync(WritePriority.Closing, ct))
        {
            if (request.IsActive == false || authority is not null)
                await LastAdmin.LockAsync(db, caller.Organization, ct);
            await db.LockAsync(userId, ct);
            if (await db.Users.SingleOrDefaultAsync(u => u.Id == userId && u.DeletedAt == null && u.Kind == UserKind.Person, ct) is not { } user)
                return new RefusalResult(GetUser.NotFound);
            if (ETags.Outdated(ifMatch, user.UpdatedAt) is { } outdated)
                return new RefusalResult(outdated);
            var changes = Changes(request, name, authority, user);
            var (goes, steps) = (request.IsActive == false && user.IsActive, user.IsOrgAdmin && authority is not (null or Authority.Admin));
            if ((goes || steps) && await LastAdmin.IsAsync(db, user, ct))
                return new RefusalResult(LastAdmin.Refusal);

            var now = clock.Now;
            if (changes.Count > 0)
            {
                Apply(request, name, authority, user);
                user.UpdatedAt = ETags.Next(user.UpdatedAt, now);
                db.Audit.Add(AuditRow.About(user, caller.Actor, "USER_UPDATE", now, changes));
                await db.SaveChangesAsync(ct);
            }

            if (goes)
                await SignInEnds.OfUserAsync(db, userId, SignInEnd.Deactivated, now, null, ct);
            if (goes || steps)
                write = await AccessChange.OfUserAsync(db, user, now, caller.Actor, ct);
            await work.CommitAsync(ct);
        }

        if (write is not null)
            engine.Wake(write.Wake);
        return await GetUser.FindAsync(db, userId, response, ct) is { } found ? TypedResults.Ok(found) : new RefusalResult(GetUser.NotFound);
    }

    private static Dictionary<string, object> Changes(UpdateUserRequest request, string? name, Authority? authority, User user)
    {
        var changes = new Dictionary<string, object>();
        if (request.Name is not null && name != user.Name)
            changes["name"] = new { from = user.Name, to = name };
        if (authority is { } wanted && wanted != user.Authority)
            changes["authority"] = new { from = Names.Wire(user.Authority), to = Names.Wire(wanted) };
        if (request.IsActive is { } active && active != user.IsActive)
            changes["isActive"] = new { from = user.IsActive, to = active };
        if (request.MayNameAddress is { } may && may != user.MayNameAddress)
            changes["mayNameAddress"] = new { from = user.MayNameAddress, to = may };
        return changes;
    }

    private static void Apply(UpdateUserRequest request, string? name, Authority? authority, User user)
    {
        user.Name = request.Name is null ? user.Name : name;
        user.Authority = authority ?? user.Authority;
        user.IsActive = request.IsActive ?? user.IsActive;
        user.MayNameAddress = request.MayNameAddress ?? user.MayNameAddress;
    }
}
