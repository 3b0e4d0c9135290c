using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace EntryGuard.Server.Data;

/// <summary>Two requests that take one name at the same moment: the database lets one through.</summary>
public static class UniqueNames
{
    // https://sqlite.org/rescode.html#constraint_unique
    private const int SqliteConstraintUnique = 2067;

    /// <summary>True if a unique index refused the write.</summary>
    public static bool Refused(DbUpdateException failure)
    {
        ArgumentNullException.ThrowIfNull(failure);
        return failure.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation }
            or SqliteException { SqliteExtendedErrorCode: SqliteConstraintUnique };
    }
}
