using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.People;

/// <summary><c>POST /users</c>. An invitation lets the user in: sent, or, without mail, in the answer.</summary>
public static class CreateUser
{
    private static Refusal EmailTaken { get; } = Refusal.Field("email", "belongs to another user of the organization; write another one", ErrorCodes.EmailTaken);

    public static async Task<Results<Created<UserResponse>, RefusalResult>> Handle(
        CreateUserRequest request, EntryGuardDb db, Caller caller, HandOver handOver, DatabaseClock clock, HttpResponse response, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(handOver);
        ArgumentNullException.ThrowIfNull(clock);
        var now = clock.Now;
        var errors = new Dictionary<string, string>();
        var user = new User
        {
            Id = new UserId(Guid.CreateVersion7(now)),
            OrganizationId = caller.Organization,
            Email = UserFields.Email("email", request.Email, errors),
            Name = RequestFields.Words("name", request.Name, RequestFields.LongestName, errors),
            Authority = UserFields.Authority(request.Authority, request.IsOrgAdmin, errors) ?? Authority.Member,
            MayNameAddress = request.MayNameAddress ?? false,
            CreatedAt = now,
            UpdatedAt = now,
        };
        if (errors.Count > 0)
            return new RefusalResult(Refusal.Validation(errors));
        HandOverResponse invitation;
        try
        {
            await using var work = await db.BeginWriteAsync(WritePriority.Other, ct);
            if (await db.Users.AnyAsync(u => u.Email == user.Email && u.DeletedAt == null, ct))
                return new RefusalResult(EmailTaken);
            db.Users.Add(user);
            db.Audit.Add(AuditRow.About(user, caller.Actor, "USER_CREATE", now, new
            {
                name = user.Name,
                authority = Names.Wire(user.Authority),
                mayNameAddress = user.MayNameAddress,
            }));
            await db.SaveChangesAsync(ct);
            invitation = await handOver.InviteAsync(db, user, now, ct);
            await work.CommitAsync(ct);
        }
        catch (DbUpdateException e) when (UniqueNames.Refused(e))
        {
            return new RefusalResult(EmailTaken);
        }

        return TypedResults.Created($"/api/v1/users/{user.Id.Value}", (await GetUser.FindAsync(db, user.Id, response, ct))! with { Invitation = invitation });
    }
}
