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
/// <c>PATCH /users/{id}</c> and <c>/service-accounts/{id}</c>. What the user opened follows in the same transaction (E05): all of it ends with
/// the user's activity; with the admin's right what rests on that alone, while what another grant covers as well rests on that from then on.
/// </summary>
public static class UpdateUser
{
    public static async Task<Results<Ok<UserResponse>, RefusalResult>> Handle(
        Guid id, UpdateUserRequest request, [FromHeader(Name = "If-Match")] string? ifMatch, EntryGuardDb db, Caller caller, IEngine engine,
        DatabaseClock clock, HttpResponse response, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(request);
        var errors = new Dictionary<string, string>();
        var name = RequestFields.Words("name", request.Name, RequestFields.LongestName, errors);
        var authority = UserFields.Authority(request.Authority, request.IsOrgAdmin, errors);
        if (errors.Count > 0)
            return new RefusalResult(Refusal.Validation(errors));
        var change = new UserChange(request.Name is not null, name, authority, request.IsActive, request.MayNameAddress);
        var refusal = await ApplyAsync(new UserId(id), UserKind.Person, change, ifMatch, GetUser.NotFound, db, caller, engine, clock, ct);
        return refusal is null && await GetUser.FindAsync(db, new UserId(id), response, ct) is { } found
            ? TypedResults.Ok(found) : new RefusalResult(refusal ?? GetUser.NotFound);
    }

    internal static async Task<Refusal?> ApplyAsync(
        UserId id, UserKind kind, UserChange change, string? ifMatch, Refusal notFound, EntryGuardDb db, Caller caller, IEngine engine, DatabaseClock clock, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(db);
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentNullException.ThrowIfNull(clock);
        SessionWrite? write = null;
        await using (var work = await db.BeginWriteAsync(WritePriority.Closing, ct))
        {
            if (change.IsActive == false || change.Authority is not (null or Authority.Admin))
            {
                await AccessChange.TakeTurnAsync(db, caller, ct);
                await LastAdmin.LockAsync(db, caller.Organization, ct);
            }

            await db.LockAsync(id, ct);
            if (await db.Users.SingleOrDefaultAsync(u => u.Id == id && u.DeletedAt == null && u.Kind == kind, ct) is not { } user)
                return notFound;
            if (ETags.Outdated(ifMatch, user.UpdatedAt) is { } outdated)
                return outdated;
            var (goes, steps) = (change.IsActive == false && user.IsActive, user.IsOrgAdmin && change.Authority is not (null or Authority.Admin));
            if ((goes || steps) && await LastAdmin.IsAsync(db, user, ct))
                return LastAdmin.Refusal;

            var (now, changes) = (clock.Now, change.Apply(user));
            if (changes.Count > 0)
            {
                user.UpdatedAt = ETags.Next(user.UpdatedAt, now);
                db.Audit.Add(AuditRow.About(user, caller.Actor, kind == UserKind.Person ? "USER_UPDATE" : "SERVICE_ACCOUNT_UPDATE", now, changes));
                await db.SaveChangesAsync(ct);
            }

            if (goes)
                await SignInEnds.OfUserAsync(db, id, SignInEnd.Deactivated, now, null, ct);
            if (goes || steps)
                write = await AccessChange.OfUserAsync(db, user, now, caller.Actor, ct);
            await work.CommitAsync(ct);
        }

        if (write is not null)
            engine.Wake(write.Wake);
        return null;
    }
}

/// <summary>What is to be another for a user.</summary>
/// <param name="IsNamed"><paramref name="Name"/> was given; null then: no name.</param>
/// <param name="Name">Of a service account: what it is for.</param>
/// <param name="Authority">Null: stays.</param>
/// <param name="IsActive">Null: stays.</param>
/// <param name="MayNameAddress">Null: stays.</param>
internal sealed record UserChange(bool IsNamed, string? Name, Authority? Authority, bool? IsActive, bool? MayNameAddress)
{
    /// <summary>Writes it into the user. What differs, for the audit row.</summary>
    public Dictionary<string, object> Apply(User user)
    {
        var changes = new Dictionary<string, object>();
        if (IsNamed && Name != user.Name)
            changes[user.Kind == UserKind.Person ? "name" : "description"] = new { from = user.Name, to = Name };
        if (Authority is { } authority && authority != user.Authority)
            changes["authority"] = new { from = Names.Wire(user.Authority), to = Names.Wire(authority) };
        if (IsActive is { } active && active != user.IsActive)
            changes["isActive"] = new { from = user.IsActive, to = active };
        if (MayNameAddress is { } may && may != user.MayNameAddress)
            changes["mayNameAddress"] = new { from = user.MayNameAddress, to = may };
        user.Name = IsNamed ? Name : user.Name;
        user.Authority = Authority ?? user.Authority;
        user.IsActive = IsActive ?? user.IsActive;
        user.MayNameAddress = MayNameAddress ?? user.MayNameAddress;
        return changes;
    }
}
