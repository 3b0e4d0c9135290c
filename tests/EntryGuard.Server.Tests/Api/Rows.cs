using System.Data.Common;
using EntryGuard.Testing;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace EntryGuard.Server.Tests.Api;

/// <summary>Every row of every table, to show that a request changed none.</summary>
internal static class Rows
{
    public static async Task<IReadOnlyList<string>> OfAsync(TestDatabase database)
    {
        await using DbConnection connection = database.IsPostgres ? new NpgsqlConnection(database.ConnectionString) : new SqliteConnection(database.ConnectionString);
        await connection.OpenAsync();
        var tables = await ReadAsync(connection, database.IsPostgres
            ? "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
            : "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'");
        var rows = new List<string>();
        foreach (var table in tables)
            rows.AddRange((await ReadAsync(connection, $"SELECT * FROM \"{table}\"")).Select(row => $"{table}: {row}"));
        rows.Sort(StringComparer.Ordinal);
        rows.ShouldNotBeEmpty();
        return rows;
    }

    private static async Task<List<string>> ReadAsync(DbConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // Names of our own tables.
        command.CommandText = sql;
#pragma warning restore CA2100
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string>();
        while (await reader.ReadAsync())
        {
            var values = new object[reader.FieldCount];
            reader.GetValues(values);
            rows.Add(string.Join(" | ", values.Select(v => v is byte[] bytes ? Convert.ToHexString(bytes) : v.ToString())));
        }

        return rows;
    }
}
