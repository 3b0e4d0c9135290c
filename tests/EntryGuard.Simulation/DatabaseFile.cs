using EntryGuard.Server.Data;

namespace EntryGuard.Simulation;

/// <summary>A database file of one run, in memory where the system has a place for that; migrated once, copied for each run.</summary>
internal sealed class DatabaseFile : IDisposable
{
    private static readonly string Folder = Directory.CreateDirectory(Path.Combine(
        Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(), $"entryguard-simulation-{Environment.ProcessId}")).FullName;

    private static readonly Lazy<byte[]> Migrated = new(Migrate);
    private static int last;
    private readonly string path;

    private DatabaseFile(string path) => this.path = path;

    public string ConnectionString => $"Data Source={path}";

    public static DatabaseFile Fresh()
    {
        var file = new DatabaseFile(Path.Combine(Folder, $"{Interlocked.Increment(ref last)}.db"));
        File.WriteAllBytes(file.path, Migrated.Value);
        return file;
    }

    /// <summary>At the end of all runs.</summary>
    public static void CleanUp() => Directory.Delete(Folder, true);

    public void Dispose()
    {
        foreach (var name in new[] { path, path + "-wal", path + "-shm" })
            File.Delete(name);
    }

    private static byte[] Migrate()
    {
        var path = Path.Combine(Folder, "migrated.db");
        MigrateAsync($"Data Source={path}").GetAwaiter().GetResult();
        return File.ReadAllBytes(path);
    }

    private static async Task MigrateAsync(string connectionString)
    {
        await using var databases = Databases.Sqlite(connectionString);
        await databases.MigrateAsync(TimeProvider.System, CancellationToken.None);
    }
}
