using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting;
using EntryGuard.Server.Hosting.SignIns;
using EntryGuard.Server.Mail;
using Microsoft.AspNetCore.Http.HttpResults;

namespace EntryGuard.Server.Features.SignIns;

/// <summary>
/// <c>POST /auth/set-password</c> (invitation), <c>/auth/reset-password</c> and <c>/auth/change-expired-password</c>: a one-time token and a
/// new password. A password that is refused costs no token.
/// </summary>
public static class NewPassword
{
    /// <summary>The first one; it also shows that the address is the user's.</summary>
    public static async Task<Results<Ok<LoginResponse>, RefusalResult>> HandleInvitation(
        SetPasswordRequest request, Databases databases, Passwords passwords, Admission admission, Outbox outbox, DatabaseClock clock, HttpContext http,
        CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(admission);
        if (admission.WhyNoCookies(http, request.UseCookies) is { } refusal)
            return new RefusalResult(refusal);
        var change = new Change(TokenPurpose.Invitation, "inviteToken", request.InviteToken, "password", request.Password);
        return await SetAsync(change, databases, passwords, outbox, clock, http, (db, account) => admission.AfterPasswordAsync(db, account, http, request.UseCookies == true, ct), ct)
            is var (step, no) && step is null ? new RefusalResult(no!) : TypedResults.Ok(await admission.AnswerAsync(step, http, null, ct));
    }

    /// <summary>Without the old one. Nobody is signed in by it, and whoever was is not any more.</summary>
    public static async Task<Results<NoContent, RefusalResult>> HandleReset(
        ResetPasswordRequest request, Databases databases, Passwords passwords, SignInGuard guard, Outbox outbox, DatabaseClock clock, HttpContext http,
        CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(guard);
        var change = new Change(TokenPurpose.PasswordReset, "resetToken", request.ResetToken, "newPassword", request.NewPassword);
        byte[]? account = null;
        var (_, refusal) = await SetAsync(change, databases, passwords, outbox, clock, http, (_, held) =>
        {
            account = SignInGuard.AccountOf(held.Organization.Slug, held.User.Email);
            return Task.FromResult(new Admission.Step(new LoginResponse()));
        }, ct);
        if (refusal is not null)
            return new RefusalResult(refusal);
        await guard.ForgiveAsync(account!, ct);
        return TypedResults.NoContent();
    }

    /// <summary>In place of the one that was just given and is too old.</summary>
    public static async Task<Results<Ok<LoginResponse>, RefusalResult>> HandleExpired(
        ChangeExpiredPasswordRequest request, Databases databases, Passwords passwords, Admission admission, Outbox outbox, DatabaseClock clock,
        HttpContext http, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(admission);
        if (admission.WhyNoCookies(http, request.UseCookies) is { } refusal)
            return new RefusalResult(refusal);
        var change = new Change(TokenPurpose.PasswordChange, "passwordChangeToken", request.PasswordChangeToken, "newPassword", request.NewPassword);
        return await SetAsync(change, databases, passwords, outbox, clock, http, (db, account) => admission.AfterPasswordAsync(db, account, http, request.UseCookies == true, ct), ct)
            is var (step, no) && step is null ? new RefusalResult(no!) : TypedResults.Ok(await admission.AnswerAsync(step, http, null, ct));
    }

    private static async Task<(Admission.Step? Step, Refusal? Refusal)> SetAsync(
        Change change, Databases databases, Passwords passwords, Outbox outbox, DatabaseClock clock, HttpContext http,
        Func<EntryGuardDb, Account, Task<Admission.Step>> then, CancellationToken ct)
    {
        var errors = new Dictionary<string, string>();
        if (string.IsNullOrEmpty(change.Token))
            errors[change.TokenField] = "is missing";
        var password = PasswordRules.Read(change.PasswordField, change.Password, errors);
        if (errors.Count > 0)
            return (null, Refusal.Validation(errors));
        if (TokenText.Read(TokenText.OneTime, change.Token) is not var (organization, hash))
            return (null, Admission.TokenInvalid);
        await using var db = databases.OpenTenant(organization);
        if (await FindAsync(db, hash, change.Purpose, clock.Now, ct) is not { } found)
            return (null, Admission.TokenInvalid);

        // Slow hashes are not worth holding everybody up: what they rest on is compared again below.
        if ((PasswordRules.Fault(change.PasswordField, password, found.Organization, found.User.Email)
            ?? PasswordRules.Repeated(change.PasswordField, password, found.Secret, found.Organization, passwords)) is { } fault)
            return (null, fault);
        var made = passwords.Hash(password);
        await using var work = await db.BeginWriteAsync(WritePriority.Other, ct);
        db.ChangeTracker.Clear();
        var now = clock.Now;
        if (await Account.HoldAsync(db, found.User.Id, ct) is not { } held || held.Secret.PasswordHash != found.Secret.PasswordHash
            || await OneTime.PeekAsync(db, hash, change.Purpose, now, ct) is null || !await OneTime.TakeAsync(db, hash, now, ct))
            return (null, Admission.TokenInvalid);
        held.SetPassword(made, now);
        if (change.Purpose != TokenPurpose.PasswordChange)
            held.Secret.EmailVerifiedAt ??= now;
        var ended = await SignInEnds.OfUserAsync(db, held.User.Id, change.Purpose == TokenPurpose.PasswordReset ? SignInEnd.PasswordReset : SignInEnd.PasswordChanged, now, null, ct);
        db.Audit.Add(AuditRow.About(held.User, held.Actor(ClientAddress.Of(http).ToString()), change.Purpose == TokenPurpose.PasswordReset ? "PASSWORD_RESET" : "PASSWORD_CHANGE", now,
            new { by = Names.Wire(change.Purpose), signInsEnded = ended }));
        if (change.Purpose != TokenPurpose.Invitation)
            outbox.PasswordChanged(db, held.User, ClientAddress.Of(http).ToString(), now);
        var step = await then(db, held);
        await work.CommitAsync(ct);
        return (step, null);
    }

    /// <summary>Whose password it sets; null: nobody's, or not any more. Nothing is taken yet.</summary>
    internal static async Task<Account?> FindAsync(EntryGuardDb db, byte[] hash, TokenPurpose purpose, DateTimeOffset now, CancellationToken ct)
    {
        await using var read = await db.BeginReadAsync(ct);
        return await OneTime.PeekAsync(db, hash, purpose, now, ct) is { } userId ? await Account.ReadAsync(db, userId, ct) : null;
    }

    private sealed record Change(TokenPurpose Purpose, string TokenField, string? Token, string PasswordField, string? Password)
    {
        /// <summary>Without token and password.</summary>
        public override string ToString() => nameof(Change);
    }
}
