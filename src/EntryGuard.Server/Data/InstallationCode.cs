using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Data;

/// <summary>The installation's name for itself, for those who see no more of its row.</summary>
public static class InstallationCode
{
    public static async Task<string> FindAsync(Databases databases, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(databases);
        await using var db = databases.OpenEngine();
        await using var read = await db.BeginReadAsync(ct);
        return await db.Installations.Select(i => i.Code).SingleAsync(ct);
    }
}
