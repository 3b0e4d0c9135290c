using System.Reflection;
using Xunit;
using Xunit.Sdk;
using Xunit.v3;

namespace EntryGuard.Testing;

/// <summary>A row per database for a theory whose first parameter is a <see cref="TestDatabase"/>. Without a PostgreSQL server its row is skipped; in CI that fails.</summary>
/// <param name="more">Values of the other parameters; with several attributes, each is run on every database.</param>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public class EveryDatabaseAttribute(params object?[] more) : DataAttribute
{
    protected virtual bool OnSqlite => true;
    protected virtual bool OnPostgres => true;

    public override async ValueTask<IReadOnlyCollection<ITheoryDataRow>> GetData(MethodInfo testMethod, DisposalTracker disposalTracker)
    {
        var rows = new List<ITheoryDataRow>();
        if (OnSqlite)
            rows.Add(Row(await TestDatabase.SqliteAsync(), disposalTracker));
        if (OnPostgres && TestDatabase.Server is not null)
            rows.Add(Row(await TestDatabase.PostgresAsync(), disposalTracker));
        else if (OnPostgres && Environment.GetEnvironmentVariable("CI") == "true")
            throw new InvalidOperationException($"There is no PostgreSQL to test on: set {TestDatabase.ServerVariable}, or run script/test.");
        else if (OnPostgres)
            rows.Add(new TheoryDataRow([null, .. more]) { Skip = $"no PostgreSQL: {TestDatabase.ServerVariable} is not set" });
        return rows;
    }

    // Made when the test runs, not when tests are listed.
    public override bool SupportsDiscoveryEnumeration() => false;

    private TheoryDataRow Row(TestDatabase database, DisposalTracker tracker)
    {
        tracker.Add(database);
        return new TheoryDataRow([database, .. more]);
    }
}

/// <summary>As <see cref="EveryDatabaseAttribute"/>, for what only PostgreSQL does.</summary>
/// <param name="more">Values of the other parameters.</param>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class PostgresOnlyAttribute(params object?[] more) : EveryDatabaseAttribute(more)
{
    protected override bool OnSqlite => false;
}

/// <summary>As <see cref="EveryDatabaseAttribute"/>, for what only SQLite does.</summary>
/// <param name="more">Values of the other parameters.</param>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class SqliteOnlyAttribute(params object?[] more) : EveryDatabaseAttribute(more)
{
    protected override bool OnPostgres => false;
}
