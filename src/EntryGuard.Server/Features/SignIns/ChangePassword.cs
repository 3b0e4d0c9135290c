using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting;
using EntryGuard.Server.Mail;
using Microsoft.AspNetCore.Http.HttpResults;

namespace EntryGuard.Server.Features.SignIns;

/// <summary><c>POST /auth/change-password</c>: this sign-in goes on, all others of the user end.</summary>
public static class ChangePassword
{
    private static Refusal Wrong { get; } = Refusal.Field("currentPassword", "is wrong", ErrorCodes.SignInFailed);

    internal static async Task<Results<NoContent, RefusalResult>> Handle(
        ChangePasswordRequest request, EntryGuardDb db, Caller caller, OwnAccount own, Passwords passwords, Outbox outbox, DatabaseClock clock,
        CancellationToken ct)
    {
        var errors = new Dictionary<string, string>();
        var current = PasswordRules.Read("currentPassword", request.CurrentPassword, errors);
        var password = PasswordRules.Read("newPassword", request.NewPassword, errors);
        if (errors.Count > 0)
            return new RefusalResult(Refusal.Validation(errors));
        var (account, tooMany) = await own.GuessAsync(ct);
        if (tooMany is not null)
            return tooMany;
        if (await ReadAsync(db, caller.UserId, ct) is not { } before || !passwords.Matches(before.Secret.PasswordHash, current, out _))
            return new RefusalResult(Wrong);
        await own.ForgiveAsync(account, ct);
        if ((PasswordRules.Fault("newPassword", password, before.Organization, before.User.Email)
            ?? PasswordRules.Repeated("newPassword", password, before.Secret, before.Organization, passwords)) is { } fault)
            return new RefusalResult(fault);
        var made = passwords.Hash(password);

        await using var work = await db.BeginWriteAsync(WritePriority.Other, ct);
        if (await own.HoldAsync(ct) is not var (held, signIn) || held.Secret.PasswordHash != before.Secret.PasswordHash)
            return new RefusalResult(Wrong);
        var now = clock.Now;
        held.SetPassword(made, now);
        var ended = await SignInEnds.OfUserAsync(db, caller.UserId, SignInEnd.PasswordChanged, now, signIn.Id, ct);
        db.Audit.Add(AuditRow.About(held.User, caller.Actor, "PASSWORD_CHANGE", now, new { signInsEnded = ended }));
        outbox.PasswordChanged(db, held.User, caller.Address.ToString(), now);
        await work.CommitAsync(ct);
        return TypedResults.NoContent();
    }

    private static async Task<Account?> ReadAsync(EntryGuardDb db, UserId id, CancellationToken ct)
    {
        await using var read = await db.BeginReadAsync(ct);
        return await Account.ReadAsync(db, id, ct);
    }
}
