using EntryGuard.Server.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Npgsql;

namespace EntryGuard.Testing;

/// <summary>
/// A fresh, migrated database of one test: a file in a directory of its own, or a database on the server that ENTRYGUARD_TEST_POSTGRES
/// names. Migrations run once per process, on a template; each test gets a copy, the installation's code included.
/// </summary>
public sealed class TestDatabase : IAsyncDisposable
{
    /// <summary>"Host=127.0.0.1;Port=5432;Username=postgres"; the login must be allowed to make databases and roles. See <c>script/postgres</c>.</summary>
    public const string ServerVariable = "ENTRYGUARD_TEST_POSTGRES";

    private static readonly Lazy<Task<string>> SqliteTemplate = new(MakeSqliteTemplateAsync);
    private static readonly Lazy<Task<string>> PostgresTemplate = new(MakePostgresTemplateAsync);
    private bool isDisposed;

    private TestDatabase(bool isPostgres, string connectionString, string directory)
    {
        (IsPostgres, ConnectionString, Directory) = (isPostgres, connectionString, directory);
        Databases = isPostgres ? Databases.Postgres(connectionString, Commits) : Databases.Sqlite(connectionString, Commits);
    }

    /// <summary>Null if there is none.</summary>
    public static string? Server => Environment.GetEnvironmentVariable(ServerVariable) is { Length: > 0 } server ? server : null;

    public bool IsPostgres { get; }
    public string ConnectionString { get; }

    /// <summary>The test's own, deleted with it: for files a server keeps, and the database's if it is SQLite.</summary>
    public string Directory { get; }

    /// <summary>Holds transactions of <see cref="Databases"/> just before their commit.</summary>
    public CommitHold Commits { get; } = new();

    /// <summary>Open as long as this is.</summary>
    public Databases Databases { get; }

    public static async Task<TestDatabase> SqliteAsync()
    {
        var directory = System.IO.Directory.CreateTempSubdirectory("entryguard-").FullName;
        var file = Path.Combine(directory, "entryguard.db");
        File.Copy(await SqliteTemplate.Value, file);
        return new TestDatabase(false, $"Data Source={file}", directory);
    }

    public static async Task<TestDatabase> PostgresAsync()
    {
        var template = await PostgresTemplate.Value;
        var name = NewName();
        await OnServerAsync($"CREATE DATABASE {name} TEMPLATE {template}");
        return new TestDatabase(true, On(name), System.IO.Directory.CreateTempSubdirectory("entryguard-").FullName);
    }

    /// <summary>Another process, as far as the database can tell. The caller disposes it.</summary>
    public Databases Open() => IsPostgres ? Databases.Postgres(ConnectionString) : Databases.Sqlite(ConnectionString);

    /// <summary>The same database on PostgreSQL, whose model has no query filter: only row-level security keeps tenants apart. The caller disposes it.</summary>
    public Databases OpenWithoutFilters() => Databases.Postgres(ConnectionString, options => options.ReplaceService<IModelCustomizer, WithoutFilters>());

    /// <summary>Another fresh one of the same kind; the caller disposes it.</summary>
    public Task<TestDatabase> AgainAsync() => IsPostgres ? PostgresAsync() : SqliteAsync();

    /// <summary>A database without any table, of the same kind.</summary>
    public async Task<TestDatabase> EmptyAsync()
    {
        var directory = System.IO.Directory.CreateTempSubdirectory("entryguard-").FullName;
        if (!IsPostgres)
            return new TestDatabase(false, $"Data Source={Path.Combine(directory, "entryguard.db")}", directory);
        var name = NewName();
        await OnServerAsync($"CREATE DATABASE {name}");
        return new TestDatabase(true, On(name), directory);
    }

    /// <summary>Another file with what this one holds now, as a backup makes it. SQLite only; the caller disposes it.</summary>
    public async Task<TestDatabase> CopyAsync()
    {
        var directory = System.IO.Directory.CreateTempSubdirectory("entryguard-").FullName;
        var file = Path.Combine(directory, "entryguard.db");
        await using (var db = Databases.OpenOwner())
            await db.Database.ExecuteSqlAsync($"VACUUM INTO {file}");
        return new TestDatabase(false, $"Data Source={file}", directory);
    }

    public async ValueTask DisposeAsync()
    {
        if (isDisposed)
            return;
        isDisposed = true;
        await Databases.DisposeAsync();
        if (IsPostgres)
            await OnServerAsync($"DROP DATABASE IF EXISTS {new NpgsqlConnectionStringBuilder(ConnectionString).Database} WITH (FORCE)");
        System.IO.Directory.Delete(Directory, true);
    }

    public override string ToString() => IsPostgres ? "PostgreSQL" : "SQLite";

    private static string NewName() => $"eg_{Guid.NewGuid():n}";

    // Small pools that let go of what nobody uses: databases live as long as the run, and all share one server's connections.
    private static string On(string database) =>
        new NpgsqlConnectionStringBuilder(Server!) { Database = database, MaxPoolSize = 20, ConnectionIdleLifetime = 2, ConnectionPruningInterval = 1, IncludeErrorDetail = true }.ConnectionString;

    private static async Task OnServerAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(Server!) { Database = "postgres", Pooling = false });
        await using var command = source.CreateCommand(sql);
        command.CommandTimeout = 120;
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<string> MakeSqliteTemplateAsync()
    {
        var directory = System.IO.Directory.CreateTempSubdirectory("entryguard-template-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => System.IO.Directory.Delete(directory, true);
        var file = Path.Combine(directory, "entryguard.db");
        await using (var databases = Databases.Sqlite($"Data Source={file}"))
            await databases.MigrateAsync(TimeProvider.System, CancellationToken.None);
        return file;   // closed by its last connection: nothing is left in a log beside it
    }

    private static async Task<string> MakePostgresTemplateAsync()
    {
        var name = NewName();
        await OnServerAsync($"CREATE DATABASE {name}");
        AppDomain.CurrentDomain.ProcessExit += (_, _) => OnServerAsync($"DROP DATABASE IF EXISTS {name} WITH (FORCE)").GetAwaiter().GetResult();
        await using (var databases = Databases.Postgres(On(name)))
            await databases.MigrateAsync(TimeProvider.System, CancellationToken.None);
        return name;
    }

    private sealed class WithoutFilters(ModelCustomizerDependencies dependencies) : RelationalModelCustomizer(dependencies)
    {
        public override void Customize(ModelBuilder modelBuilder, DbContext context)
        {
            base.Customize(modelBuilder, context);
            foreach (var entity in modelBuilder.Model.GetEntityTypes())
                entity.SetQueryFilter(null);
        }
    }
}
