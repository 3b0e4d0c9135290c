using EntryGuard.Domain;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Data;

/// <summary>
/// Locks on what claims rest on, always in this order: organization, user, role, credential, Resource, then owners, then the allow-list (E18). A
/// start shares them; whoever takes one of them away holds it alone first, so either the start sees it gone, or its claims are seen. SQLite
/// has one writer and needs none. Call inside a write transaction, before the row is read.
/// </summary>
/// <remarks>
/// NO KEY UPDATE keeps starts out as UPDATE would, but not the foreign keys of those who write an audit row or a claim: they hold owners
/// already, and waiting for us while we wait for those owners would be a deadlock.
/// </remarks>
public static class RowLocks
{
    public static Task LockAsync(this EntryGuardDb db, OrganizationId id, CancellationToken ct) =>
        LockAsync(db, $"SELECT 1 FROM organizations WHERE id = {id.Value} FOR NO KEY UPDATE", ct);

    public static Task LockAsync(this EntryGuardDb db, UserId id, CancellationToken ct) =>
        LockAsync(db, $"SELECT 1 FROM users WHERE id = {id.Value} FOR NO KEY UPDATE", ct);

    public static Task LockAsync(this EntryGuardDb db, RoleId id, CancellationToken ct) =>
        LockAsync(db, $"SELECT 1 FROM roles WHERE id = {id.Value} FOR NO KEY UPDATE", ct);

    public static Task LockAsync(this EntryGuardDb db, CredentialId id, CancellationToken ct) =>
        LockAsync(db, $"SELECT 1 FROM credentials WHERE id = {id.Value} FOR NO KEY UPDATE", ct);

    public static Task LockAsync(this EntryGuardDb db, ResourceId id, CancellationToken ct) =>
        LockAsync(db, $"SELECT 1 FROM resources WHERE id = {id.Value} FOR NO KEY UPDATE", ct);

    /// <summary>It is not deleted or changed until we commit; others may share it.</summary>
    public static Task ShareAsync(this EntryGuardDb db, ResourceId id, CancellationToken ct) =>
        LockAsync(db, $"SELECT 1 FROM resources WHERE id = {id.Value} FOR SHARE", ct);

    /// <inheritdoc cref="ShareAsync(EntryGuardDb, ResourceId, CancellationToken)"/>
    public static Task ShareAsync(this EntryGuardDb db, OrganizationId id, CancellationToken ct) =>
        LockAsync(db, $"SELECT 1 FROM organizations WHERE id = {id.Value} FOR SHARE", ct);

    /// <summary>Neither the user nor a role they have is deleted or changed until we commit, nor do they get or lose one; others may share them.</summary>
    public static async Task ShareWithRolesAsync(this EntryGuardDb db, UserId id, CancellationToken ct)
    {
        await LockAsync(db, $"SELECT 1 FROM users WHERE id = {id.Value} FOR SHARE", ct);
        await LockAsync(db, $"SELECT 1 FROM roles WHERE id IN (SELECT role_id FROM role_users WHERE user_id = {id.Value}) ORDER BY id FOR SHARE", ct);
    }

    /// <summary>None of them, and no credential of theirs, is deleted or changed until we commit; others may share them.</summary>
    public static async Task ShareAsync(this EntryGuardDb db, IEnumerable<ResourceId> ids, CancellationToken ct)
    {
        var resources = ids.Select(id => id.Value).ToArray();
        if (resources.Length == 0)
            return;
        await LockAsync(db, $"SELECT 1 FROM credentials WHERE id IN (SELECT credential_id FROM resources WHERE id = ANY({resources})) ORDER BY id FOR SHARE", ct);
        await LockAsync(db, $"SELECT 1 FROM resources WHERE id = ANY({resources}) ORDER BY id FOR SHARE", ct);
    }

    /// <summary>Engine scope only: tenants do not see allow-lists.</summary>
    public static Task LockAsync(this EntryGuardDb db, AllowListKey key, CancellationToken ct) =>
        LockAsync(db, $"SELECT 1 FROM allow_lists WHERE key = {key.Value} FOR NO KEY UPDATE", ct);

    private static Task LockAsync(EntryGuardDb db, FormattableString sql, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(db);
        return db.IsShared ? db.Database.ExecuteSqlAsync(sql, ct) : Task.CompletedTask;
    }
}
