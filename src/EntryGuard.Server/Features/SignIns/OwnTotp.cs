using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using QRCoder;

namespace EntryGuard.Server.Features.SignIns;

/// <summary>
/// <c>POST /mfa/setup</c>, <c>/mfa/setup/confirm</c>, <c>/mfa/disable</c> and <c>/mfa/recovery-codes</c>: one-time codes of the caller. The
/// secret that is being set up waits here; confirming takes a code alone, and the secret of whoever sends it.
/// </summary>
public static class OwnTotp
{
    private const int PixelsPerModule = 6;

    private static Refusal AlreadyOn { get; } = new(ErrorCodes.MfaAlreadyOn, RefusalKind.Conflict, "One-time codes are on already; switch them off first.");
    private static Refusal NothingWaits { get; } = new(ErrorCodes.MfaOff, RefusalKind.NotFound, "Nothing is being set up; begin with POST /api/v1/mfa/setup.");
    private static Refusal Off { get; } = new(ErrorCodes.MfaOff, RefusalKind.NotFound, "One-time codes are not on.");

    internal static async Task<Results<Ok<TotpSetupResponse>, RefusalResult>> HandleSetup(EntryGuardDb db, OwnAccount own, SecondFactor factor, CancellationToken ct)
    {
        var secret = Totp.NewSecret();
        string email;
        await using (var work = await db.BeginWriteAsync(WritePriority.Other, ct))
        {
            if (await own.HoldAsync(ct) is not var (account, signIn))
                return new RefusalResult(Admission.TokenInvalid);
            if (account.Secret.Totp is not null)
                return new RefusalResult(AlreadyOn);
            if (own.WhyNot(account, signIn) is { } refusal)
                return new RefusalResult(refusal);
            account.Secret.PendingTotp = factor.Seal(account.Secret, secret);
            email = account.User.Email;
            await work.CommitAsync(ct);
        }

        var uri = Totp.Uri(email, secret);
        using var picture = QRCodeGenerator.GenerateQrCode(uri, QRCodeGenerator.ECCLevel.M);
        using var png = new PngByteQRCode(picture);
        return TypedResults.Ok(new TotpSetupResponse
        {
            QrCodeBase64 = Convert.ToBase64String(png.GetGraphic(PixelsPerModule)),
            Secret = Totp.Base32(secret),
            OtpauthUri = uri,
        });
    }

    /// <summary>On from here. Whoever had to set it up is signed in by it.</summary>
    internal static async Task<Results<Ok<RecoveryCodesResponse>, RefusalResult>> HandleConfirm(
        ConfirmTotpRequest request, EntryGuardDb db, Caller caller, OwnAccount own, SecondFactor factor, Admission admission, DatabaseClock clock,
        HttpContext http, CancellationToken ct)
    {
        var errors = new Dictionary<string, string>();
        var code = SecondFactor.Read("code", request.Code, errors);
        if (errors.Count > 0)
            return new RefusalResult(Refusal.Validation(errors));
        if (admission.WhyNoCookies(http, request.UseCookies) is { } no)
            return new RefusalResult(no);
        var (guess, tooMany) = await own.GuessAsync(ct);
        if (tooMany is not null)
            return tooMany;
        var recovery = factor.NewRecoveryCodes();
        Admission.Step? step;
        await using (var work = await db.BeginWriteAsync(WritePriority.Other, ct))
        {
            if (await own.HoldAsync(ct) is not var (account, signIn))
                return new RefusalResult(Admission.TokenInvalid);
            if (account.Secret.Totp is not null)
                return new RefusalResult(AlreadyOn);
            if (account.Secret.PendingTotp is null)
                return new RefusalResult(NothingWaits);
            if (request.Secret is { } shown && !factor.IsPending(account.Secret, shown))
                return new RefusalResult(Refusal.Validation(new Dictionary<string, string> { ["secret"] = "is not the one that waits; begin again with POST /api/v1/mfa/setup" }));
            var now = clock.Now;
            if (!factor.Confirm(account, code, recovery, now))
                return new RefusalResult(OwnAccount.CodeInvalid);
            signIn.MfaAt = now;
            step = signIn.OnlyEnrols ? admission.Complete(db, account, signIn, request.UseCookies == true) : null;
            db.Audit.Add(AuditRow.About(account.User, caller.Actor, "MFA_ENABLE", now, new { method = "TOTP" }));
            await work.CommitAsync(ct);
        }

        await own.ForgiveAsync(guess, ct);
        return TypedResults.Ok(new RecoveryCodesResponse
        {
            RecoveryCodes = recovery.Codes,
            SignIn = step is null ? null : await admission.AnswerAsync(step, http, null, ct),
        });
    }

    /// <summary>
    /// Off, recovery codes included. Where the organization demands a second factor and there is no passkey, the other sign-ins end, and this
    /// one may do nothing but set up another.
    /// </summary>
    internal static async Task<Results<Ok<DoneResponse>, RefusalResult>> HandleDisable(
        MfaCodeRequest request, EntryGuardDb db, Caller caller, OwnAccount own, SecondFactor factor, DatabaseClock clock, CancellationToken ct)
    {
        var refusal = await WithCodeAsync(request, db, own, factor, clock, async (account, signIn, how, now) =>
        {
            SecondFactor.Forget(account.Secret);
            if (account is { Organization.MfaRequired: true, HasPasskeys: false })
            {
                signIn.OnlyEnrols = true;
                await SignInEnds.OfUserAsync(db, caller.UserId, SignInEnd.MfaReset, now, signIn.Id, ct);
            }

            db.Audit.Add(AuditRow.About(account.User, caller.Actor, "MFA_DISABLE", now, new { method = "TOTP", by = how }));
        }, ct);
        return refusal is null ? TypedResults.Ok(new DoneResponse()) : refusal;
    }

    /// <summary>Eight new ones; those left are void.</summary>
    internal static async Task<Results<Ok<RecoveryCodesResponse>, RefusalResult>> HandleRecoveryCodes(
        MfaCodeRequest request, EntryGuardDb db, Caller caller, OwnAccount own, SecondFactor factor, DatabaseClock clock, CancellationToken ct)
    {
        var recovery = factor.NewRecoveryCodes();
        var refusal = await WithCodeAsync(request, db, own, factor, clock, (account, _, how, now) =>
        {
            recovery.Put(account.Secret);
            db.Audit.Add(AuditRow.About(account.User, caller.Actor, "MFA_RECOVERY_CODES_CREATE", now, new { by = how }));
            return Task.CompletedTask;
        }, ct);
        return refusal is null ? TypedResults.Ok(new RecoveryCodesResponse { RecoveryCodes = recovery.Codes }) : refusal;
    }

    /// <summary>Does something that a code must allow.</summary>
    /// <returns>Null: done.</returns>
    internal static async Task<RefusalResult?> WithCodeAsync(
        MfaCodeRequest request, EntryGuardDb db, OwnAccount own, SecondFactor factor, DatabaseClock clock,
        Func<Account, SignIn, string, DateTimeOffset, Task> act, CancellationToken ct)
    {
        var errors = new Dictionary<string, string>();
        var code = SecondFactor.Read("code", request.Code, errors);
        if (errors.Count > 0)
            return new RefusalResult(Refusal.Validation(errors));
        var (guess, tooMany) = await own.GuessAsync(ct);
        if (tooMany is not null)
            return tooMany;
        var shown = await own.PrepareAsync(code, ct);
        await using (var work = await db.BeginWriteAsync(WritePriority.Other, ct))
        {
            if (await own.HoldAsync(ct) is not var (account, signIn))
                return new RefusalResult(Admission.TokenInvalid);
            if (account.Secret.Totp is null)
                return new RefusalResult(Off);
            var now = clock.Now;
            if (factor.Take(account, shown, now) is not { } how)
                return new RefusalResult(OwnAccount.CodeInvalid);
            signIn.MfaAt = now;
            await act(account, signIn, how, now);
            await work.CommitAsync(ct);
        }

        await own.ForgiveAsync(guess, ct);
        return null;
    }
}
