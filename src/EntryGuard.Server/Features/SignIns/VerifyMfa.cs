using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting;
using EntryGuard.Server.Hosting.SignIns;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.SignIns;

/// <summary><c>POST /auth/verify-mfa</c>: the second half of a sign-in. Five wrong codes, and it begins anew; each counts as a wrong password does.</summary>
public static class VerifyMfa
{
    private const int MostFailures = 5;

    private static Refusal Wrong { get; } = new(ErrorCodes.CodeInvalid, RefusalKind.Unauthenticated, "The code is wrong, or was used before; wait for the next one.");

    public static async Task<Results<Ok<LoginResponse>, RefusalResult>> Handle(
        VerifyMfaRequest request, Databases databases, SignInGuard guard, SecondFactor factor, Admission admission, DatabaseClock clock, HttpContext http,
        CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(databases);
        ArgumentNullException.ThrowIfNull(guard);
        ArgumentNullException.ThrowIfNull(factor);
        ArgumentNullException.ThrowIfNull(admission);
        ArgumentNullException.ThrowIfNull(clock);
        var errors = new Dictionary<string, string>();
        if (string.IsNullOrEmpty(request.MfaChallengeToken))
            errors["mfaChallengeToken"] = "is missing";
        var code = SecondFactor.Read("code", request.Code, errors);
        if (errors.Count > 0)
            return new RefusalResult(Refusal.Validation(errors));
        if (admission.WhyNoCookies(http, request.UseCookies) is { } refusal)
            return new RefusalResult(refusal);
        if (TokenText.Read(TokenText.OneTime, request.MfaChallengeToken) is not var (organization, hash))
            return new RefusalResult(Admission.TokenInvalid);

        await using var db = databases.OpenTenant(organization);
        if (await FindAsync(db, hash, clock.Now, ct) is not var (userId, account))
            return new RefusalResult(Admission.TokenInvalid);
        var attempt = await guard.TryAsync(account, clock.Now, ct);
        if (attempt.Wait is { } wait)
            return AllowanceDeclarations.TooMany(wait);
        var shown = factor.Prepare(code, await SecretAsync(db, userId, ct));
        await using var work = await db.BeginWriteAsync(WritePriority.Other, ct);
        if (await Account.HoldAsync(db, userId, ct) is not { } held || await OneTime.PeekAsync(db, hash, TokenPurpose.MfaChallenge, clock.Now, ct) is null)
            return new RefusalResult(Admission.TokenInvalid);
        var now = clock.Now;
        if (factor.Take(held, shown, now) is not { } how)
        {
            await db.OneTimeTokens.Where(t => t.Hash == hash).ExecuteUpdateAsync(set => set
                .SetProperty(t => t.Failures, t => t.Failures + 1)
                .SetProperty(t => t.UsedAt, t => t.Failures + 1 >= MostFailures ? now : null), ct);
            db.Audit.Add(Login.FailedRow(organization, held.User.Email, ClientAddress.Of(http).ToString(), now, "Wrong code."));
            await work.CommitAsync(ct);
            return new RefusalResult(Wrong);
        }

        await OneTime.TakeAsync(db, hash, now, ct);
        var step = await admission.BeginAsync(db, held, http, SignInMethod.Password, how, request.UseCookies == true, onlyEnrols: false, ct);
        await work.CommitAsync(ct);
        return TypedResults.Ok(await admission.AnswerAsync(step, http, attempt, ct));
    }

    /// <summary>As it is; an empty one if there is none.</summary>
    internal static async Task<UserSecret> SecretAsync(EntryGuardDb db, UserId id, CancellationToken ct)
    {
        await using var read = await db.BeginReadAsync(ct);
        return await db.UserSecrets.AsNoTracking().SingleOrDefaultAsync(s => s.UserId == id, ct) ?? new UserSecret();
    }

    private static async Task<(UserId User, byte[] Account)?> FindAsync(EntryGuardDb db, byte[] hash, DateTimeOffset now, CancellationToken ct)
    {
        await using var read = await db.BeginReadAsync(ct);
        if (await OneTime.PeekAsync(db, hash, TokenPurpose.MfaChallenge, now, ct) is not { } userId)
            return null;
        var name = await db.Users.Where(u => u.Id == userId).Select(u => new { u.Email, u.Organization!.Slug }).SingleAsync(ct);
        return (userId, SignInGuard.AccountOf(name.Slug, name.Email));
    }
}
