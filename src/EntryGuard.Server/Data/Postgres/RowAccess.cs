using Microsoft.EntityFrameworkCore.Migrations;

namespace EntryGuard.Server.Data.Postgres;

/// <summary>
/// Who may touch which table, for migrations (E30). Every migration that makes a table says so here; a table that nobody mentions is
/// closed to both roles. What a migration has used is history: add a method rather than change one.
/// </summary>
internal static class RowAccess
{
    private const string Everything = "SELECT, INSERT, UPDATE, DELETE";

    /// <summary>Makes the two roles if they are missing and lets the current login become them. They are the server's, shared by its databases.</summary>
    /// <remarks>
    /// From PostgreSQL 16 on whoever makes a role is a member without the right to become it, hence SET and not MEMBER. A login without
    /// CREATEROLE needs both roles made and granted to it beforehand.
    /// </remarks>
    public static void CreateRoles(MigrationBuilder migration) => migration.Sql($"""
        DO $$
        DECLARE
            name text;
            needed text := CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END;
        BEGIN
            FOREACH name IN ARRAY ARRAY['{Databases.TenantRole}', '{Databases.EngineRole}'] LOOP
                IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
                    BEGIN
                        EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS', name);
                    EXCEPTION WHEN duplicate_object OR unique_violation THEN
                        NULL;   -- another database of this server was faster
                    END;
                END IF;
                IF EXISTS (SELECT FROM pg_roles WHERE rolname = name AND (rolsuper OR rolbypassrls)) THEN
                    RAISE EXCEPTION 'Role % bypasses row-level security. Run: ALTER ROLE % NOSUPERUSER NOBYPASSRLS', name, name;
                END IF;
                IF NOT pg_has_role(current_user, name, needed) THEN
                    EXECUTE format('GRANT %I TO %I', name, current_user);
                END IF;
                IF NOT has_schema_privilege(name, current_schema(), 'USAGE') THEN
                    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), name);
                END IF;
            END LOOP;
        END $$;
        """);

    /// <summary>A table whose rows belong to an organization each.</summary>
    /// <param name="migration">Where the table was made before.</param>
    /// <param name="table">Its name.</param>
    /// <param name="tenant">What a tenant may do with rows of its own.</param>
    /// <param name="engine">What the engine may do with all rows.</param>
    /// <param name="column">The column that holds the organization's id.</param>
    public static void TenantTable(
        MigrationBuilder migration, string table, string tenant = Everything, string engine = Everything, string column = "organization_id") =>
        migration.Sql($"""
            GRANT {tenant} ON {table} TO {Databases.TenantRole};
            GRANT {engine} ON {table} TO {Databases.EngineRole};
            ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
            ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
            CREATE POLICY tenant ON {table} TO {Databases.TenantRole}
                USING ({column} = (SELECT nullif(current_setting('entryguard.tenant', true), '')::uuid))
                WITH CHECK ({column} = (SELECT nullif(current_setting('entryguard.tenant', true), '')::uuid));
            CREATE POLICY engine ON {table} TO {Databases.EngineRole} USING (true) WITH CHECK (true);
            """);

    /// <summary>Changes rows of all organizations: whoever owns the tables sees none of them.</summary>
    public static void AsEngine(MigrationBuilder migration, string sql) =>
        migration.Sql($"SET LOCAL ROLE {Databases.EngineRole}; {sql}; RESET ROLE;");

    /// <summary>A table that no tenant may see.</summary>
    public static void EngineTable(MigrationBuilder migration, string table) =>
        migration.Sql($"GRANT {Everything} ON {table} TO {Databases.EngineRole};");
}
