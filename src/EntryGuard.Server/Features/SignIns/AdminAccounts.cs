using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting;
using EntryGuard.Server.Hosting.SignIns;
using EntryGuard.Server.Mail;
using Microsoft.AspNetCore.Http.HttpResults;

namespace EntryGuard.Server.Features.SignIns;

/// <summary><c>POST /users/{id}/resend-invitation</c>, <c>/reset-password</c> and <c>/reset-mfa</c>: what an admin does for somebody who cannot get in.</summary>
public static class AdminAccounts
{
    private static Refusal NotFound { get; } = new(ErrorCodes.UserNotFound, RefusalKind.NotFound, "There is no such user, or it is deactivated.");
    private static Refusal Joined { get; } = new(ErrorCodes.AlreadyJoined, RefusalKind.Conflict, "The user has a password already; reset that, if it is forgotten.");
    private static Refusal Off { get; } = new(ErrorCodes.MfaOff, RefusalKind.Invalid, "The user has no second factor.");

    /// <summary>An earlier invitation is void.</summary>
    public static Task<Results<Ok<HandOverResponse>, RefusalResult>> HandleInvite(
        Guid id, EntryGuardDb db, Caller caller, HandOver handOver, Allowances allowances, DatabaseClock clock, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(handOver);
        return SendAsync(id, db, caller, allowances, clock, "USER_INVITE", account => account.Secret.PasswordHash is null ? null : Joined, handOver.InviteAsync, ct);
    }

    /// <summary>The password stays until the link is used.</summary>
    public static Task<Results<Ok<HandOverResponse>, RefusalResult>> HandleResetPassword(
        Guid id, EntryGuardDb db, Caller caller, HandOver handOver, Allowances allowances, DatabaseClock clock, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(handOver);
        return SendAsync(id, db, caller, allowances, clock, "PASSWORD_RESET_REQUEST", _ => null, handOver.ResetPasswordAsync, ct);
    }

    /// <summary>Codes and passkeys are gone, all sign-ins end, and the next one sets up another second factor before anything else.</summary>
    public static async Task<Results<NoContent, RefusalResult>> HandleResetMfa(
        Guid id, EntryGuardDb db, Caller caller, Outbox outbox, DatabaseClock clock, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(db);
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(outbox);
        ArgumentNullException.ThrowIfNull(clock);
        await using var work = await db.BeginWriteAsync(WritePriority.Closing, ct);
        if (await Account.HoldAsync(db, new UserId(id), ct) is not { } account)
            return new RefusalResult(NotFound);
        if (!account.HasSecondFactor)
            return new RefusalResult(Off);
        var now = clock.Now;
        await account.ResetMfaAsync(db, caller.Actor, now, ct);
        outbox.MfaReset(db, account.User, caller.Email, now);
        await work.CommitAsync(ct);
        return TypedResults.NoContent();
    }

    private static async Task<Results<Ok<HandOverResponse>, RefusalResult>> SendAsync(
        Guid id, EntryGuardDb db, Caller caller, Allowances allowances, DatabaseClock clock, string eventType, Func<Account, Refusal?> whyNot,
        Func<EntryGuardDb, User, Actor, DateTimeOffset, CancellationToken, Task<HandOverResponse>> make, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(db);
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(allowances);
        ArgumentNullException.ThrowIfNull(clock);
        const int MostPerHour = 10;
        if (allowances.Take($"letter {caller.Organization.Value} {id}", MostPerHour, TimeSpan.FromHours(1)) is { } wait)
            return AllowanceDeclarations.TooMany(wait);
        await using var work = await db.BeginWriteAsync(WritePriority.Other, ct);
        if (await Account.HoldAsync(db, new UserId(id), ct) is not { } account)
            return new RefusalResult(NotFound);
        if (whyNot(account) is { } refusal)
            return new RefusalResult(refusal);
        var now = clock.Now;
        var sent = await make(db, account.User, caller.Actor, now, ct);
        db.Audit.Add(AuditRow.About(account.User, caller.Actor, eventType, now, new { isSent = sent.IsSent, expiresAt = sent.ExpiresAt }));
        await work.CommitAsync(ct);
        return TypedResults.Ok(sent);
    }
}
