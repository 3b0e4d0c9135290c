using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.People;

/// <summary>
/// <c>POST /users</c>, and <c>POST /users/bulk</c>: all of them, or none. An invitation lets each in: sent, or, without mail, in the answer.
/// </summary>
public static class CreateUser
{
    private const int MostAtOnce = 200;

    private static Refusal EmailTaken { get; } = Refusal.Field("email", Taken, ErrorCodes.EmailTaken);

    private const string Taken = "belongs to another user of the organization; write another one";

    public static async Task<Results<Created<UserResponse>, RefusalResult>> Handle(
        CreateUserRequest request, EntryGuardDb db, Caller caller, HandOver handOver, DatabaseClock clock, HttpResponse response, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(handOver);
        ArgumentNullException.ThrowIfNull(clock);
        var errors = new Dictionary<string, string>();
        var user = Parse(request, "", caller, clock.Now, errors);
        if (errors.Count > 0)
            return new RefusalResult(Refusal.Validation(errors));
        HandOverResponse invitation;
        try
        {
            await using var work = await db.BeginWriteAsync(WritePriority.Other, ct);
            if (await db.Users.AnyAsync(u => u.Email == user.Email && u.DeletedAt == null, ct))
                return new RefusalResult(EmailTaken);
            Add(db, user, caller);
            await db.SaveChangesAsync(ct);
            invitation = await handOver.InviteAsync(db, user, caller.Actor, user.CreatedAt, ct);
            await work.CommitAsync(ct);
        }
        catch (DbUpdateException e) when (UniqueNames.Refused(e))
        {
            return new RefusalResult(EmailTaken);
        }

        return TypedResults.Created($"/api/v1/users/{user.Id.Value}", (await GetUser.FindAsync(db, user.Id, response, ct))! with { Invitation = invitation });
    }

    /// <summary><c>POST /users/bulk</c>.</summary>
    public static async Task<Results<Created<IReadOnlyList<UserResponse>>, RefusalResult>> HandleBulk(
        CreateUsersRequest request, EntryGuardDb db, Caller caller, HandOver handOver, DatabaseClock clock, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(handOver);
        ArgumentNullException.ThrowIfNull(clock);
        if (request.Users is not { Count: > 0 and <= MostAtOnce } wanted)
            return new RefusalResult(Refusal.Field("users", $"must have 1 to {MostAtOnce} entries"));
        var errors = new Dictionary<string, string>();
        var users = wanted.Select((u, i) => Parse(u, $"users[{i}].", caller, clock.Now, errors)).ToList();
        for (var i = 0; i < users.Count; i++)
        {
            if (users.FindIndex(u => u.Email == users[i].Email) < i)
                errors.TryAdd($"users[{i}].email", "is given twice; write each once");
        }

        if (errors.Count > 0)
            return new RefusalResult(Refusal.Validation(errors));
        var emails = users.Select(u => u.Email).ToList();
        var invitations = new Dictionary<Guid, HandOverResponse>();
        try
        {
            await using var work = await db.BeginWriteAsync(WritePriority.Other, ct);
            var taken = await db.Users.Where(u => emails.Contains(u.Email) && u.DeletedAt == null).Select(u => u.Email).ToListAsync(ct);
            if (taken.Count > 0)
                return new RefusalResult(Refusal.Validation(taken.ToDictionary(t => $"users[{emails.IndexOf(t)}].email", _ => Taken), ErrorCodes.EmailTaken));
            users.ForEach(user => Add(db, user, caller));
            await db.SaveChangesAsync(ct);
            foreach (var user in users)
                invitations[user.Id.Value] = await handOver.InviteAsync(db, user, caller.Actor, user.CreatedAt, ct);
            await work.CommitAsync(ct);
        }
        catch (DbUpdateException e) when (UniqueNames.Refused(e))
        {
            return new RefusalResult(Refusal.Field("users", "holds an e-mail address that was taken at this moment; read the list, and decide again", ErrorCodes.EmailTaken));
        }

        var ids = users.Select(u => u.Id).ToList();
        await using var read = await db.BeginReadAsync(ct);
        var made = await UserView.Show(db, UserView.Of(db).Where(u => ids.Contains(u.Id))).ToDictionaryAsync(u => u.Id, ct);
        return TypedResults.Created((string?)null, (IReadOnlyList<UserResponse>)[.. ids.Select(id => made[id.Value] with { Invitation = invitations[id.Value] })]);
    }

    private static User Parse(CreateUserRequest request, string at, Caller caller, DateTimeOffset now, Dictionary<string, string> errors) => new()
    {
        Id = new UserId(Guid.CreateVersion7(now)),
        OrganizationId = caller.Organization,
        Email = UserFields.Email($"{at}email", request.Email, errors),
        Name = RequestFields.Words($"{at}name", request.Name, RequestFields.LongestName, errors),
        Authority = UserFields.Authority(request.Authority, request.IsOrgAdmin, errors, at) ?? Authority.Member,
        MayNameAddress = request.MayNameAddress ?? false,
        CreatedAt = now,
        UpdatedAt = now,
    };

    private static void Add(EntryGuardDb db, User user, Caller caller)
    {
        db.Users.Add(user);
        db.Audit.Add(AuditRow.About(user, caller.Actor, "USER_CREATE", user.CreatedAt, new
        {
            name = user.Name,
            authority = Names.Wire(user.Authority),
            mayNameAddress = user.MayNameAddress,
        }));
    }
}
