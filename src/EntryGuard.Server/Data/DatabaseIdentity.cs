using System.Globalization;
using EntryGuard.Server.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace EntryGuard.Server.Data;

/// <summary>
/// Says which database this is, so that a restored or copied one is noticed before it writes to any provider (E27). Compare
/// <see cref="ReadAsync"/> with <see cref="Installation.DatabaseIdentity"/>.
/// </summary>
/// <remarks>
/// PostgreSQL: the cluster's system identifier and the database's oid. A logical restore has another, and so has a cluster after pg_upgrade; a
/// physical copy (base backup, disk snapshot) has the same and is not noticed. SQLite: inode and birth of the file, and a mark beside it that
/// remembers the newest audit row. A backup copied over the file in place keeps the inode but is older than the mark.
/// </remarks>
public static class DatabaseIdentity
{
    /// <summary>Beside the SQLite file; must not be part of its backup.</summary>
    public const string MarkFile = "entryguard.mark";

    /// <summary>Who this database is now. Changes nothing.</summary>
    public static async Task<string> ReadAsync(Databases databases, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(databases);
        if (databases.DataFile is not { } file)
            return await ReadPostgresAsync(databases, ct);
        var newest = await NewestAuditAsync(databases, ct);
        return $"sqlite:{FileIdentity.Of(file)}{(newest < await MarkAsync(file, ct) ? $":older-than-its-mark:{newest}" : "")}";
    }

    /// <summary>Raises the mark; from then on a backup made before is noticed. For the sweep, and for a clean stop. Nothing on PostgreSQL.</summary>
    public static async Task RememberAsync(Databases databases, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(databases);
        if (databases.DataFile is { } file && await NewestAuditAsync(databases, ct) is var newest && newest > await MarkAsync(file, ct))
            await WriteMarkAsync(file, newest, ct);
    }

    /// <summary>From now on this database is ours: at the first start, or when an operator took it over. Stores what <see cref="ReadAsync"/> will say.</summary>
    public static async Task AcceptAsync(Databases databases, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(databases);
        if (databases.DataFile is { } file)
            await WriteMarkAsync(file, await NewestAuditAsync(databases, ct), ct);
        var identity = await ReadAsync(databases, ct);
        await using var db = databases.OpenEngine();
        await using var work = await db.BeginWriteAsync(WritePriority.Other, ct);
        (await db.Installations.SingleAsync(ct)).DatabaseIdentity = identity;
        await work.CommitAsync(ct);
    }

    private static async Task<string> ReadPostgresAsync(Databases databases, CancellationToken ct)
    {
        await using var db = databases.OpenOwner();
        var oid = await db.Database.SqlQuery<long>($"SELECT oid::bigint AS \"Value\" FROM pg_database WHERE datname = current_database()").SingleAsync(ct);
        try
        {
            var system = await db.Database.SqlQuery<long>($"SELECT system_identifier AS \"Value\" FROM pg_control_system()").SingleAsync(ct);
            return string.Create(CultureInfo.InvariantCulture, $"postgres:{system}:{oid}");
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.InsufficientPrivilege or PostgresErrorCodes.UndefinedFunction)
        {
            // Anybody may ask, unless the server's operator took that away. The transaction that migrated first has a number no other database repeats by chance.
            var birth = await db.Database.SqlQuery<string>(
                $"SELECT xmin::text AS \"Value\" FROM \"__EFMigrationsHistory\" ORDER BY \"MigrationId\" LIMIT 1").SingleAsync(ct);
            return string.Create(CultureInfo.InvariantCulture, $"postgres-born:{birth}:{oid}");
        }
    }

    private static async Task<long> NewestAuditAsync(Databases databases, CancellationToken ct)
    {
        await using var db = databases.OpenEngine();
        return await db.Database.SqlQuery<long>($"SELECT coalesce(max(seq), 0) AS \"Value\" FROM sqlite_sequence WHERE name = 'audit'").SingleAsync(ct);
    }

    private static async Task<long> MarkAsync(string file, CancellationToken ct)
    {
        var path = PathOfMark(file);
        return File.Exists(path) && long.TryParse(await File.ReadAllTextAsync(path, ct), CultureInfo.InvariantCulture, out var mark) ? mark : 0;
    }

    private static async Task WriteMarkAsync(string file, long newest, CancellationToken ct)
    {
        var path = PathOfMark(file);
        await File.WriteAllTextAsync($"{path}.new", newest.ToString(CultureInfo.InvariantCulture), ct);
        File.Move($"{path}.new", path, true);
    }

    private static string PathOfMark(string file) => Path.Combine(Path.GetDirectoryName(file)!, MarkFile);
}
