using EntryGuard.Domain.Net;
using EntryGuard.Domain.Rules;
using EntryGuard.Domain.Sessions;
using EntryGuard.Server.Data;
using Microsoft.Data.Sqlite;

namespace EntryGuard.Simulation.Laws;

/// <summary>A claim as the database has it, read without the code under test.</summary>
internal sealed record ClaimRow
{
    public required string Id { get; init; }
    public required string Name { get; init; }
    public required string SessionId { get; init; }
    public required string? Key { get; init; }
    public required Cidr Address { get; init; }
    public required IReadOnlyList<RuleKey> Rules { get; init; }
    public required Wanted Wanted { get; init; }
    public required ResourceIpStatus Status { get; init; }
    public required bool MayStand { get; init; }
    public required DateTimeOffset EndsAt { get; init; }
    public required DateTimeOffset? DueAt { get; init; }
    public required DateTimeOffset? NextAttemptAt { get; init; }
    public required string? AttemptId { get; init; }
    public required bool AwaitsList { get; init; }
    public required string Entries { get; init; }
    public required DateTimeOffset? HeldUntil { get; init; }
    public required DateTimeOffset? EndingAt { get; init; }
    public required DateTimeOffset? OverdueSince { get; init; }
    public required int Attempts { get; init; }
    public required string? ErrorCode { get; init; }

    public bool IsLive => Wanted == Wanted.Present && Status is ResourceIpStatus.Pending or ResourceIpStatus.Applying or ResourceIpStatus.Applied;

    public bool IsLeaving => MayStand && !IsLive;

    public override string ToString() =>
        $"{(Wanted == Wanted.Absent ? "ended " : "")}{Names.Wire(Status)}{(MayStand ? "" : "-")}{(AwaitsList ? " awaits a list" : "")}{(AttemptId is null ? "" : " calling")}{(ErrorCode is null ? "" : " " + ErrorCode)} #{Attempts}";
}

/// <summary>A session as the database has it.</summary>
internal sealed record SessionRow(
    string Id, string Name, SessionStatus Status, EndReason? Reason, DateTimeOffset ExpiresAt, DateTimeOffset? EndingAt, DateTimeOffset? EndedAt)
{
    public bool IsTerminal => Status is SessionStatus.Failed or SessionStatus.Expired or SessionStatus.Cancelled;

    public bool IsRunning => Status is SessionStatus.Pending or SessionStatus.Active or SessionStatus.Partial;
}

/// <summary>An audit row.</summary>
internal sealed record AuditRow(string Event, string? SessionId, string? ClaimId);

/// <summary>Reads committed rows through a connection of its own.</summary>
internal sealed class Mirror : IDisposable
{
    private readonly SqliteConnection connection;
    private readonly SqliteCommand claims;
    private readonly SqliteCommand sessions;
    private readonly SqliteCommand audit;
    private readonly SqliteCommand eligible;
    private readonly Dictionary<string, (string Name, Cidr Address, IReadOnlyList<RuleKey> Rules)> fixedParts = [];
    private readonly Dictionary<string, string> names = [];
    private long lastAudit;

    public Mirror(string connectionString)
    {
        connection = new SqliteConnection(connectionString);
        connection.Open();
        claims = Command("""
            SELECT id, session_id, allow_list_key, address, scopes, wanted, status, may_stand, ends_at, due_at, next_attempt_at, attempt_id,
                   awaits_list, entries, held_until, ending_at, overdue_since, attempts, error_code
            FROM resource_ips ORDER BY created_at, id
            """);
        sessions = Command("SELECT id, status, end_reason, expires_at, ending_at, ended_at FROM sessions ORDER BY started_at, id");
        audit = Command("SELECT id, event_type, session_id, json_extract(details, '$.resourceIpId') FROM audit WHERE id > @last ORDER BY id");
        audit.Parameters.AddWithValue("@last", 0L);
        eligible = Command("""
            SELECT count(*) FROM resource_ips c JOIN sessions s ON s.id = c.session_id JOIN users u ON u.id = s.user_id
            JOIN organizations o ON o.id = c.organization_id JOIN resources r ON r.id = c.resource_id
            WHERE c.id = @id AND o.is_active AND u.is_active AND r.is_active AND r.deleted_at IS NULL
            AND ((c."grant" = 'ADMIN' AND u.authority = 'ADMIN') OR (c."grant" = 'DIRECT' AND EXISTS (SELECT 1 FROM user_resources g WHERE g.user_id = u.id AND g.resource_id = r.id)))
            """);
        eligible.Parameters.AddWithValue("@id", "");
    }

    public Dictionary<string, ClaimRow> Claims()
    {
        var rows = new Dictionary<string, ClaimRow>();
        using var reader = claims.ExecuteReader();
        while (reader.Read())
        {
            var id = reader.GetString(0);
            if (!fixedParts.TryGetValue(id, out var known))
            {
                var address = Cidr.Parse(reader.GetString(3));
                fixedParts[id] = known = ($"c{fixedParts.Count + 1}", address, [.. reader.GetString(4).Split(' ').Select(s => new RuleKey(Scope.Parse(s), address))]);
            }

            rows.Add(id, new ClaimRow
            {
                Id = id,
                Name = known.Name,
                SessionId = reader.GetString(1),
                Key = Text(reader, 2)?.Split('#')[0],   // a planted defect may part one allow-list into several
                Address = known.Address,
                Rules = known.Rules,
                Wanted = Names.FromWire<Wanted>(reader.GetString(5))!.Value,
                Status = Names.FromWire<ResourceIpStatus>(reader.GetString(6))!.Value,
                MayStand = reader.GetBoolean(7),
                EndsAt = At(reader, 8)!.Value,
                DueAt = At(reader, 9),
                NextAttemptAt = At(reader, 10),
                AttemptId = Text(reader, 11),
                AwaitsList = reader.GetBoolean(12),
                Entries = reader.GetString(13),
                HeldUntil = At(reader, 14),
                EndingAt = At(reader, 15),
                OverdueSince = At(reader, 16),
                Attempts = reader.GetInt32(17),
                ErrorCode = Text(reader, 18),
            });
        }

        return rows;
    }

    public Dictionary<string, SessionRow> Sessions()
    {
        var rows = new Dictionary<string, SessionRow>();
        using var reader = sessions.ExecuteReader();
        while (reader.Read())
        {
            var id = reader.GetString(0);
            if (!names.TryGetValue(id, out var name))
                names[id] = name = $"s{names.Count + 1}";
            rows.Add(id, new SessionRow(
                id, name, Names.FromWire<SessionStatus>(reader.GetString(1))!.Value, Text(reader, 2) is { } why ? Names.FromWire<EndReason>(why) : null,
                At(reader, 3)!.Value, At(reader, 4), At(reader, 5)));
        }

        return rows;
    }

    /// <summary>Rows written since the last time.</summary>
    public List<AuditRow> NewAudit()
    {
        audit.Parameters[0].Value = lastAudit;
        var rows = new List<AuditRow>();
        using var reader = audit.ExecuteReader();
        while (reader.Read())
        {
            lastAudit = reader.GetInt64(0);
            rows.Add(new AuditRow(reader.GetString(1), Text(reader, 2), Text(reader, 3)?.ToUpperInvariant()));
        }

        return rows;
    }

    public string UserOf(string sessionId)
    {
        using var command = Command("SELECT user_id FROM sessions WHERE id = @id");
        command.Parameters.AddWithValue("@id", sessionId);
        return (string)command.ExecuteScalar()!;
    }

    /// <summary>Something entitles the claim, by the rows as they are.</summary>
    public bool IsEligible(string claimId)
    {
        eligible.Parameters[0].Value = claimId;
        return (long)eligible.ExecuteScalar()! > 0;
    }

    public void Dispose()
    {
        connection.Dispose();
        SqliteConnection.ClearPool(connection);
    }

    private SqliteCommand Command(string text)
    {
        var command = connection.CreateCommand();
        command.CommandText = text;
        return command;
    }

    private static string? Text(SqliteDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    private static DateTimeOffset? At(SqliteDataReader reader, int column) => reader.IsDBNull(column) ? null : new DateTimeOffset(reader.GetInt64(column), TimeSpan.Zero);
}
