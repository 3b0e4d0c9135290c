using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.SignIns;

/// <summary><c>POST /auth/passkeys/options</c>, <c>POST</c>, <c>GET /auth/passkeys</c> and <c>DELETE /auth/passkeys/{id}</c>: those of the caller.</summary>
public static class OwnPasskeys
{
    private const int Most = 20;

    private static Refusal NotFound { get; } = new(ErrorCodes.PasskeyNotFound, RefusalKind.NotFound, "There is no such passkey.");
    private static Refusal TooMany { get; } = new(ErrorCodes.Conflict, RefusalKind.Conflict, $"You have {Most} passkeys; remove one first.");

    private static Refusal Last { get; } = new(ErrorCodes.MfaDemanded, RefusalKind.Invalid,
        "The organization demands a second factor, and this passkey is your last one; add another, or set up one-time codes, first.");

    public static async Task<Ok<IReadOnlyList<PasskeyResponse>>> HandleList(EntryGuardDb db, Caller caller, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(db);
        await using var read = await db.BeginReadAsync(ct);
        return TypedResults.Ok<IReadOnlyList<PasskeyResponse>>(
            [.. (await db.Passkeys.AsNoTracking().Where(p => p.UserId == caller.UserId).OrderBy(p => p.Id).Take(Most).ToListAsync(ct)).Select(p => Show(p, null))]);
    }

    internal static async Task<Results<Ok<PasskeyOptionsResponse>, RefusalResult>> HandleOptions(
        EntryGuardDb db, Caller caller, OwnAccount own, Passkeys passkeys, HttpContext http, CancellationToken ct)
    {
        await using var read = await db.BeginReadAsync(ct);
        if (await Account.ReadAsync(db, caller.UserId, ct) is not { } account || await db.SignIns.AsNoTracking().SingleOrDefaultAsync(s => s.Id == caller.SignInId, ct) is not { } signIn)
            return new RefusalResult(Admission.TokenInvalid);
        if (own.WhyNot(account, signIn) is { } refusal)
            return new RefusalResult(refusal);
        return TypedResults.Ok(await passkeys.AskToMakeAsync(db, account.User, http));
    }

    /// <summary>Whoever had to set up a second factor is signed in by it.</summary>
    internal static async Task<Results<Created<PasskeyResponse>, RefusalResult>> HandleAdd(
        AddPasskeyRequest request, EntryGuardDb db, Caller caller, OwnAccount own, Passkeys passkeys, Admission admission, DatabaseClock clock,
        HttpContext http, CancellationToken ct)
    {
        var errors = new Dictionary<string, string>();
        var name = RequestFields.Name("name", request.Name, errors);
        if (Passkeys.Read(request.PasskeyToken, request.Credential) is var (answer, faults) && faults is not null)
            errors = errors.Concat(faults.Errors!).ToDictionary();
        if (errors.Count > 0)
            return new RefusalResult(Refusal.Validation(errors));
        if (admission.WhyNoCookies(http, request.UseCookies) is { } no)
            return new RefusalResult(no);
        Passkey made;
        Admission.Step? step;
        try
        {
            await using var work = await db.BeginWriteAsync(WritePriority.Other, ct);
            if (await own.HoldAsync(ct) is not var (account, signIn))
                return new RefusalResult(Admission.TokenInvalid);
            if (own.WhyNot(account, signIn) is { } refusal)
                return new RefusalResult(refusal);
            if (await db.Passkeys.CountAsync(p => p.UserId == caller.UserId, ct) >= Most)
                return new RefusalResult(TooMany);
            if (await passkeys.MadeAsync(db, account.User, answer!, name, http, ct) is not { } passkey)
                return new RefusalResult(Refusal.Field("credential", "proves nothing: it is of another site or user, too old, or was sent before", ErrorCodes.PasskeyInvalid));
            var now = clock.Now;
            db.Passkeys.Add(made = passkey);
            account.Secret.MustEnrol = false;
            step = signIn.OnlyEnrols ? admission.Complete(db, account with { HasPasskeys = true }, signIn, request.UseCookies == true) : null;
            signIn.MfaAt = now;
            db.Audit.Add(AuditRow.About(account.User, caller.Actor, "PASSKEY_ADD", now, new { passkeyId = passkey.Id.Value, name }));
            await work.CommitAsync(ct);
        }
        catch (DbUpdateException e) when (UniqueNames.Refused(e))
        {
            return new RefusalResult(Refusal.Field("credential", "is a passkey that was added before", ErrorCodes.PasskeyInvalid));
        }

        return TypedResults.Created($"/api/v1/auth/passkeys/{made.Id.Value}", Show(made, step is null ? null : await admission.AnswerAsync(step, http, null, ct)));
    }

    internal static async Task<Results<NoContent, RefusalResult>> HandleRemove(
        Guid id, EntryGuardDb db, Caller caller, OwnAccount own, DatabaseClock clock, CancellationToken ct)
    {
        var passkeyId = new PasskeyId(id);
        await using var work = await db.BeginWriteAsync(WritePriority.Other, ct);
        if (await own.HoldAsync(ct) is not var (account, signIn)
            || await db.Passkeys.SingleOrDefaultAsync(p => p.Id == passkeyId && p.UserId == caller.UserId, ct) is not { } passkey)
            return new RefusalResult(NotFound);
        if (own.WhyNot(account, signIn) is { } refusal)
            return new RefusalResult(refusal);
        if (account is { Organization.MfaRequired: true, Secret.Totp: null } && !await db.Passkeys.AnyAsync(p => p.UserId == caller.UserId && p.Id != passkeyId, ct))
            return new RefusalResult(Last);
        db.Passkeys.Remove(passkey);
        db.Audit.Add(AuditRow.About(account.User, caller.Actor, "PASSKEY_REMOVE", clock.Now, new { passkeyId = id, name = passkey.Name }));
        await work.CommitAsync(ct);
        return TypedResults.NoContent();
    }

    private static PasskeyResponse Show(Passkey row, LoginResponse? signIn) => new()
    {
        Id = row.Id.Value,
        Name = row.Name,
        IsBackedUp = row.IsBackedUp,
        CreatedAt = row.CreatedAt,
        LastUsedAt = row.LastUsedAt,
        SignIn = signIn,
    };
}
