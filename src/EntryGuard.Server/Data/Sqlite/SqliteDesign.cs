using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace EntryGuard.Server.Data.Sqlite;

/// <summary>For <c>dotnet ef migrations add NAME --context SqliteDb --output-dir Data/Sqlite/Migrations</c>; opens no database.</summary>
internal sealed class SqliteDesign : IDesignTimeDbContextFactory<SqliteDb>
{
    public SqliteDb CreateDbContext(string[] args) =>
        new(new DbContextOptionsBuilder<SqliteDb>().UseSqlite("Data Source=design.db").Options, null, new WriteGate());
}
