using EntryGuard.Domain;
using EntryGuard.Server.Data.Postgres;
using EntryGuard.Server.Data.Sqlite;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Npgsql;

namespace EntryGuard.Server.Data;

/// <summary>Opens the database in one of its two scopes. One per process; disposing it lets go of the connections and of the data directory.</summary>
public sealed class Databases : IAsyncDisposable
{
    /// <summary>The roles of E30. Neither owns a table.</summary>
    public const string TenantRole = "entryguard_tenant";

    /// <inheritdoc cref="TenantRole"/>
    public const string EngineRole = "entryguard_engine";

    // Any number, the same in every version: nodes that start at once take turns on it.
    private const long StartUpLock = 0x456e747279477561;

    private readonly Func<OrganizationId?, EntryGuardDb> open;
    private readonly Func<EntryGuardDb> openOwner;
    private readonly string? dataDirectory;
    private readonly NpgsqlDataSource[] sources;
    private readonly Action tellOfMail;
    private readonly Lock guard = new();
    private DataDirectoryLock? directoryLock;

    private Databases(
        bool isShared, Func<OrganizationId?, EntryGuardDb> open, Func<EntryGuardDb> openOwner, string? dataDirectory, params NpgsqlDataSource[] sources) =>
        (IsShared, this.open, this.openOwner, this.dataDirectory, this.sources, tellOfMail) =
            (isShared, open, openOwner, dataDirectory, sources, () => MailStored?.Invoke());

    /// <summary>True on PostgreSQL.</summary>
    public bool IsShared { get; }

    /// <summary>The SQLite file; null on PostgreSQL.</summary>
    internal string? DataFile { get; private init; }

    /// <summary>One file, made if it is missing; its folder must exist.</summary>
    /// <param name="connectionString">"Data Source=/var/lib/entryguard/entryguard.db".</param>
    /// <exception cref="RefusedToStartException">It names no file.</exception>
    public static Databases Sqlite(string connectionString) => Sqlite(connectionString, []);

    /// <summary>With something that watches every command; for tests.</summary>
    internal static Databases Sqlite(string connectionString, params IInterceptor[] watchers)
    {
        var settings = new SqliteConnectionStringBuilder(connectionString);
        if (settings.DataSource is "" or ":memory:" || settings.DataSource.StartsWith("file:", StringComparison.Ordinal) || settings.Mode == SqliteOpenMode.Memory)
            throw new RefusedToStartException($"'{connectionString}' names no file; write Data Source=/var/lib/entryguard/entryguard.db");
        settings.DataSource = Path.GetFullPath(settings.DataSource);
        var gate = new WriteGate();

        // A list is one parameter, as on PostgreSQL: else each length of it would be another statement, to be compiled first.
        var options = new DbContextOptionsBuilder<SqliteDb>()
            .UseSqlite(settings.ConnectionString, sqlite => sqlite.UseParameterizedCollectionMode(ParameterTranslationMode.Parameter))
            .AddInterceptors([new SqlitePragmas(), .. watchers])
            .Options;
        EntryGuardDb Open(OrganizationId? tenant) => new SqliteDb(options, tenant, gate);
        return new Databases(false, Open, () => Open(null), Path.GetDirectoryName(settings.DataSource)) { DataFile = settings.DataSource };
    }

    /// <summary>A PostgreSQL database, which must exist; the login of the connection string owns the tables and may become both roles.</summary>
    public static Databases Postgres(string connectionString) => Postgres(connectionString, []);

    /// <inheritdoc cref="Sqlite(string, IInterceptor[])"/>
    internal static Databases Postgres(string connectionString, params IInterceptor[] watchers) => Postgres(connectionString, null, watchers);

    /// <summary>With a model that is made otherwise; for tests.</summary>
    internal static Databases Postgres(string connectionString, Action<DbContextOptionsBuilder>? configure, params IInterceptor[] watchers)
    {
        var gate = new WriteGate();
        NpgsqlDataSource As(string? role)
        {
            var settings = new NpgsqlConnectionStringBuilder(connectionString);
            if (role is not null)
                settings.Options = $"{settings.Options} -c role={role}".Trim();
            return NpgsqlDataSource.Create(settings);
        }

        DbContextOptions<PostgresDb> On(NpgsqlDataSource source)
        {
            var builder = new DbContextOptionsBuilder<PostgresDb>().UseNpgsql(source).AddInterceptors(watchers);
            configure?.Invoke(builder);
            return builder.Options;
        }

        var (tenants, engine, owner) = (As(TenantRole), As(EngineRole), As(null));
        var (tenantOptions, engineOptions, ownerOptions) = (On(tenants), On(engine), On(owner));
        return new Databases(
            true, tenant => new PostgresDb(tenant is null ? engineOptions : tenantOptions, tenant, gate), () => new PostgresDb(ownerOptions, null, gate),
            null, tenants, engine, owner);
    }

    /// <summary>Rings in this process when audit rows were committed.</summary>
    public AuditBell AuditBell { get; } = new();

    /// <summary>Mail was committed in this process: whoever sends it need not look all the time.</summary>
    internal event Action? MailStored;

    /// <summary>All organizations. For <c>Engine/</c> only; a test sees to it.</summary>
    public EntryGuardDb OpenEngine() => WithBell(open(null));

    /// <summary>One organization.</summary>
    public EntryGuardDb OpenTenant(OrganizationId tenant) => WithBell(open(tenant));

    /// <summary>The first thing at start-up: takes the data directory (SQLite), brings the schema up to date, names the installation. Idempotent.</summary>
    /// <exception cref="RefusedToStartException">Another process has the data directory, or the database is newer than this program.</exception>
    public Task MigrateAsync(TimeProvider time, CancellationToken ct) => Migrator.RunAsync(this, time, ct);

    public async ValueTask DisposeAsync()
    {
        foreach (var source in sources)
            await source.DisposeAsync();
        if (DataFile is not null)
        {
            await using var db = OpenEngine();
            SqliteConnection.ClearPool((SqliteConnection)db.Database.GetDbConnection());
        }

        directoryLock?.Dispose();
    }

    /// <summary>The owner of the tables: migrations only.</summary>
    internal EntryGuardDb OpenOwner() => openOwner();

    /// <summary>Does something at start-up that no other node may do at the same time. On SQLite this takes the data directory, and keeps it.</summary>
    internal async Task AloneAsync(Func<EntryGuardDb, Task> act, CancellationToken ct)
    {
        await using var owner = OpenOwner();
        if (dataDirectory is not null)
        {
            lock (guard)
                directoryLock ??= DataDirectoryLock.Take(dataDirectory);
            await act(owner);
            return;
        }

        // The lock belongs to the connection: should this process die, the server drops both.
        await using var connection = await sources[^1].OpenConnectionAsync(ct);
        await using var command = connection.CreateCommand();
        command.CommandText = $"SELECT pg_advisory_lock({StartUpLock})";
        command.CommandTimeout = 0;   // however long the other node migrates; the token ends the wait
        await command.ExecuteNonQueryAsync(ct);
        try
        {
            await act(owner);
        }
        finally
        {
            command.CommandText = $"SELECT pg_advisory_unlock({StartUpLock})";
            await command.ExecuteNonQueryAsync(CancellationToken.None);
        }
    }

    private EntryGuardDb WithBell(EntryGuardDb db)
    {
        (db.AuditBell, db.MailStored) = (AuditBell, tellOfMail);
        return db;
    }

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
