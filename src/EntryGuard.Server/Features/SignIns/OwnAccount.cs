using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting;
using EntryGuard.Server.Hosting.SignIns;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.SignIns;

/// <summary>What signed-in users change about how they sign in: each guess at a code or password of theirs counts as one at sign-in does.</summary>
internal sealed class OwnAccount(EntryGuardDb db, Caller caller, SignInGuard guard, SecondFactor factor, DatabaseClock clock)
{
    // Adding and removing what one signs in with must not be possible with a token that was stolen long after.
    private static readonly TimeSpan Recent = TimeSpan.FromMinutes(15);

    public static Refusal CodeInvalid { get; } = Refusal.Field("code", "is wrong, or was used before; wait for the next one", ErrorCodes.CodeInvalid);

    public static Refusal Outdated { get; } = new(ErrorCodes.MfaOutdated, RefusalKind.Forbidden,
        "You showed your second factor too long ago; show it again with POST /api/v1/auth/verify-mfa/again.");

    public static Refusal SignedInLongAgo { get; } = new(ErrorCodes.MfaOutdated, RefusalKind.Forbidden,
        "You signed in too long ago to change what you sign in with; sign in again.");

    /// <summary>Before a guess; the answer to give if there were too many.</summary>
    public async Task<(byte[] Account, RefusalResult? TooMany)> GuessAsync(CancellationToken ct)
    {
        await using var read = await db.BeginReadAsync(ct);
        var account = SignInGuard.AccountOf(await db.Organizations.Select(o => o.Slug).SingleAsync(ct), caller.Email);
        await read.DisposeAsync();
        return (account, (await guard.TryAsync(account, clock.Now, ct)).Wait is { } wait ? AllowanceDeclarations.TooMany(wait) : null);
    }

    /// <summary>The guess was right.</summary>
    public Task ForgiveAsync(byte[] account, CancellationToken ct) => guard.ForgiveAsync(account, ct);

    /// <summary>What is slow about a code.</summary>
    public async Task<SecondFactor.Shown> PrepareAsync(string code, CancellationToken ct) => factor.Prepare(code, await VerifyMfa.SecretAsync(db, caller.UserId, ct));

    /// <summary>The caller's own, held; and the sign-in the request came with.</summary>
    public async Task<(Account Account, SignIn SignIn)?> HoldAsync(CancellationToken ct) =>
        await Account.HoldAsync(db, caller.UserId, ct) is { } account
        && await db.SignIns.SingleOrDefaultAsync(s => s.Id == caller.SignInId && s.EndedAt == null, ct) is { } signIn
            ? (account, signIn) : null;

    /// <summary>Null: may change what they sign in with; who they are was shown lately, by a second factor where there is one.</summary>
    public Refusal? WhyNot(Account account, SignIn signIn) =>
        signIn.MfaAt > clock.Now - Recent ? null
        : account.HasSecondFactor ? Outdated
        : signIn.CreatedAt > clock.Now - Recent ? null : SignedInLongAgo;
}
