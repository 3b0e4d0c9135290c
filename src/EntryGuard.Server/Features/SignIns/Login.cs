using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting;
using EntryGuard.Server.Hosting.SignIns;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.SignIns;

/// <summary>
/// <c>POST /auth/login</c>. An unknown organization, an unknown or deactivated user, one without a password and a wrong password get the
/// same answer after the same work: one count, one lookup, one slow hash, and in an organization that exists one audit row.
/// </summary>
public static class Login
{
    public static async Task<Results<Ok<LoginResponse>, RefusalResult>> Handle(
        LoginRequest request, Databases databases, SignInGuard guard, Passwords passwords, Admission admission, DatabaseClock clock, HttpContext http,
        CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(databases);
        ArgumentNullException.ThrowIfNull(guard);
        ArgumentNullException.ThrowIfNull(passwords);
        ArgumentNullException.ThrowIfNull(admission);
        ArgumentNullException.ThrowIfNull(clock);
        var errors = new Dictionary<string, string>();
        var slug = RequestFields.Slug("organizationSlug", request.OrganizationSlug, errors);
        var email = RequestFields.Email("email", request.Email, errors);
        var password = PasswordRules.Read("password", request.Password, errors);
        if (errors.Count > 0)
            return new RefusalResult(Refusal.Validation(errors));
        if (admission.WhyNoCookies(http, request.UseCookies) is { } refusal)
            return new RefusalResult(refusal);
        var attempt = await guard.TryAsync(SignInGuard.AccountOf(slug, email), clock.Now, ct);
        if (attempt.Wait is { } wait)
            return AllowanceDeclarations.TooMany(wait);

        var organization = await Slugs.FindAsync(databases, slug, ct);
        await using var db = databases.OpenTenant(organization);
        var (user, hash) = await FindAsync(db, email, ct);
        var isRight = passwords.Matches(hash, password, out var isWeak) && user is not null;
        var better = isRight && isWeak ? passwords.Hash(password) : null;
        await using var work = await db.BeginWriteAsync(WritePriority.Other, ct);
        if (!isRight || await Account.HoldAsync(db, user!.Value, ct) is not { } held || held.Secret.PasswordHash != hash)
        {
            db.ChangeTracker.Clear();
            if (organization != default)
            {
                db.Audit.Add(FailedRow(organization, email, ClientAddress.Of(http).ToString(), clock.Now));
                await work.CommitAsync(ct);
            }

            return new RefusalResult(Admission.Failed);
        }

        held.Secret.PasswordHash = better ?? hash;
        var step = await admission.AfterPasswordAsync(db, held, http, request.UseCookies == true, ct);
        await work.CommitAsync(ct);
        return TypedResults.Ok(await admission.AnswerAsync(step, http, attempt, ct));
    }

    /// <summary>A try that failed, as the organization's admins see it; no more than was typed in.</summary>
    internal static AuditEntry FailedRow(OrganizationId organization, string? email, string address, DateTimeOffset now, string what = "Wrong password, or no such user.") =>
        new()
        {
            OrganizationId = organization,
            EventType = "USER_LOGIN_FAILED",
            ActorType = "USER",
            ActorEmail = email,
            Result = "FAILURE",
            ErrorMessage = what,
            IpAddress = address,
            CreatedAt = now,
        };

    private static async Task<(UserId? User, string? Hash)> FindAsync(EntryGuardDb db, string email, CancellationToken ct)
    {
        await using var read = await db.BeginReadAsync(ct);
        var found = await (
            from user in db.Users
            where user.Email == email && user.DeletedAt == null && user.Kind == UserKind.Person
            select new { user.Id, Hash = db.UserSecrets.Where(s => s.UserId == user.Id).Select(s => s.PasswordHash).FirstOrDefault() }).SingleOrDefaultAsync(ct);
        return (found?.Id, found?.Hash);
    }
}
