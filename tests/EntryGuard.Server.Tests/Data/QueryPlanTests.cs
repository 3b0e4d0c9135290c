using System.Globalization;
using EntryGuard.Domain;
using EntryGuard.Domain.Net;
using EntryGuard.Domain.Sessions;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Features.Overview;
using EntryGuard.Server.Features.Sessions;
using EntryGuard.Testing;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Tests.Data;

/// <summary>The questions asked all the time are answered from an index, however long the history: 200,000 claims of which 1,000 are open.</summary>
[Trait("Category", "Slow")]
public class QueryPlanTests
{
    private const int Claims = 200_000;
    private const int Sessions = Claims / 2;
    private const int Organizations = 200;
    private const int Users = 2_000;
    private const int Resources = 400;
    private const int Roles = 400;
    private static readonly DateTimeOffset Now = Tenancy.Now;
    private static readonly OrganizationId Organization = new(Id(1, 3));
    private static readonly AllowListKey List = new("list-7");

    [Theory, EveryDatabase]
    public async Task Every_hot_question_uses_its_index(TestDatabase database)
    {
        await FillAsync(database);
        await using var engine = database.Databases.OpenEngine();
        await using var tenant = database.Databases.OpenTenant(Organization);
        await using var read = await engine.BeginReadAsync(default);
        await using var tenantRead = await tenant.BeginReadAsync(default);

        // What is due next, and what is due.
        var plans = new Plans();
        await plans.AddAsync(engine, "SELECT min(due_at) FROM resource_ips WHERE due_at IS NOT NULL", "ix_resource_ips_due_at_id");
        HashSet<SessionId> skipped = [new(Id(5, 1)), new(Id(5, 2))];
        await plans.AddAsync(engine.ResourceIps.Where(c => c.DueAt <= Now && !skipped.Contains(c.SessionId)).OrderBy(c => c.DueAt).ThenBy(c => c.Id).Take(500)
            .Select(c => new { c.Id, c.SessionId }), "ix_resource_ips_due_at_id");

        // An allow-list: what is unsettled, what is live, who shares an address.
        var open = engine.ResourceIps.Where(c => c.AllowListKey == List && c.DueAt != null);
        await plans.AddAsync(open, "ix_resource_ips_allow_list_key_status");
        await plans.AddAsync(open.Where(c => c.Status != ResourceIpStatus.Applied || c.NextAttemptAt <= Now), "ix_resource_ips_allow_list_key_status");
        var addresses = new List<Cidr> { Cidr.Parse("203.0.113.7"), Cidr.Parse("203.0.113.8") };
        await plans.AddAsync(open.Where(c => c.Status == ResourceIpStatus.Applied && addresses.Contains(c.Address)),
            "ix_resource_ips_address_allow_list_key", "ix_resource_ips_allow_list_key_status");
        await plans.AddAsync(engine.ResourceIps.Where(c => c.DueAt != null && addresses.Contains(c.Address)), "ix_resource_ips_address_allow_list_key");

        // Owners and what rests on what.
        var session = new SessionId(Id(5, 77));
        await plans.AddAsync(engine.ResourceIps.Where(c => c.SessionId == session), "ix_resource_ips_session_id_organization_id");
        await plans.AddAsync(tenant.ResourceIps.Where(c => c.SessionId == session), "ix_resource_ips_session_id_organization_id");
        var resource = new ResourceId(Id(4, 9));
        await plans.AddAsync(engine.ResourceIps.Where(c => c.ResourceId == resource && c.DueAt != null), "ix_resource_ips_resource_id_organization_id");
        await plans.AddAsync(engine.Sessions.Where(s => s.EndedAt == null && (s.Status == SessionStatus.Pending || s.Status == SessionStatus.Expiring || s.ChangedAt >= Now)).Select(s => s.Id),
            "ix_sessions_changed_at");

        await plans.AddAsync(engine.Resources.Where(r => r.DeletedAt == null && r.VerifyAt <= Now).Select(r => r.Id).Take(100), "ix_resources_verify_at");

        // Lists, in the tenant scope: on PostgreSQL through row-level security.
        var user = new UserId(Id(2, 3));
        await plans.AddAsync(tenant.UserSessions.Where(s => s.UserId == user).OrderByDescending(s => s.Id).Take(50), "ix_sessions_user_id_organization_id_id");
        await plans.AddAsync(tenant.UserSessions.OrderByDescending(s => s.Id).Take(50), "ix_sessions_organization_id_kind_id");
        await plans.AddAsync(tenant.UserSessions.Where(s => s.Status == SessionStatus.Active).OrderByDescending(s => s.Id).Take(50), "ix_sessions_organization_id_status_id");
        await plans.AddAsync(tenant.StaticRules.OrderByDescending(s => s.Id).Take(50), "ix_sessions_organization_id_kind_id");
        await plans.AddAsync(tenant.UserSessions.Where(s => s.UserId == user && s.IdempotencyKey == "key-77"), "ix_sessions_user_id_idempotency_key");
        await plans.AddAsync(tenant.Audit.Where(a => a.Id < 100_000).OrderByDescending(a => a.Id).Take(50), "ix_audit_organization_id_id");
        await plans.AddAsync(tenant.Audit.Where(a => a.SessionId == session).OrderBy(a => a.Id), "ix_audit_session_id_id");
        await plans.AddAsync(tenant.Audit.Where(a => a.SubjectId == user).OrderByDescending(a => a.Id).Take(50), "ix_audit_subject_id_id");
        await plans.AddAsync(engine.Audit.Where(a => a.CreatedAt < Now.AddDays(-400)).OrderBy(a => a.CreatedAt).Take(500), "ix_audit_created_at");

        var hash = new byte[32];
        await plans.AddAsync(engine.ApiKeys.Where(k => k.Hash == hash), "ix_api_keys_hash");
        await plans.AddAsync(tenant.Users.Where(u => u.Email == "user7@example.org" && u.DeletedAt == null), "ix_users_organization_id_email");

        // What rests on a role or a key, when it is taken away; and what a user may open.
        var role = new RoleId(Id(7, 3));
        await plans.AddAsync(tenant.ResourceIps.Where(c => c.Wanted == Wanted.Present && c.RoleId == role).Select(c => c.SessionId), "ix_resource_ips_organization_id_role_id");
        var key = new ApiKeyId(Id(3, 3));
        await plans.AddAsync(tenant.Sessions.Where(s => s.EndedAt == null && s.ApiKeyId == key), "ix_sessions_api_key_id");
        await plans.AddAsync(Entitlements.Of(tenant, user), "pk_user_resources", "ix_role_users_user_id_organization_id");

        // What the overview counts, and the closings that fail: of what is not over.
        const string OpenClaims = "ix_resource_ips_organization_id_status", OpenEvents = "ix_health_events_organization_id_category_id";
        await plans.AddAsync(HealthLedger.Failing(tenant).OldestFirst().Take(50), OpenClaims);
        await plans.AddAsync(HealthLedger.Failing(tenant).GroupBy(c => 1).Select(g => g.Count()), OpenClaims);
        await plans.AddAsync(tenant.ResourceIps.Where(c => c.DueAt != null).OrderBy(c => c.Id).Take(50), OpenClaims);
        await plans.AddAsync(GetOverview.Open(tenant), OpenClaims);
        await plans.AddAsync(GetOverview.Rules(tenant), "ix_sessions_organization_id_kind_status");
        await plans.AddAsync(GetOverview.OpenSessions(tenant).GroupBy(s => s.Status).Select(g => g.Count()), "ix_sessions_organization_id_kind_status");
        await plans.AddAsync(tenant.HealthEvents.Where(e => e.ResolvedAt == null).GroupBy(e => e.Category).Select(g => g.Count()), OpenEvents);
        await plans.AddAsync(GetWeek.Over(tenant, Now, DateTimeOffset.UnixEpoch), "ix_sessions_organization_id_kind_id", "ix_sessions_organization_id_status_id");
        plans.Bad.ShouldBeEmpty();
    }

    private static Guid Id(int kind, int number) => Guid.Parse(string.Create(CultureInfo.InvariantCulture, $"{kind:x8}-0000-7000-8000-{number:x12}"));

    private static async Task FillAsync(TestDatabase database)
    {
        await using var db = database.Databases.OpenEngine();
        db.Database.SetCommandTimeout(TimeSpan.FromMinutes(5));
        var (yes, no) = database.IsPostgres ? ("true", "false") : ("1", "0");
        string Of(int kind, string number) => database.IsPostgres
            ? $"('{kind:x8}-0000-7000-8000-' || lpad(to_hex({number}), 12, '0'))::uuid"
            : $"printf('{kind:X8}-0000-7000-8000-%012X', {number})";
        string At(string minutes) => database.IsPostgres
            ? $"('{Now:yyyy-MM-dd HH:mm:ss}+00'::timestamptz + {minutes} * interval '1 minute')"
            : $"({Now.UtcTicks} + {minutes} * {TimeSpan.TicksPerMinute})";
        string Organizational(string number) => Of(1, $"{number} % {Organizations}");
        Task Insert(string table, int count, params (string Column, string Value)[] columns) => db.Database.ExecuteSqlRawAsync(
            $"WITH RECURSIVE numbers(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM numbers WHERE i + 1 < {count}) "
            + $"INSERT INTO {table} ({string.Join(", ", columns.Select(c => $"\"{c.Column}\""))}) SELECT {string.Join(", ", columns.Select(c => c.Value))} FROM numbers");

        // Row i of one table rests on row i modulo its count of the next, and the counts divide each other: the organizations agree.
        await using var work = await db.BeginWriteAsync(WritePriority.Other, default);
        await Insert("organizations", Organizations, ("id", Of(1, "i")), ("name", "'o' || i"), ("slug", "'o' || i"), ("is_active", yes), ("max_session", "3600"), ("external_id", "'x' || i"), ("opens_while_overdue", no),
            ("widest_ipv4", "24"), ("widest_ipv6", "56"), ("created_at", At("0")));
        await Insert("users", Users, ("id", Of(2, "i")), ("organization_id", Organizational("i")), ("email", "'user' || i || '@example.org'"), ("kind", "'PERSON'"), ("authority", "'MEMBER'"),
            ("may_name_address", no), ("is_active", yes), ("created_at", At("0")), ("updated_at", At("0")));
        await Insert("api_keys", 20_000, ("id", Of(3, "i")), ("organization_id", Organizational("i")), ("user_id", Of(2, $"i % {Users}")), ("name", "'k'"), ("key_prefix", "'eg'"),
            ("networks", "''"), ("resource_ids", "''"), ("hash", database.IsPostgres ? "decode(md5(i::text), 'hex')" : "randomblob(32)"), ("scopes", "'*'"), ("created_by_email", "'a'"), ("created_at", At("0")));
        await Insert("credentials", Resources, ("id", Of(8, "i")), ("organization_id", Organizational("i")), ("name", "'c' || i"), ("provider", "'AWS'"), ("credential_type", "'ACCESS_KEY'"),
            ("secret", database.IsPostgres ? "'x'" : "x'00'"), ("created_at", At("0")), ("updated_at", At("0")));
        await Insert("allow_lists", Resources, ("key", "'list-' || i"), ("type", "'GATE/TCP_GATE'"), ("identity", "'x'"));
        await Insert("resources", Resources, ("id", Of(4, "i")), ("organization_id", Organizational("i")), ("name", "'r' || i"), ("provider", "'GATE'"), ("resource_type", "'TCP_GATE'"),
            ("identifier", "'x'"), ("config", "'x'"), ("scopes", "'tcp/443'"), ("allowed_addresses", "''"), ("is_active", yes), ("health", "'VALID'"), ("allow_list_key", "'list-' || i"),
            ("policy", "'REPAIR'"), ("foreign_rules", "'[]'"), ("quotas", "'[]'"), ("verify_at", At("i")), ("created_at", At("0")), ("updated_at", At("0")));
        await Insert("roles", Roles, ("id", Of(7, "i")), ("organization_id", Organizational("i")), ("name", "'r' || i"), ("is_reason_required", no), ("networks", "''"), ("created_at", At("0")), ("updated_at", At("0")));
        await Insert("role_users", Users, ("role_id", Of(7, $"i % {Roles}")), ("user_id", Of(2, "i")), ("organization_id", Organizational("i")), ("created_at", At("0")));
        await Insert("role_resources", Resources, ("role_id", Of(7, $"i % {Roles}")), ("resource_id", Of(4, "i")), ("organization_id", Organizational("i")), ("created_at", At("0")));
        await Insert("user_resources", Users, ("user_id", Of(2, "i")), ("resource_id", Of(4, $"i % {Resources}")), ("organization_id", Organizational("i")), ("created_at", At("0")));
        await Insert("sessions", Sessions, ("id", Of(5, "i")), ("organization_id", Organizational("i")), ("user_id", Of(2, $"i % {Users}")), ("kind", "CASE WHEN i % 500 = 9 THEN 'STATIC_RULE' ELSE 'SESSION' END"),
            ("status", "CASE WHEN i % 200 = 77 THEN 'ACTIVE' WHEN i % 2000 = 3 THEN 'EXPIRING' ELSE 'EXPIRED' END"), ("started_at", At("i")), ("expires_at", At("i")), ("changed_at", At("i")),
            ("ended_at", $"CASE WHEN i % 200 = 77 OR i % 2000 = 3 THEN NULL ELSE {At("i")} END"),
            ("idempotency_key", "CASE WHEN i % 3 = 0 THEN 'key-' || i END"), ("api_key_id", Of(3, "i % 20000")));
        await Insert("resource_ips", Claims, ("id", Of(6, "i")), ("organization_id", Organizational("i")), ("session_id", Of(5, $"i % {Sessions}")), ("resource_id", Of(4, $"i % {Resources}")),
            ("allow_list_key", $"'list-' || (i % {Resources})"), ("address", "'203.0.' || (i / 256 % 256) || '.' || (i % 256) || '/32'"), ("scopes", "'tcp/443'"), ("grant", "'DIRECT'"),
            ("wanted", "CASE WHEN i % 200 = 7 THEN 'PRESENT' ELSE 'ABSENT' END"), ("status", "CASE WHEN i % 200 = 7 THEN CASE WHEN i % 20 = 7 THEN 'APPLIED' ELSE 'PENDING' END ELSE 'REMOVED' END"),
            ("may_stand", no), ("ends_at", At("i")), ("cap_at", At("i")), ("due_at", $"CASE WHEN i % 200 = 7 THEN {At("i")} END"), ("attempts", "0"), ("awaits_list", no), ("entries", "'[]'"),
            ("losses", "0"), ("is_declared_gone", no), ("created_at", At("i")));
        await Insert("health_events", 20_000, ("id", Of(9, "i")), ("organization_id", Organizational("i")), ("resource_id", Of(4, $"i % {Resources}")), ("category", "'VERIFY'"), ("message", "'x'"),
            ("first_seen_at", At("i")), ("last_seen_at", At("i")), ("resolved_at", $"CASE WHEN i >= {Resources} THEN {At("i")} END"));
        await Insert("audit", Claims, ("organization_id", Organizational("i")), ("event_type", "'SESSION_START'"), ("actor_type", "'SYSTEM'"), ("session_id", Of(5, $"i % {Sessions}")),
            ("subject_id", Of(2, $"i % {Users}")), ("result", "'SUCCESS'"), ("created_at", At("(i - 100000) * 10")));
        await work.CommitAsync(default);
        await using var owner = database.Databases.OpenOwner();
        await owner.Database.ExecuteSqlRawAsync("ANALYZE");
    }

    private sealed class Plans
    {
        public List<string> Bad { get; } = [];

        public Task AddAsync<T>(IQueryable<T> query, params string[] indexes) => AddAsync(query.CreateDbCommand(), indexes);

        public Task AddAsync(EntryGuardDb db, string sql, params string[] indexes)
        {
            var command = db.Database.GetDbConnection().CreateCommand();
            command.CommandText = sql;
            command.Transaction = (db.Database.CurrentTransaction as Microsoft.EntityFrameworkCore.Infrastructure.IInfrastructure<System.Data.Common.DbTransaction>)?.Instance;
            return AddAsync(command, indexes);
        }

        private async Task AddAsync(System.Data.Common.DbCommand command, string[] indexes)
        {
            await using var asked = command;
            var isPostgres = command is Npgsql.NpgsqlCommand;
            var sql = command.CommandText;
            command.CommandText = (isPostgres ? "EXPLAIN " : "EXPLAIN QUERY PLAN ") + sql;
            var lines = new List<string>();
            if (command.Connection!.State != System.Data.ConnectionState.Open)
                await command.Connection.OpenAsync();
            await using (var reader = await command.ExecuteReaderAsync())
            {
                while (await reader.ReadAsync())
                    lines.Add(reader.GetString(isPostgres ? 0 : 3));
            }

            // "SCAN x USING INDEX" reads the whole index; for min() of one that holds open claims only, that is the question. A virtual table is
            // a list that came with the question.
            var plan = string.Join("\n", lines);
            var reads = lines.Any(l => l.Contains("Seq Scan", StringComparison.Ordinal)
                || (l.StartsWith("SCAN ", StringComparison.Ordinal) && !l.Contains("USING", StringComparison.Ordinal) && !l.Contains("VIRTUAL TABLE", StringComparison.Ordinal)));
            if (reads || !indexes.Any(index => plan.Contains(index, StringComparison.Ordinal)))
                Bad.Add($"{sql}\nwanted {string.Join(" or ", indexes)}, was\n{plan}");
        }
    }
}
