using EntryGuard.Server.Data;
using EntryGuard.Server.Data.Secrets;

namespace EntryGuard.Server.Hosting;

/// <summary>Which database: PostgreSQL if <c>EntryGuard:Postgres</c> holds a connection string, else a SQLite file in <c>EntryGuard:DataDirectory</c>.</summary>
internal static class DataSetup
{
    public static void AddData(this WebApplicationBuilder builder)
    {
        var configuration = builder.Configuration;
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(_ => configuration["EntryGuard:Postgres"] is { Length: > 0 } postgres ? Databases.Postgres(postgres) : OpenSqlite(configuration));
        builder.Services.AddSingleton<SecretBox>();
    }

    /// <summary>Brings the database up to date. Before anything else runs.</summary>
    public static Task PrepareDataAsync(this WebApplication app) =>
        app.Services.GetRequiredService<Databases>().MigrateAsync(app.Services.GetRequiredService<TimeProvider>(), app.Lifetime.ApplicationStopping);

    private static Databases OpenSqlite(ConfigurationManager configuration)
    {
        var directory = Path.GetFullPath(configuration["EntryGuard:DataDirectory"] ?? "data");
        Directory.CreateDirectory(directory);
        return Databases.Sqlite($"Data Source={Path.Combine(directory, "entryguard.db")}");
    }
}
