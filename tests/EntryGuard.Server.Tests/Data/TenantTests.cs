using EntryGuard.Server.Data;
using EntryGuard.Testing;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace EntryGuard.Server.Tests.Data;

public class TenantTests
{
    private static readonly string[] Tables = ["organizations", "users", "user_resources", "user_secrets", "sign_ins", "refresh_tokens", "passkeys", "one_time_tokens", "api_keys", "credentials", "resources", "sessions", "resource_ips", "audit"];

    [Theory, EveryDatabase]
    public async Task E30_a_tenant_sees_its_own_rows_and_the_engine_all(TestDatabase database)
    {
        var (one, two) = (await Tenancy.MakeAsync(database.Databases, "one"), await Tenancy.MakeAsync(database.Databases, "two"));
        (await CountsAsync(database.Databases.OpenTenant(one.Id), false)).ShouldAllBe(count => count == 1);
        (await CountsAsync(database.Databases.OpenTenant(two.Id), false)).ShouldAllBe(count => count == 1);
        (await CountsAsync(database.Databases.OpenTenant(default), false)).ShouldAllBe(count => count == 0);
        (await CountsAsync(database.Databases.OpenEngine(), false)).ShouldAllBe(count => count == 2);
    }

    [Theory, PostgresOnly]
    public async Task E30_row_level_security_alone_isolates(TestDatabase database)
    {
        var one = await Tenancy.MakeAsync(database.Databases, "one");
        await Tenancy.MakeAsync(database.Databases, "two");
        (await CountsAsync(database.Databases.OpenTenant(one.Id), true)).ShouldAllBe(count => count == 1);
        (await CountsAsync(database.Databases.OpenTenant(default), true)).ShouldAllBe(count => count == 0);

        await using var db = database.Databases.OpenTenant(one.Id);
        foreach (var table in Tables)
        {
            (await RawCountAsync(db, table)).ShouldBe(0, $"{table}, no tenant set");
            await using (await db.BeginReadAsync(default))
                (await RawCountAsync(db, table)).ShouldBe(1, table);
            (await RawCountAsync(db, table)).ShouldBe(0, $"{table}, after the transaction: the setting must not stay on the pooled connection");
        }
    }

    [Theory, PostgresOnly]
    public async Task E30_a_tenant_cannot_write_rows_of_another(TestDatabase database)
    {
        var (one, two) = (await Tenancy.MakeAsync(database.Databases, "one"), await Tenancy.MakeAsync(database.Databases, "two"));
        await using var db = database.Databases.OpenTenant(one.Id);
        foreach (var table in Tables.Except(["audit"]))
        {
            var column = table == "organizations" ? "id" : "organization_id";
            await using var work = await db.BeginWriteAsync(WritePriority.Other, default);
            (await db.Database.ExecuteSqlRawAsync($"UPDATE {table} SET {column} = {column} WHERE {column} = {{0}}", two.Id.Value)).ShouldBe(0, table);
            (await db.Database.ExecuteSqlRawAsync($"UPDATE {table} SET {column} = {column}")).ShouldBe(1, table);
            (await Should.ThrowAsync<PostgresException>(() => db.Database.ExecuteSqlRawAsync($"UPDATE {table} SET {column} = {{0}}", two.Id.Value)))
                .SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege, table);
        }

        await Should.ThrowAsync<DbUpdateException>(() => AddAsync(Tenancy.NewResource(two.Id, "mine")));
        await Should.ThrowAsync<DbUpdateException>(() => AddAsync(Tenancy.NewAudit(two.Id)));
        await AddAsync(Tenancy.NewAudit(one.Id));

        async Task AddAsync(object row)
        {
            db.ChangeTracker.Clear();
            await using var work = await db.BeginWriteAsync(WritePriority.Other, default);
            db.Add(row);
            await work.CommitAsync(default);
        }
    }

    [Theory, PostgresOnly]
    public async Task E30_what_a_tenant_has_no_business_with_is_closed_to_it(TestDatabase database)
    {
        var one = await Tenancy.MakeAsync(database.Databases, "one");
        await using var db = database.Databases.OpenTenant(one.Id);
        foreach (var statement in new[]
        {
            "DELETE FROM audit", "UPDATE audit SET result = 'FAILURE'", "DELETE FROM sessions", "DELETE FROM resource_ips", "DELETE FROM organizations", "SELECT * FROM allow_lists", "SELECT * FROM installations",
            "SELECT * FROM data_protection_keys", "SELECT * FROM signing_keys", "SELECT * FROM sign_in_failures", "SELECT * FROM \"__EFMigrationsHistory\"", "TRUNCATE sessions", "ALTER TABLE sessions DISABLE ROW LEVEL SECURITY",
            "DROP POLICY tenant ON sessions", "CREATE TABLE mine (id int)",
        })
        {
            await using var work = await db.BeginWriteAsync(WritePriority.Other, default);
            (await Should.ThrowAsync<PostgresException>(() => db.Database.ExecuteSqlRawAsync(statement))).SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege, statement);
        }
    }

    [Theory, PostgresOnly]
    public async Task The_engine_may_prune_audit_but_not_rewrite_it(TestDatabase database)
    {
        await Tenancy.MakeAsync(database.Databases, "one");
        await using var db = database.Databases.OpenEngine();
        (await Should.ThrowAsync<PostgresException>(() => db.Database.ExecuteSqlRawAsync("UPDATE audit SET result = 'FAILURE'")))
            .SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege);
        (await db.Database.ExecuteSqlRawAsync("DELETE FROM audit")).ShouldBe(1);
    }

    [Theory, PostgresOnly]
    public async Task E18_a_tenant_may_lock_the_rows_a_start_depends_on(TestDatabase database)
    {
        var one = await Tenancy.MakeAsync(database.Databases, "one");
        await using var db = database.Databases.OpenTenant(one.Id);
        await using var work = await db.BeginWriteAsync(WritePriority.Other, default);
        foreach (var table in new[] { "organizations", "users", "user_resources", "credentials", "resources" })
            await db.Database.ExecuteSqlRawAsync($"SELECT 1 FROM {table} FOR SHARE");
        await db.Database.ExecuteSqlRawAsync("SELECT id FROM sessions ORDER BY id FOR UPDATE SKIP LOCKED");
    }

    [Theory, EveryDatabase]
    public async Task A_claim_cannot_rest_on_anothers_session_or_Resource_whatever_code_says(TestDatabase database)
    {
        var (one, two) = (await Tenancy.MakeAsync(database.Databases, "one"), await Tenancy.MakeAsync(database.Databases, "two"));
        await RefusedAsync(Tenancy.NewClaim(one.Id, one.Session.Id, two.Resource.Id, one.Claim.AllowListKey!.Value));
        await RefusedAsync(Tenancy.NewClaim(one.Id, two.Session.Id, one.Resource.Id, one.Claim.AllowListKey!.Value));
        await RefusedAsync(Tenancy.NewSession(one.Id, two.User.Id));
        var resource = Tenancy.NewResource(one.Id, "borrowed");
        resource.CredentialId = two.Credential.Id;
        await RefusedAsync(resource);

        async Task RefusedAsync(object row)
        {
            await using var db = database.Databases.OpenTenant(one.Id);
            await using var work = await db.BeginWriteAsync(WritePriority.Other, default);
            db.Add(row);
            await Should.ThrowAsync<DbUpdateException>(() => work.CommitAsync(default));
        }
    }

    [Theory, EveryDatabase]
    public async Task E05_what_a_claim_rests_on_cannot_be_deleted_under_it(TestDatabase database)
    {
        var one = await Tenancy.MakeAsync(database.Databases, "one");
        await using var db = database.Databases.OpenEngine();
        foreach (var table in new[] { "organizations", "users", "credentials", "resources", "sessions", "allow_lists" })
            await Should.ThrowAsync<System.Data.Common.DbException>(() => db.Database.ExecuteSqlRawAsync($"DELETE FROM {table}"), table);
        (await db.ResourceIps.CountAsync(c => c.Id == one.Claim.Id)).ShouldBe(1);
    }

    private static async Task<int[]> CountsAsync(EntryGuardDb opened, bool unfiltered)
    {
        await using var db = opened;
        await using var read = await db.BeginReadAsync(default);
        return
        [
            await Count(db.Organizations), await Count(db.Users), await Count(db.UserResources), await Count(db.UserSecrets), await Count(db.SignIns),
            await Count(db.RefreshTokens), await Count(db.Passkeys), await Count(db.OneTimeTokens), await Count(db.ApiKeys), await Count(db.Credentials),
            await Count(db.Resources), await Count(db.Sessions), await Count(db.ResourceIps), await Count(db.Audit),
        ];

        Task<int> Count<T>(IQueryable<T> rows)
            where T : class => (unfiltered ? rows.IgnoreQueryFilters() : rows).CountAsync();
    }

    private static async Task<int> RawCountAsync(EntryGuardDb db, string table) =>
        (await db.Database.SqlQueryRaw<int>($"SELECT count(*)::int AS \"Value\" FROM {table}").ToListAsync())[0];
}
