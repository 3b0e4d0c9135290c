using System.Data;
using EntryGuard.Domain;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace EntryGuard.Server.Data.Sqlite;

/// <summary>The default: one file, one process.</summary>
public sealed class SqliteDb(DbContextOptions<SqliteDb> options, OrganizationId? tenant, WriteGate gate) : EntryGuardDb(options, tenant, gate)
{
    public override bool IsShared => false;

    // To this provider READ UNCOMMITTED without a shared cache means "BEGIN" rather than "BEGIN IMMEDIATE", and nothing else: it takes no lock, and in WAL mode reads
    // as of its first question.
    internal override Task<IDbContextTransaction> SnapshotAsync(CancellationToken ct) => Database.BeginTransactionAsync(IsolationLevel.ReadUncommitted, ct);

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        base.ConfigureConventions(configurationBuilder);

        // SQLite has no instants: EF refuses to compare or order the text it would store, so a number is stored. Ticks are 100 ns, UTC.
        configurationBuilder.Properties<DateTimeOffset>().HaveConversion<UtcTicks>();
    }

    private sealed class UtcTicks() : ValueConverter<DateTimeOffset, long>(at => at.UtcTicks, ticks => new DateTimeOffset(ticks, TimeSpan.Zero));
}
