using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.People;

/// <summary><c>POST /users</c>. An API key made for the user lets it in.</summary>
public static class CreateUser
{
    // RFC 5321, section 4.5.3.1: 64 before the @, 255 after it, and 254 in all by 4.5.3.1.3 (a path is at most 256, its brackets included).
    private const int LongestEmail = 254;
    private const int LongestLocalPart = 64;

    private static Refusal EmailTaken { get; } = Refusal.Field("email", "belongs to another user of the organization; write another one", ErrorCodes.EmailTaken);

    public static async Task<Results<Created<UserResponse>, RefusalResult>> Handle(
        CreateUserRequest request, EntryGuardDb db, Caller caller, DatabaseClock clock, HttpResponse response, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(clock);
        var now = clock.Now;
        var errors = new Dictionary<string, string>();
        var user = new User
        {
            Id = new UserId(Guid.CreateVersion7(now)),
            OrganizationId = caller.Organization,
            Email = Email(request.Email, errors),
            Name = RequestFields.Words("name", request.Name, RequestFields.LongestName, errors),
            IsOrgAdmin = request.IsOrgAdmin ?? false,
            MayNameAddress = request.MayNameAddress ?? false,
            CreatedAt = now,
            UpdatedAt = now,
        };
        if (errors.Count > 0)
            return new RefusalResult(Refusal.Validation(errors));
        try
        {
            await using var work = await db.BeginWriteAsync(WritePriority.Other, ct);
            if (await db.Users.AnyAsync(u => u.Email == user.Email, ct))
                return new RefusalResult(EmailTaken);
            db.Users.Add(user);
            db.Audit.Add(AuditRow.About(user, caller.Actor, "USER_CREATE", now, new
            {
                name = user.Name,
                isOrgAdmin = user.IsOrgAdmin,
                mayNameAddress = user.MayNameAddress,
            }));
            await work.CommitAsync(ct);
        }
        catch (DbUpdateException e) when (UniqueNames.Refused(e))
        {
            return new RefusalResult(EmailTaken);
        }

        return TypedResults.Created($"/api/v1/users/{user.Id.Value}", await GetUser.FindAsync(db, user.Id, response, ct));
    }

    // Only what tells one person from another is checked; whether post arrives there is for the post to find out. Plain ASCII: "lower case"
    // then means one thing here and in both databases, and no letter looks like another.
    private static string Email(string? given, Dictionary<string, string> errors)
    {
        var text = given?.Trim() ?? "";
        var at = text.LastIndexOf('@');
        if (text.Length == 0)
            errors["email"] = "is missing";
        else if (text.Any(c => c is <= ' ' or > '~'))
            errors["email"] = "holds spaces or characters other than plain ASCII; write a domain of another script in its xn-- form";
        else if (at < 1 || at == text.Length - 1 || text.IndexOf('@', StringComparison.Ordinal) != at)
            errors["email"] = "is no e-mail address; write one such as ann@example.com";
        else if (text.Length > LongestEmail || at > LongestLocalPart)
            errors["email"] = $"is too long; write at most {LongestEmail} characters, {LongestLocalPart} of them before the @";
        return text.ToLowerInvariant();
    }
}
