using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;

namespace EntryGuard.Server.Features.SignIns;

/// <summary><c>POST /auth/register</c>: closed once there is an organization, unless <c>EntryGuard:Registration</c> is open.</summary>
public static class Register
{
    private static Refusal Closed { get; } = new(ErrorCodes.RegistrationClosed, RefusalKind.Forbidden,
        "Nobody registers here: ask an administrator of your organization for an invitation.");

    public static async Task<Results<Created<LoginResponse>, RefusalResult>> Handle(
        RegisterRequest request, Databases databases, Passwords passwords, Admission admission, DatabaseClock clock, IConfiguration configuration,
        HttpContext http, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(databases);
        ArgumentNullException.ThrowIfNull(passwords);
        ArgumentNullException.ThrowIfNull(admission);
        ArgumentNullException.ThrowIfNull(clock);
        var now = clock.Now;
        var (organization, user, password, refusal) = Parse(request, now);
        if ((refusal ?? admission.WhyNoCookies(http, request.UseCookies)) is { } no)
            return new RefusalResult(no);
        var actor = new Actor("USER", user.Id, user.Email, ClientAddress.Of(http).ToString());
        object[] rows =
        [
            user,
            new UserSecret { UserId = user.Id, OrganizationId = organization.Id, PasswordHash = passwords.Hash(password), PasswordChangedAt = now },
            AuditRow.About(organization, actor, "ORGANIZATION_CREATE", now),
            AuditRow.About(user, actor, "USER_REGISTER", now),
        ];
        if (!await Founding.TryAsync(databases, configuration["EntryGuard:Registration"] == "open", organization, rows, now, ct))
            return new RefusalResult(Closed);
        await using var db = databases.OpenTenant(organization.Id);
        await using var work = await db.BeginWriteAsync(WritePriority.Other, ct);
        var account = await Account.HoldAsync(db, user.Id, ct) ?? throw new InvalidOperationException("The user just made is gone.");
        var step = await admission.AfterPasswordAsync(db, account, http, request.UseCookies == true, ct);
        await work.CommitAsync(ct);
        return TypedResults.Created("/api/v1/auth/me", await admission.AnswerAsync(step, http, null, ct));
    }

    private static (Organization Organization, User User, string Password, Refusal? Refusal) Parse(RegisterRequest request, DateTimeOffset now)
    {
        var errors = new Dictionary<string, string>();
        var name = RequestFields.Name("organizationName", request.OrganizationName, errors);
        var slug = Slugs.From(name);
        if (slug.Length == 0 && !errors.ContainsKey("organizationName"))
            errors["organizationName"] = "holds no letter or digit of plain ASCII, of which sign-in could ask for it; add one";
        var organization = new Organization { Id = new OrganizationId(Guid.CreateVersion7(now)), Name = name, Slug = slug, CreatedAt = now };
        var user = new User
        {
            Id = new UserId(Guid.CreateVersion7(now)),
            OrganizationId = organization.Id,
            Email = RequestFields.Email("email", request.Email, errors),
            Name = RequestFields.Words("name", request.Name, RequestFields.LongestName, errors),
            Authority = Authority.Admin,
            MayNameAddress = true,
            CreatedAt = now,
            UpdatedAt = now,
        };
        if (user.Email.EndsWith(User.ServiceDomain, StringComparison.Ordinal))
            errors["email"] = $"ends with {User.ServiceDomain}, which is kept for service accounts";
        var password = PasswordRules.Read("password", request.Password, errors);
        if (errors.Count > 0)
            return (organization, user, password, Refusal.Validation(errors));
        return (organization, user, password, PasswordRules.Fault("password", password, organization, user.Email));
    }
}
