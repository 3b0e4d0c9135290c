using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting;
using EntryGuard.Server.Hosting.SignIns;
using Microsoft.AspNetCore.Http.HttpResults;

namespace EntryGuard.Server.Features.SignIns;

/// <summary><c>/auth/password-terms</c>: what a new password must have, told before it is typed. Changes nothing, and costs no token.</summary>
public static class PasswordTerms
{
    private static readonly TokenPurpose[] Purposes = [TokenPurpose.Invitation, TokenPurpose.PasswordReset, TokenPurpose.PasswordChange];

    /// <summary><c>POST</c>: of whoever holds a token that sets a password.</summary>
    public static async Task<Results<Ok<PasswordTermsResponse>, RefusalResult>> HandleToken(
        PasswordTermsRequest request, Databases databases, DatabaseClock clock, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(databases);
        ArgumentNullException.ThrowIfNull(clock);
        if (string.IsNullOrEmpty(request.Token))
            return new RefusalResult(Refusal.Field("token", "is missing"));
        if (TokenText.Read(TokenText.OneTime, request.Token) is var (organization, hash))
        {
            await using var db = databases.OpenTenant(organization);
            foreach (var purpose in Purposes)
            {
                if (await NewPassword.FindAsync(db, hash, purpose, clock.Now, ct) is { } found)
                    return TypedResults.Ok(Of(found));
            }
        }

        return new RefusalResult(Admission.TokenInvalid);
    }

    /// <summary><c>GET</c>: one's own.</summary>
    public static async Task<Results<Ok<PasswordTermsResponse>, RefusalResult>> HandleOwn(EntryGuardDb db, Caller caller, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(db);
        ArgumentNullException.ThrowIfNull(caller);
        await using var read = await db.BeginReadAsync(ct);
        return await Account.ReadAsync(db, caller.UserId, ct) is { } own ? TypedResults.Ok(Of(own)) : new RefusalResult(Admission.TokenInvalid);
    }

    private static PasswordTermsResponse Of(Account account) => new()
    {
        OrganizationName = account.Organization.Name,
        Email = account.User.Email,
        MinLength = account.Organization.PasswordMinLength,
        RequireUppercase = account.Organization.PasswordNeedsUpper,
        RequireLowercase = account.Organization.PasswordNeedsLower,
        RequireDigit = account.Organization.PasswordNeedsDigit,
        RequireSpecialChar = account.Organization.PasswordNeedsSpecial,
        History = account.Secret.PasswordHash is null ? 0 : account.Organization.PasswordHistory,
    };
}
