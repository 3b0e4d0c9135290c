using EntryGuard.Domain;
using EntryGuard.Server.Data.Postgres;
using EntryGuard.Server.Data.Sqlite;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Npgsql;

namespace EntryGuard.Server.Data;

/// <summary>Opens the database in one of its two scopes. One per process.</summary>
public sealed class Databases
{
    /// <summary>The roles of E30. Neither owns a table.</summary>
    public const string TenantRole = "entryguard_tenant";

    /// <inheritdoc cref="TenantRole"/>
    public const string EngineRole = "entryguard_engine";

    private readonly Func<OrganizationId?, EntryGuardDb> open;
    private readonly Func<EntryGuardDb> openOwner;

    private Databases(bool isShared, Func<OrganizationId?, EntryGuardDb> open, Func<EntryGuardDb> openOwner) =>
        (IsShared, this.open, this.openOwner) = (isShared, open, openOwner);

    /// <summary>True on PostgreSQL.</summary>
    public bool IsShared { get; }

    /// <summary>One file, made if it is missing; its folder must exist.</summary>
    /// <param name="connectionString">"Data Source=/var/lib/entryguard/entryguard.db".</param>
    public static Databases Sqlite(string connectionString)
    {
        var gate = new WriteGate();
        var options = new DbContextOptionsBuilder<SqliteDb>()
            .UseSqlite(connectionString)
            .AddInterceptors(new SqlitePragmas())
            .Options;
        EntryGuardDb Open(OrganizationId? tenant) => new SqliteDb(options, tenant, gate);
        return new Databases(false, Open, () => Open(null));
    }

    /// <summary>A PostgreSQL database; the login of the connection string owns the tables and is a member of both roles.</summary>
    public static Databases Postgres(string connectionString)
    {
        var gate = new WriteGate();
        DbContextOptions<PostgresDb> As(string? role)
        {
            var settings = new NpgsqlConnectionStringBuilder(connectionString);
            if (role is not null)
                settings.Options = $"{settings.Options} -c role={role}".Trim();
            return new DbContextOptionsBuilder<PostgresDb>().UseNpgsql(settings.ConnectionString).Options;
        }

        var (tenantOptions, engineOptions, ownerOptions) = (As(TenantRole), As(EngineRole), As(null));
        return new Databases(
            true, tenant => new PostgresDb(tenant is null ? engineOptions : tenantOptions, tenant, gate), () => new PostgresDb(ownerOptions, null, gate));
    }

    /// <summary>All organizations. For <c>Engine/</c> only; a test sees to it.</summary>
    public EntryGuardDb OpenEngine() => open(null);

    /// <summary>One organization.</summary>
    public EntryGuardDb OpenTenant(OrganizationId tenant) => open(tenant);

    /// <summary>The owner of the tables: migrations only.</summary>
    internal EntryGuardDb OpenOwner() => openOwner();

    private sealed class SqlitePragmas : DbConnectionInterceptor
    {
        // FULL: a claim must be on the disk before the first call about it (E11). The busy time-out covers checkpoints; writers queue at the gate.
        private const string Pragmas = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA busy_timeout=5000;";

        public override void ConnectionOpened(System.Data.Common.DbConnection connection, ConnectionEndEventData eventData) => Set(connection);

        public override Task ConnectionOpenedAsync(
            System.Data.Common.DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
        {
            Set(connection);
            return Task.CompletedTask;
        }

        private static void Set(System.Data.Common.DbConnection connection)
        {
            using var command = ((SqliteConnection)connection).CreateCommand();
            command.CommandText = Pragmas;
            command.ExecuteNonQuery();
        }
    }
}
