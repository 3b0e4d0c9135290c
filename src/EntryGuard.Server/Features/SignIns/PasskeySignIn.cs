using EntryGuard.Contracts;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;

namespace EntryGuard.Server.Features.SignIns;

/// <summary>
/// <c>POST /auth/passkeys/sign-in/options</c> and <c>/auth/passkeys/sign-in</c>: a passkey and nothing else. There is nothing to guess, so
/// wrong passwords do not keep it out.
/// </summary>
public static class PasskeySignIn
{
    /// <summary>The same question for everybody.</summary>
    public static async Task<Ok<PasskeyOptionsResponse>> HandleOptions(EntryGuardDb db, Passkeys passkeys, HttpContext http)
    {
        ArgumentNullException.ThrowIfNull(passkeys);
        return TypedResults.Ok(await passkeys.AskToShowAsync(db, http));
    }

    public static async Task<Results<Ok<LoginResponse>, RefusalResult>> Handle(
        PasskeySignInRequest request, Databases databases, Passkeys passkeys, Admission admission, DatabaseClock clock, HttpContext http, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(databases);
        ArgumentNullException.ThrowIfNull(passkeys);
        ArgumentNullException.ThrowIfNull(admission);
        ArgumentNullException.ThrowIfNull(clock);
        if (Passkeys.Read(request.PasskeyToken, request.Credential) is var (answer, faults) && faults is not null)
            return new RefusalResult(faults);
        if (admission.WhyNoCookies(http, request.UseCookies) is { } refusal)
            return new RefusalResult(refusal);
        if (answer!.Owner is not var (organization, userId))
            return new RefusalResult(Passkeys.Invalid);
        await using var db = databases.OpenTenant(organization);
        await using var work = await db.BeginWriteAsync(WritePriority.Other, ct);
        if (await Account.HoldAsync(db, userId, ct) is not { } held)
            return new RefusalResult(Passkeys.Invalid);
        if (!await passkeys.ProveAsync(db, held, answer, http, ct))
        {
            db.ChangeTracker.Clear();
            db.Audit.Add(Login.FailedRow(organization, held.User.Email, ClientAddress.Of(http).ToString(), clock.Now, "The passkey's answer proves nothing."));
            await work.CommitAsync(ct);
            return new RefusalResult(Passkeys.Invalid);
        }

        var step = await admission.BeginAsync(db, held, http, SignInMethod.Passkey, "PASSKEY", request.UseCookies == true, onlyEnrols: false, ct);
        await work.CommitAsync(ct);
        return TypedResults.Ok(await admission.AnswerAsync(step, http, null, ct));
    }
}
