using EntryGuard.Server.Data;
using EntryGuard.Server.Data.Postgres;
using EntryGuard.Server.Data.Sqlite;
using EntryGuard.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;

namespace EntryGuard.Server.Tests.Data;

public class ModelTests
{
    public static TheoryData<string> Contexts => ["sqlite", "postgres"];

    [Theory, MemberData(nameof(Contexts))]
    public void Migrations_say_what_the_model_says(string database)
    {
        using var db = Context(database);
        db.Database.HasPendingModelChanges().ShouldBeFalse("run: dotnet ef migrations add NAME, for both databases");
    }

    [Theory, MemberData(nameof(Contexts))]
    public void E05_no_cascade_reaches_a_claim_or_its_session(string database)
    {
        using var db = Context(database);
        foreach (var end in new[] { typeof(ResourceIp), typeof(Session) })
        {
            var keys = db.Model.FindEntityType(end)!.GetForeignKeys().ToList();
            keys.ShouldNotBeEmpty();
            foreach (var key in keys)
                Gentle(key).ShouldBeTrue($"{key.DeclaringEntityType.DisplayName()} -> {key.PrincipalEntityType.DisplayName()}: {key.DeleteBehavior}");

            // Nor does one reach the rows they hang on: a deleted organization must not take a Resource with it.
            foreach (var key in keys.SelectMany(k => k.PrincipalEntityType.GetForeignKeys()))
                Gentle(key).ShouldBeTrue($"{key.DeclaringEntityType.DisplayName()} -> {key.PrincipalEntityType.DisplayName()}: {key.DeleteBehavior}");
        }

        static bool Gentle(IForeignKey key) => key.DeleteBehavior == DeleteBehavior.Restrict;
    }

    [Theory, MemberData(nameof(Contexts))]
    public void Audit_outlives_what_it_is_about(string database)
    {
        using var db = Context(database);
        db.Model.FindEntityType(typeof(AuditEntry))!.GetForeignKeys().Select(k => k.PrincipalEntityType.ClrType).ShouldBe([typeof(Organization)]);
    }

    [Theory, MemberData(nameof(Contexts))]
    public void Law_5_what_moves_is_guarded(string database)
    {
        using var db = Context(database);
        Guarded<Session>().ShouldBe(["Status"]);
        Guarded<ResourceIp>().ShouldBe(["AttemptId", "Status", "Wanted"], ignoreOrder: true);

        IEnumerable<string> Guarded<T>() => db.Model.FindEntityType(typeof(T))!.GetProperties().Where(p => p.IsConcurrencyToken).Select(p => p.Name);
    }

    [Theory, MemberData(nameof(Contexts))]
    public void Every_row_of_an_organization_is_filtered_in_the_tenant_scope_and_none_in_the_engine(string database)
    {
        using var tenant = Context(database, default(Domain.OrganizationId));
        using var engine = Context(database);
        tenant.Model.GetEntityTypes().Where(t => t.GetDeclaredQueryFilters().Count == 0).Select(t => t.DisplayName()).ShouldBeEmpty();
        engine.Model.GetEntityTypes().Where(t => t.GetDeclaredQueryFilters().Count > 0).Select(t => t.DisplayName()).ShouldBeEmpty();
    }

    [Theory, MemberData(nameof(Contexts))]
    public void Every_name_in_the_database_is_lower_case(string database)
    {
        using var db = Context(database);
        var names = db.Model.GetEntityTypes().SelectMany(t => t.GetProperties().Select(p => p.GetColumnName())
            .Concat(t.GetKeys().Select(k => k.GetName()!)).Concat(t.GetForeignKeys().Select(k => k.GetConstraintName()!))
            .Concat(t.GetIndexes().Select(i => i.GetDatabaseName()!)).Append(t.GetTableName()!)).ToList();
        names.ShouldAllBe(name => !name.Any(char.IsAsciiLetterUpper) && name.Length <= 63 && !name.Contains('~'));
        names.ShouldContain("ipv4");
        names.ShouldContain("overdue_since");
    }

    [Theory, PostgresOnly]
    public async Task E30_every_table_is_known_to_row_level_security(TestDatabase database)
    {
        string[] engineOnly = ["__EFMigrationsHistory", "allow_lists", "cluster_nodes", "cluster_versions", "data_protection_keys", "installations", "sign_in_failures", "signing_keys"];
        await using var db = database.Databases.OpenOwner();
        var open = await db.Database.SqlQuery<string>(
            $"SELECT relname::text AS \"Value\" FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND NOT (relrowsecurity AND relforcerowsecurity)")
            .ToListAsync();
        open.ShouldBe(engineOnly, ignoreOrder: true);
        var seen = await db.Database.SqlQuery<string>(
            $"SELECT table_name::text AS \"Value\" FROM information_schema.role_table_grants WHERE grantee = 'entryguard_tenant'").ToListAsync();
        seen.Intersect(engineOnly).ShouldBeEmpty();
        var owned = await db.Database.SqlQuery<int>(
            $"SELECT count(*)::int AS \"Value\" FROM pg_class WHERE pg_get_userbyid(relowner) IN ('entryguard_tenant', 'entryguard_engine')").SingleAsync();
        owned.ShouldBe(0);
    }

    private static EntryGuardDb Context(string database, Domain.OrganizationId? tenant = null) => database == "sqlite"
        ? new SqliteDb(new DbContextOptionsBuilder<SqliteDb>().UseSqlite("Data Source=unused.db").Options, tenant, new WriteGate())
        : new PostgresDb(new DbContextOptionsBuilder<PostgresDb>().UseNpgsql("Host=unused.invalid").Options, tenant, new WriteGate());
}
