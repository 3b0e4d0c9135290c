using EntryGuard.Server.Data;
using EntryGuard.Server.Data.Secrets;
using EntryGuard.Server.Engine;
using Npgsql;

namespace EntryGuard.Server.Hosting;

/// <summary>Which database: PostgreSQL if <c>EntryGuard:Postgres</c> holds a connection string, else a SQLite file in <c>EntryGuard:DataDirectory</c>.</summary>
internal static class DataSetup
{
    private const string Postgres = "EntryGuard:Postgres";

    public static void AddData(this WebApplicationBuilder builder)
    {
        var configuration = builder.Configuration;
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(_ => configuration[Postgres] is { Length: > 0 } postgres ? Databases.Postgres(postgres) : OpenSqlite(configuration));
        builder.Services.AddSingleton(s => builder.IsShared()
            ? MasterKey.Read(configuration)
            : MasterKey.ReadOrMake(configuration, DataDirectory(configuration), path => s.GetRequiredService<ILogger<MasterKey>>().KeyMade(path)));
        builder.Services.AddSecrets();
        if (builder.IsShared())
            builder.Services.AddHostedService<AuditListener>();
    }

    /// <summary>The database is PostgreSQL, which several nodes may share.</summary>
    public static bool IsShared(this WebApplicationBuilder builder) => IsShared(builder.Configuration);

    /// <summary>Says what is wrong with the master key, before anything is made; a lone server without one makes it when it starts.</summary>
    /// <exception cref="RefusedToStartException">It cannot be used, or there is none and none may be made.</exception>
    public static void RefuseBadMasterKey(IConfiguration configuration)
    {
        if (IsShared(configuration))
            _ = MasterKey.Read(configuration);
        else
            _ = MasterKey.Find(configuration, DataDirectory(configuration));
    }

    /// <summary>For the command line, which has nothing to do where there is no database, and leaves none behind.</summary>
    /// <exception cref="RefusedToStartException">There is none.</exception>
    public static void RefuseMissingDatabase(IConfiguration configuration, string verb)
    {
        if (!IsShared(configuration) && !File.Exists(DatabaseFile(configuration)))
            throw new RefusedToStartException($"There is no database {DatabaseFile(configuration)}. Say in which directory it is: entryguard {verb} --data DIR");
    }

    /// <summary>Brings the database up to date and finds out who we are in it. Before anything else runs.</summary>
    /// <exception cref="RefusedToStartException">The server must not run like this.</exception>
    public static async Task PrepareAsync(this WebApplication app)
    {
        var (services, ct) = (app.Services, app.Lifetime.ApplicationStopping);
        _ = services.GetRequiredService<MasterKey>();   // before there is a database: one without its key would be of no use
        await MigrateAsync(services, ct);
        await KeyRing.PrepareAsync(services, ct);
        await EngineSetup.PrepareAsync(services, ct);
        await services.GetRequiredService<IdentityCheck>().RunAsync(Console.WriteLine, ct);
    }

    /// <summary>Brings the database up to date.</summary>
    /// <exception cref="RefusedToStartException">Among others: it cannot be reached.</exception>
    public static async Task MigrateAsync(IServiceProvider services, CancellationToken ct)
    {
        try
        {
            await services.GetRequiredService<Databases>().MigrateAsync(services.GetRequiredService<TimeProvider>(), ct);
        }
        catch (NpgsqlException e)
        {
            throw new RefusedToStartException($"The database of {Postgres} cannot be used: {e.Message} ({e.SqlState ?? e.InnerException?.Message}).", e);
        }
    }

    private static Databases OpenSqlite(ConfigurationManager configuration)
    {
        Directory.CreateDirectory(DataDirectory(configuration));
        return Databases.Sqlite($"Data Source={DatabaseFile(configuration)}");
    }

    private static bool IsShared(IConfiguration configuration) => configuration[Postgres] is { Length: > 0 };

    private static string DatabaseFile(IConfiguration configuration) => Path.Combine(DataDirectory(configuration), "entryguard.db");

    private static string DataDirectory(IConfiguration configuration) => Path.GetFullPath(configuration["EntryGuard:DataDirectory"] ?? "data");
}

internal static partial class DataLog
{
    [LoggerMessage(2301, LogLevel.Warning, "No master key is configured: made one, {Path}. It encrypts stored credentials; keep a copy of it apart from the database's backup")]
    public static partial void KeyMade(this ILogger log, string path);
}
