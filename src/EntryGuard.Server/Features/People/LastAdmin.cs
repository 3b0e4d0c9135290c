using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.People;

/// <summary>An organization without an active admin could never be administered again: the last one stays.</summary>
internal static class LastAdmin
{
    public static Refusal Refusal { get; } = new(ErrorCodes.LastAdmin, RefusalKind.Invalid,
        "It is the last active administrator of the organization; make another user one first.");

    /// <summary>
    /// Two who would take the right from each other at the same moment hold the same rows, in the same order: the second sees what the first
    /// did. Before any other user is locked.
    /// </summary>
    public static Task LockAsync(EntryGuardDb db, OrganizationId organization, CancellationToken ct) => db.IsShared
        ? db.Database.ExecuteSqlAsync(
            $"SELECT 1 FROM users WHERE organization_id = {organization.Value} AND authority = 'ADMIN' AND is_active ORDER BY id FOR NO KEY UPDATE", ct)
        : Task.CompletedTask;

    /// <summary>True if there is no other.</summary>
    public static async Task<bool> IsAsync(EntryGuardDb db, User user, CancellationToken ct) =>
        user is { IsActive: true, IsOrgAdmin: true, Kind: UserKind.Person }
        && !await db.Users.AnyAsync(u => u.Id != user.Id && u.Authority == Authority.Admin && u.Kind == UserKind.Person && u.IsActive && u.DeletedAt == null, ct);
}
