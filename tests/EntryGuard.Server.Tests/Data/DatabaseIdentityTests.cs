using EntryGuard.Server.Data;
using EntryGuard.Testing;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Tests.Data;

public class DatabaseIdentityTests
{
    [Theory, EveryDatabase]
    public async Task E27_a_restart_is_the_same_database(TestDatabase database)
    {
        await DatabaseIdentity.AcceptAsync(database.Databases, default);
        await Tenancy.MakeAsync(database.Databases, "one");
        await DatabaseIdentity.RememberAsync(database.Databases, default);
        await database.Databases.DisposeAsync();
        await using var restarted = database.Open();
        (await DatabaseIdentity.ReadAsync(restarted, default)).ShouldBe(await StoredAsync(restarted));
    }

    [Theory, EveryDatabase]
    public async Task E27_another_database_has_another_identity(TestDatabase database)
    {
        await using var other = await database.EmptyAsync();
        await other.Databases.MigrateAsync(TimeProvider.System, default);
        (await DatabaseIdentity.ReadAsync(other.Databases, default)).ShouldNotBe(await DatabaseIdentity.ReadAsync(database.Databases, default));
    }

    [Theory, SqliteOnly]
    public async Task E27_a_copy_of_the_file_is_another_database(TestDatabase database)
    {
        await DatabaseIdentity.AcceptAsync(database.Databases, default);
        await database.Databases.DisposeAsync();
        var file = Path.Combine(database.Directory, "entryguard.db");
        File.Move(file, file + ".bak");
        File.Copy(file + ".bak", file);
        await using var copy = database.Open();
        (await DatabaseIdentity.ReadAsync(copy, default)).ShouldNotBe(await StoredAsync(copy));
    }

    [Theory, SqliteOnly]
    public async Task E27_a_backup_written_over_the_file_in_place_is_noticed_until_it_is_taken_over(TestDatabase database)
    {
        await DatabaseIdentity.AcceptAsync(database.Databases, default);
        await database.Databases.DisposeAsync();
        var file = Path.Combine(database.Directory, "entryguard.db");
        var backup = await File.ReadAllBytesAsync(file);

        await using (var later = database.Open())
        {
            await Tenancy.MakeAsync(later, "one");   // audited
            await DatabaseIdentity.RememberAsync(later, default);
        }

        await File.WriteAllBytesAsync(file, backup);   // the same inode
        await using var restored = database.Open();
        (await DatabaseIdentity.ReadAsync(restored, default)).ShouldNotBe(await StoredAsync(restored));
        await DatabaseIdentity.AcceptAsync(restored, default);
        (await DatabaseIdentity.ReadAsync(restored, default)).ShouldBe(await StoredAsync(restored));
    }

    [Theory, PostgresOnly]
    public async Task E27_a_server_that_hides_its_identifier_still_tells_databases_apart(TestDatabase database)
    {
        var login = $"eg_login_{Guid.NewGuid():n}";
        var settings = new Npgsql.NpgsqlConnectionStringBuilder(database.ConnectionString) { Username = login };
        await using var db = database.Databases.OpenOwner();
        await db.Database.ExecuteSqlRawAsync($"CREATE ROLE {login} LOGIN; GRANT SELECT ON \"__EFMigrationsHistory\" TO {login}; REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC");
        await using (var hidden = Databases.Postgres(settings.ConnectionString))
            (await DatabaseIdentity.ReadAsync(hidden, default)).ShouldStartWith("postgres-born:");
        await db.Database.ExecuteSqlRawAsync($"DROP OWNED BY {login}; DROP ROLE {login}");
    }

    private static async Task<string?> StoredAsync(Databases databases)
    {
        await using var db = databases.OpenEngine();
        return (await db.Installations.AsNoTracking().SingleAsync()).DatabaseIdentity;
    }
}
