using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace EntryGuard.Server.Data.Postgres;

/// <summary>For <c>dotnet ef migrations add NAME --context PostgresDb --output-dir Data/Postgres/Migrations</c>; opens no database.</summary>
internal sealed class PostgresDesign : IDesignTimeDbContextFactory<PostgresDb>
{
    public PostgresDb CreateDbContext(string[] args) =>
        new(new DbContextOptionsBuilder<PostgresDb>().UseNpgsql("Host=design.invalid").Options, null, new WriteGate());
}
