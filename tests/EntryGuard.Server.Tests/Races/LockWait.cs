using EntryGuard.Testing;
using Npgsql;

namespace EntryGuard.Server.Tests.Races;

/// <summary>Whether work stands still in PostgreSQL, behind a lock of somebody else. The database of a test has no other work.</summary>
internal static class LockWait
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(5);
    private const int MostLooks = 2_000;

    /// <summary>True as soon as some connection waits for a lock; false once the work is done. PostgreSQL tells nobody of a wait, hence the looking.</summary>
    /// <param name="connections">How many must wait; with more than one, those of other work count too.</param>
    public static async Task<bool> OfAsync(TestDatabase database, Task work, int connections = 1)
    {
        await using var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(database.ConnectionString) { Pooling = false });
        await using var connection = await source.OpenConnectionAsync();
        await using var waiting = new NpgsqlCommand(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'", connection);
        for (var look = 0; look < MostLooks; look++)
        {
            if (work.IsCompleted)
                return false;
            if ((long)(await waiting.ExecuteScalarAsync())! >= connections)
                return true;
            await Task.Delay(Every, TimeProvider.System);
        }

        throw new TimeoutException("The work is neither done nor behind a lock.");
    }
}
