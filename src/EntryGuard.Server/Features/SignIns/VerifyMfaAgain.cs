using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;

namespace EntryGuard.Server.Features.SignIns;

/// <summary><c>POST /auth/verify-mfa/again</c>: the second factor once more within a sign-in, for what demands that it was shown lately.</summary>
public static class VerifyMfaAgain
{
    internal static async Task<Results<Ok<MfaVerifiedResponse>, RefusalResult>> Handle(
        VerifyMfaAgainRequest request, EntryGuardDb db, Caller caller, OwnAccount own, SecondFactor factor, Passkeys passkeys, DatabaseClock clock,
        HttpContext http, CancellationToken ct)
    {
        var at = clock.Now;
        void Note(Account account, string how) => db.Audit.Add(AuditRow.About(account.User, caller.Actor, "MFA_VERIFY", at, new { by = how }));
        if (request.Credential is null && request.PasskeyToken is null)
        {
            var refusal = await OwnTotp.WithCodeAsync(new MfaCodeRequest { Code = request.Code }, db, own, factor, clock, (account, _, how, now) =>
            {
                at = now;
                Note(account, how);
                return Task.CompletedTask;
            }, ct);
            return refusal is null ? TypedResults.Ok(new MfaVerifiedResponse { MfaAt = at }) : refusal;
        }

        if (request.Code is not null)
            return new RefusalResult(Refusal.Field("code", "is given beside a passkey; give one of the two"));
        if (Passkeys.Read(request.PasskeyToken, request.Credential) is var (answer, faults) && faults is not null)
            return new RefusalResult(faults);
        await using var work = await db.BeginWriteAsync(WritePriority.Other, ct);
        if (await own.HoldAsync(ct) is not var (held, signIn) || answer!.User != caller.UserId || await passkeys.ProveAsync(db, held, answer, http, ct) is false)
            return new RefusalResult(Passkeys.Invalid);
        signIn.MfaAt = at;
        Note(held, "PASSKEY");
        await work.CommitAsync(ct);
        return TypedResults.Ok(new MfaVerifiedResponse { MfaAt = at });
    }
}
