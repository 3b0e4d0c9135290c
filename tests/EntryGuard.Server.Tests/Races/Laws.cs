using System.Text.Json;
using EntryGuard.Domain.Sessions;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Testing;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace EntryGuard.Server.Tests.Races;

/// <summary>What holds after every race, once the engine is quiet. The database itself writes down every change of a status, for comparison with the audit log.</summary>
internal sealed class Laws(TestDatabase database, TestApp app)
{
    private const string Witness = """
        CREATE TABLE witness (id bigserial, "table" text, row uuid, was text, "is" text);
        CREATE FUNCTION witness() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
        BEGIN
            IF TG_OP = 'INSERT' THEN
                INSERT INTO witness ("table", row, was, "is") VALUES (TG_TABLE_NAME, NEW.id, NULL, NEW.status);
            ELSIF OLD.status <> NEW.status THEN
                INSERT INTO witness ("table", row, was, "is") VALUES (TG_TABLE_NAME, NEW.id, OLD.status, NEW.status);
            END IF;
            RETURN NULL;
        END $$;
        CREATE TRIGGER witness AFTER INSERT OR UPDATE ON sessions FOR EACH ROW EXECUTE FUNCTION witness();
        CREATE TRIGGER witness AFTER INSERT OR UPDATE ON resource_ips FOR EACH ROW EXECUTE FUNCTION witness();
        """;

    /// <summary>From here on every change is seen.</summary>
    public static async Task<Laws> WatchAsync(TestDatabase database, TestApp app)
    {
        await using var source = Open(database);
        await using var command = source.CreateCommand(Witness);
        await command.ExecuteNonQueryAsync();
        return new Laws(database, app);
    }

    public async Task HoldAsync()
    {
        await using var db = database.Databases.OpenEngine();
        await using var read = await db.BeginReadAsync(CancellationToken.None);
        var sessions = await db.Sessions.AsNoTracking().Include(s => s.ResourceIps).ToListAsync();
        var audit = await db.Audit.AsNoTracking().OrderBy(a => a.Id).ToListAsync();
        var seen = await SeenAsync();
        foreach (var session in sessions)
        {
            // Law 3: nothing is left to recompute; law 5: what moved was told, once.
            SessionClaim[] claims = [.. session.ResourceIps.Select(c => c.ToSessionClaim())];
            (session.Kind == OwnerKind.StaticRule ? SessionStatus.FromStatic(session.State, claims) : SessionStatus.From(session.State, claims)).ShouldBe(session.State);
            Told(session, seen, [.. audit.Where(a => a.SessionId == session.Id)]);
        }

        // E18: nothing live without a grant. Law 1: at the provider stands what live claims want, and nothing else.
        (await Eligibility.Lost(db).CountAsync(c => c.Status != ResourceIpStatus.Failed)).ShouldBe(0);
        var wanted = sessions.SelectMany(s => s.ResourceIps).Where(c => c.State is { IsLive: true, Status: ResourceIpStatus.Applied })
            .SelectMany(c => c.Scopes.Select(scope => $"{c.AllowListKey!.Value.Value} {scope} {c.Address}"));
        var stands = app.Provider.Clouds.SelectMany(c => c.Value.Standing.Select(r => $"scripted:tester:{c.Key} {r.Rule.Scope} {r.Rule.Address}"));
        stands.Order().ShouldBe(wanted.Distinct().Order());
    }

    private static void Told(Session session, List<Change> seen, List<AuditEntry> audit)
    {
        var moves = seen.Where(c => c.Table == "sessions" && c.Row == session.Id.Value && c.Was is not null).Select(c => c.Is).ToList();
        var told = audit.Select(a => a.EventType.Replace("SESSION_", "", StringComparison.Ordinal).Replace("STATIC_IP_RULE_", "", StringComparison.Ordinal))
            .Where(t => t is "PENDING" or "ACTIVE" or "PARTIAL" or "FAILED" or "EXPIRING" or "EXPIRED" or "CANCELLED").ToList();

        // One transaction may pass through EXPIRING: both are told, one is stored.
        if (told.Count > moves.Count && session.State.IsTerminal && !moves.Contains("EXPIRING"))
            told.Remove("EXPIRING").ShouldBeTrue();
        told.ShouldBe(moves);
        foreach (var claim in session.ResourceIps)
        {
            var changes = seen.Where(c => c.Table == "resource_ips" && c.Row == claim.Id.Value).ToList();
            var rows = audit.Where(a => a.ResourceType == "RESOURCE" && ClaimOf(a) == claim.Id.Value).Select(a => a.EventType).ToList();
            rows.Count(e => e is "RULE_APPLIED" or "RULE_PUT_BACK").ShouldBe(changes.Count(c => c.Is == "APPLIED"));
            var closed = changes.Count(c => c.Is == "REMOVED" && c.Was is "REMOVING" or "FAILED");
            rows.Count(e => e == "RULE_REMOVED").ShouldBeLessThanOrEqualTo(closed);
            rows.Count(e => e == "RULE_KEPT").ShouldBeLessThanOrEqualTo(closed);
            rows.Any(e => e is "RULE_REMOVED" or "RULE_KEPT").ShouldBe(closed > 0);
            closed.ShouldBeLessThanOrEqualTo(1);
        }
    }

    private static Guid? ClaimOf(AuditEntry row)
    {
        using var details = row.Details is null ? null : JsonDocument.Parse(row.Details);
        return details is not null && details.RootElement.TryGetProperty("resourceIpId", out var id) ? id.GetGuid() : null;
    }

    private async Task<List<Change>> SeenAsync()
    {
        await using var source = Open(database);
        await using var command = source.CreateCommand("SELECT \"table\", row, was, \"is\" FROM witness ORDER BY id");
        await using var reader = await command.ExecuteReaderAsync();
        var all = new List<Change>();
        while (await reader.ReadAsync())
            all.Add(new Change(reader.GetString(0), reader.GetGuid(1), reader.IsDBNull(2) ? null : reader.GetString(2), reader.GetString(3)));
        return all;
    }

    private static NpgsqlDataSource Open(TestDatabase database) =>
        NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(database.ConnectionString) { Pooling = false });

    private sealed record Change(string Table, Guid Row, string? Was, string Is);
}
