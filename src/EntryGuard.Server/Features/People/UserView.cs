using EntryGuard.Contracts;
using EntryGuard.Server.Data;

namespace EntryGuard.Server.Features.People;

/// <summary>How a user looks from outside.</summary>
public static class UserView
{
    /// <summary>Persons that were not deleted.</summary>
    public static IQueryable<User> Of(EntryGuardDb db)
    {
        ArgumentNullException.ThrowIfNull(db);
        return db.Users.Where(u => u.Kind == UserKind.Person && u.DeletedAt == null);
    }

    public static IQueryable<UserResponse> Show(EntryGuardDb db, IQueryable<User> users) => users.Select(u => new UserResponse
    {
        Id = u.Id.Value,
        Email = u.Email,
        Name = u.Name,
        Authority = Names.Wire(u.Authority),
        IsOrgAdmin = u.Authority == Authority.Admin,
        MayNameAddress = u.MayNameAddress,
        IsActive = u.IsActive,
        FrozenAt = u.FrozenAt,
        MfaEnabled = db.UserSecrets.Any(s => s.UserId == u.Id && s.Totp != null) || db.Passkeys.Any(p => p.UserId == u.Id),
        LastLoginAt = db.UserSecrets.Where(s => s.UserId == u.Id).Select(s => s.LastSignInAt).FirstOrDefault(),
        CreatedAt = u.CreatedAt,
        UpdatedAt = u.UpdatedAt,
        RoleNames = (from held in db.RoleUsers join role in db.Roles on held.RoleId equals role.Id where held.UserId == u.Id orderby role.Name select role.Name).ToList(),
    });
}
