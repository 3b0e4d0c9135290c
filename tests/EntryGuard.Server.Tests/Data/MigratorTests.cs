using System.Text.RegularExpressions;
using EntryGuard.Server.Data;
using EntryGuard.Server.Data.Sqlite;
using EntryGuard.Testing;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Tests.Data;

public partial class MigratorTests
{
    [Theory, EveryDatabase]
    public async Task An_empty_database_gets_its_schema_and_its_code_once(TestDatabase database)
    {
        await using var empty = await database.EmptyAsync();
        await empty.Databases.MigrateAsync(TimeProvider.System, default);
        var code = await CodeAsync(empty.Databases);
        Code().IsMatch(code).ShouldBeTrue(code);
        await empty.Databases.MigrateAsync(TimeProvider.System, default);
        (await CodeAsync(empty.Databases)).ShouldBe(code);
    }

    [Theory, PostgresOnly]
    public async Task Nodes_that_start_at_once_take_turns(TestDatabase database)
    {
        await using var empty = await database.EmptyAsync();
        var nodes = Enumerable.Range(0, 4).Select(_ => empty.Open()).ToList();
        await Task.WhenAll(nodes.Select(n => n.MigrateAsync(TimeProvider.System, default)));
        (await Task.WhenAll(nodes.Select(CodeAsync))).Distinct().Count().ShouldBe(1);
        foreach (var node in nodes)
            await node.DisposeAsync();
    }

    [Theory, PostgresOnly]
    public async Task A_login_that_is_no_superuser_can_own_the_database(TestDatabase database)
    {
        await using var empty = await database.EmptyAsync();
        var login = $"eg_login_{Guid.NewGuid():n}";
        var settings = new Npgsql.NpgsqlConnectionStringBuilder(empty.ConnectionString);
        await using (var db = empty.Databases.OpenOwner())
        {
            await db.Database.ExecuteSqlRawAsync($"CREATE ROLE {login} LOGIN CREATEROLE PASSWORD 'x'; ALTER DATABASE {settings.Database} OWNER TO {login}");
            await db.Database.ExecuteSqlRawAsync($"GRANT {Databases.TenantRole}, {Databases.EngineRole} TO {login}");
        }

        settings.Username = login;
        settings.Password = "x";
        await using (var own = Databases.Postgres(settings.ConnectionString))
        {
            await own.MigrateAsync(TimeProvider.System, default);
            var (one, two) = (await Tenancy.MakeAsync(own, "one"), await Tenancy.MakeAsync(own, "two"));
            await using var db = own.OpenTenant(one.Id);
            await using var read = await db.BeginReadAsync(default);
            (await db.Sessions.IgnoreQueryFilters().ToListAsync()).ShouldHaveSingleItem().Id.ShouldBe(one.Session.Id);
            (await DatabaseIdentity.ReadAsync(own, default)).ShouldStartWith("postgres:");
            two.ShouldNotBeNull();
        }

        await using (var db = empty.Databases.OpenOwner())
            await db.Database.ExecuteSqlRawAsync($"REASSIGN OWNED BY {login} TO CURRENT_USER; DROP OWNED BY {login}; DROP ROLE {login}");
    }

    [Theory, EveryDatabase]
    public async Task A_database_of_a_newer_version_is_refused(TestDatabase database)
    {
        await using (var db = database.Databases.OpenOwner())
            await db.Database.ExecuteSqlRawAsync("INSERT INTO \"__EFMigrationsHistory\" VALUES ('29990101000000_Later', '99.0.0')");
        (await Should.ThrowAsync<RefusedToStartException>(() => database.Databases.MigrateAsync(TimeProvider.System, default))).Message.ShouldContain("29990101000000_Later");
    }

    [Theory, SqliteOnly]
    public async Task E25_a_second_process_on_the_data_directory_refuses_to_start(TestDatabase database)
    {
        await database.Databases.MigrateAsync(TimeProvider.System, default);
        await using (var second = database.Open())
        {
            (await Should.ThrowAsync<RefusedToStartException>(() => second.MigrateAsync(TimeProvider.System, default)))
                .Message.ShouldContain(database.Directory);
        }

        await database.Databases.DisposeAsync();
        await using var third = database.Open();
        await third.MigrateAsync(TimeProvider.System, default);
    }

    [Theory, SqliteOnly]
    public async Task A_migration_that_was_killed_does_not_keep_the_next_start_waiting(TestDatabase database)
    {
        await using (var db = database.Databases.OpenOwner())
        {
            await db.Database.ExecuteSqlRawAsync("CREATE TABLE IF NOT EXISTS \"__EFMigrationsLock\" (\"Id\" INTEGER PRIMARY KEY, \"Timestamp\" TEXT NOT NULL)");
            await db.Database.ExecuteSqlRawAsync("INSERT INTO \"__EFMigrationsLock\" VALUES (1, '2026-01-01')");
        }

        await database.Databases.MigrateAsync(TimeProvider.System, default).WaitAsync(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public void A_data_directory_that_is_missing_is_named() =>
        Should.Throw<RefusedToStartException>(() => DataDirectoryLock.Take("/nonexistent/entryguard")).Message.ShouldContain("/nonexistent/entryguard");

    [Theory]
    [InlineData("Data Source=:memory:")]
    [InlineData("Data Source=file:x?mode=memory")]
    [InlineData("Data Source=x;Mode=Memory")]
    public void A_database_must_be_a_file(string connectionString) => Should.Throw<RefusedToStartException>(() => Databases.Sqlite(connectionString));

    private static async Task<string> CodeAsync(Databases databases)
    {
        await using var db = databases.OpenEngine();
        return (await db.Installations.AsNoTracking().SingleAsync()).Code;
    }

    [GeneratedRegex("^[a-z2-7]{8}$")]
    private static partial Regex Code();
}
