using EntryGuard.Contracts;
using EntryGuard.Server.Data;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.SignIns;

/// <summary><c>GET /auth/me</c>.</summary>
public static class Me
{
    public static async Task<Ok<SignedInUser>> Handle(EntryGuardDb db, Caller caller, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(db);
        ArgumentNullException.ThrowIfNull(caller);
        await using var read = await db.BeginReadAsync(ct);
        var codes = (await db.UserSecrets.Where(s => s.UserId == caller.UserId && s.Totp != null).Select(s => s.RecoveryHashes).SingleOrDefaultAsync(ct))?.Count;
        return TypedResults.Ok(await db.Users.Where(u => u.Id == caller.UserId).Select(u => new SignedInUser
        {
            Id = u.Id.Value,
            Email = u.Email,
            Name = u.Name,
            Authority = Names.Wire(u.Authority),
            IsOrgAdmin = u.Authority == Authority.Admin,
            OrganizationId = u.OrganizationId.Value,
            OrganizationName = u.Organization!.Name,
            OrganizationSlug = u.Organization.Slug,
            MfaEnabled = codes != null || db.Passkeys.Any(p => p.UserId == u.Id),
            TotpEnabled = codes != null,
            RecoveryCodesLeft = codes ?? 0,
        }).SingleAsync(ct));
    }

    internal static SignedInUser Show(Account account) => new()
    {
        Id = account.User.Id.Value,
        Email = account.User.Email,
        Name = account.User.Name,
        Authority = Names.Wire(account.User.Authority),
        IsOrgAdmin = account.User.IsOrgAdmin,
        OrganizationId = account.Organization.Id.Value,
        OrganizationName = account.Organization.Name,
        OrganizationSlug = account.Organization.Slug,
        MfaEnabled = account.HasSecondFactor,
        TotpEnabled = account.Secret.Totp is not null,
        RecoveryCodesLeft = account.Secret.RecoveryHashes.Count,
    };
}
