using EntryGuard.Domain;
using EntryGuard.Server.Data;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.SignIns;

/// <summary>Somebody who may sign in, held against others until the transaction ends.</summary>
/// <param name="Secret">Made if there was none.</param>
internal sealed record Account(User User, UserSecret Secret, Organization Organization, bool HasPasskeys)
{
    /// <summary>There is something to show after the password.</summary>
    public bool HasSecondFactor => Secret.Totp is not null || HasPasskeys;

    /// <summary>Null: there is none, or it is not in use. Inside a write transaction.</summary>
    public static async Task<Account?> HoldAsync(EntryGuardDb db, UserId id, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(db);
        await db.LockAsync(id, ct);
        var user = await InUse(db, id).SingleOrDefaultAsync(ct);
        if (user is null)
            return null;
        var secret = await db.UserSecrets.SingleOrDefaultAsync(s => s.UserId == id, ct);
        if (secret is null)
            db.UserSecrets.Add(secret = new UserSecret { UserId = id, OrganizationId = user.OrganizationId });
        return new Account(user, secret, user.Organization!, await db.Passkeys.AnyAsync(p => p.UserId == id, ct));
    }

    /// <summary>As it is, held against nobody; null as above. Nothing of it is to be saved.</summary>
    public static async Task<Account?> ReadAsync(EntryGuardDb db, UserId id, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(db);
        var user = await InUse(db, id).AsNoTracking().SingleOrDefaultAsync(ct);
        if (user is null)
            return null;
        var secret = await db.UserSecrets.AsNoTracking().SingleOrDefaultAsync(s => s.UserId == id, ct) ?? new UserSecret { UserId = id, OrganizationId = user.OrganizationId };
        return new Account(user, secret, user.Organization!, await db.Passkeys.AnyAsync(p => p.UserId == id, ct));
    }

    private static IQueryable<User> InUse(EntryGuardDb db, UserId id) => db.Users.Include(u => u.Organization)
        .Where(u => u.Id == id && u.IsActive && u.DeletedAt == null && u.Kind == UserKind.Person && u.Organization!.IsActive);

    /// <summary>The password is this one from now on.</summary>
    public void SetPassword(string hash, DateTimeOffset now)
    {
        const int MostFormer = 23;
        if (Secret.PasswordHash is { } old)
            Secret.FormerHashes = [.. Secret.FormerHashes.Prepend(old).Take(MostFormer)];
        (Secret.PasswordHash, Secret.PasswordChangedAt) = (hash, now);
    }

    /// <summary>The password is older than the organization allows.</summary>
    public bool HasExpired(DateTimeOffset now) =>
        Organization.PasswordExpirationDays is { } days && Secret.PasswordChangedAt is { } at && now >= at.AddDays(days);

    /// <summary>Codes and passkeys are gone, all sign-ins end, and the next one sets up another second factor before anything else.</summary>
    public async Task ResetMfaAsync(EntryGuardDb db, Actor actor, DateTimeOffset now, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(db);
        SecondFactor.Forget(Secret);
        Secret.MustEnrol = true;
        await db.Passkeys.Where(p => p.UserId == User.Id).ExecuteDeleteAsync(ct);
        var ended = await SignInEnds.OfUserAsync(db, User.Id, SignInEnd.MfaReset, now, null, ct);
        db.Audit.Add(AuditRow.About(User, actor, "MFA_RESET", now, new { signInsEnded = ended }));
    }

    /// <summary>For audit rows of what the user does before being signed in.</summary>
    public Actor Actor(string address) => new("USER", User.Id, User.Email, address);
}
