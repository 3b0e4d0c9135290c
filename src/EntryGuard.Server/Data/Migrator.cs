using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Data;

/// <summary>Brings the schema up to date at start-up, one node at a time, and gives the installation its code, once.</summary>
internal static class Migrator
{
    // Read aloud over the phone and typed from a screenshot: lower case, no 0, 1, 8, 9. 32^8 is 10^12: two installations that share an allow-list do not meet.
    private const string CodeAlphabet = "abcdefghijklmnopqrstuvwxyz234567";

    // A node that waits here waits for another one's migration, which may rewrite a large table.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(30);

    public static Task RunAsync(Databases databases, TimeProvider time, CancellationToken ct) =>
        databases.AloneAsync(async owner =>
        {
            await RefuseNewerSchemaAsync(owner, ct);
            if (!owner.IsShared)
                await ForgetInterruptedMigrationAsync(owner, ct);
            owner.Database.SetCommandTimeout(Patience);
            await owner.Database.MigrateAsync(ct);
            await NameInstallationAsync(databases, time, ct);
        }, ct);

    private static async Task RefuseNewerSchemaAsync(EntryGuardDb owner, CancellationToken ct)
    {
        if (!await owner.Database.CanConnectAsync(ct))
            return;
        var unknown = (await owner.Database.GetAppliedMigrationsAsync(ct)).Except(owner.Database.GetMigrations()).ToList();
        if (unknown.Count > 0)
        {
            throw new RefusedToStartException(
                $"The database was upgraded by a newer version of EntryGuard ({string.Join(", ", unknown)}). Run that version, or restore the backup made before the upgrade.");
        }
    }

    // EF marks a running migration on SQLite by a row, and waits for ever for one whose process was killed. The data directory is ours alone here.
    private static async Task ForgetInterruptedMigrationAsync(EntryGuardDb owner, CancellationToken ct)
    {
        var marks = await owner.Database.SqlQuery<int>(
            $"SELECT count(*) AS \"Value\" FROM sqlite_master WHERE type = 'table' AND name = '__EFMigrationsLock'").SingleAsync(ct);
        if (marks > 0)
            await owner.Database.ExecuteSqlAsync($"DELETE FROM \"__EFMigrationsLock\"", ct);
    }

    private static async Task NameInstallationAsync(Databases databases, TimeProvider time, CancellationToken ct)
    {
        await using var db = databases.OpenEngine();
        await using var work = await db.BeginWriteAsync(WritePriority.Other, ct);
        if (await db.Installations.AnyAsync(ct))
            return;
        db.Installations.Add(new Installation { Code = RandomNumberGenerator.GetString(CodeAlphabet, 8), CreatedAt = time.GetUtcNow() });
        await work.CommitAsync(ct);
    }
}
