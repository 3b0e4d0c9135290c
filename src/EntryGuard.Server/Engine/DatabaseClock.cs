using EntryGuard.Server.Data;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Engine;

/// <summary>
/// Database time: what decides whether something is due (E24). Our own monotonic clock from the last measurement on, so that a node whose
/// wall clock is wrong, or jumps, still acts at the right moment.
/// </summary>
public sealed class DatabaseClock
{
    private readonly TimeProvider time;
    private readonly Func<CancellationToken, Task<DateTimeOffset>> read;
    private Anchor anchor;

    /// <param name="time">Own clock.</param>
    /// <param name="read">Asks the database; on SQLite our own wall clock is the database's.</param>
    public DatabaseClock(TimeProvider time, Func<CancellationToken, Task<DateTimeOffset>> read)
    {
        ArgumentNullException.ThrowIfNull(time);
        (this.time, this.read) = (time, read);
        anchor = new Anchor(time.GetUtcNow(), time.GetUtcNow(), time.GetTimestamp());
    }

    /// <summary>The clock of a database: PostgreSQL is asked, SQLite has our own.</summary>
    public static DatabaseClock Of(Databases databases, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(databases);
        return new DatabaseClock(time, databases.IsShared ? AskAsync : _ => Task.FromResult(time.GetUtcNow()));

        async Task<DateTimeOffset> AskAsync(CancellationToken ct)
        {
            await using var db = databases.OpenEngine();
            return (await db.Database.SqlQuery<DateTimeOffset>($"SELECT clock_timestamp() AS \"Value\"").ToListAsync(ct))[0];
        }
    }

    /// <summary>Database time now, in whole microseconds, as both databases store it.</summary>
    public DateTimeOffset Now
    {
        get
        {
            var now = anchor.Database + time.GetElapsedTime(anchor.Timestamp);
            return new DateTimeOffset(now.UtcTicks - (now.UtcTicks % TimeSpan.TicksPerMicrosecond), TimeSpan.Zero);
        }
    }

    /// <summary>Database time less our wall clock, at the last measurement. Over 1 s is a warning, over 10 s the node is not ready.</summary>
    public TimeSpan Offset => anchor.Database - anchor.Wall;

    /// <summary>Wall clock and monotonic clock have parted by a second or more since the last measurement: a suspend, or a step.</summary>
    public bool MustMeasure =>
        (time.GetUtcNow() - anchor.Wall - time.GetElapsedTime(anchor.Timestamp)).Duration() >= TimeSpan.FromSeconds(1);

    /// <summary>Measures the offset again. The answer is taken to have been made half-way through the question.</summary>
    public async Task MeasureAsync(CancellationToken ct)
    {
        var asked = time.GetTimestamp();
        var database = await read(ct);
        anchor = new Anchor(database + (time.GetElapsedTime(asked) / 2), time.GetUtcNow(), time.GetTimestamp());
    }

    private sealed record Anchor(DateTimeOffset Database, DateTimeOffset Wall, long Timestamp);
}
