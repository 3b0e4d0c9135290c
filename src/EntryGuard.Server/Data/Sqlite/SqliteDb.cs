using EntryGuard.Domain;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace EntryGuard.Server.Data.Sqlite;

/// <summary>The default: one file, one process.</summary>
public sealed class SqliteDb(DbContextOptions<SqliteDb> options, OrganizationId? tenant, WriteGate gate) : EntryGuardDb(options, tenant, gate)
{
    public override bool IsShared => false;

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        base.ConfigureConventions(configurationBuilder);

        // SQLite has no instants: EF refuses to compare or order the text it would store, so a number is stored. Ticks are 100 ns, UTC.
        configurationBuilder.Properties<DateTimeOffset>().HaveConversion<UtcTicks>();
    }

    private sealed class UtcTicks() : ValueConverter<DateTimeOffset, long>(at => at.UtcTicks, ticks => new DateTimeOffset(ticks, TimeSpan.Zero));
}
