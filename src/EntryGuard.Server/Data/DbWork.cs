using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace EntryGuard.Server.Data;

/// <summary>One transaction. Dispose without commit rolls back.</summary>
public sealed class DbWork : IAsyncDisposable
{
    private readonly EntryGuardDb db;
    private readonly IDbContextTransaction? transaction;
    private readonly IDisposable? turn;

    private DbWork(EntryGuardDb db, IDbContextTransaction? transaction, IDisposable? turn) =>
        (this.db, this.transaction, this.turn) = (db, transaction, turn);

    internal static Task<DbWork> BeginAsync(EntryGuardDb db, WriteGate? gate, WritePriority priority, CancellationToken ct) =>
        BeginAsync(db, gate, gate?.Mark(), priority, ct);

    private static async Task<DbWork> BeginAsync(EntryGuardDb db, WriteGate? gate, WriteGate.Flow? flow, WritePriority priority, CancellationToken ct)
    {
        var turn = gate is null ? null : await gate.EnterAsync(flow!, priority, ct);
        try
        {
            var transaction = await db.Database.BeginTransactionAsync(ct);
            await NameTenantAsync(db, ct);
            return new DbWork(db, transaction, turn);
        }
        catch
        {
            turn?.Dispose();
            throw;
        }
    }

    internal static async Task<DbWork> BeginReadAsync(EntryGuardDb db, CancellationToken ct)
    {
        if (!db.IsShared)
            return new DbWork(db, null, null);
        var transaction = await db.Database.BeginTransactionAsync(ct);
        await NameTenantAsync(db, ct);
        return new DbWork(db, transaction, null);
    }

    /// <summary>Saves what is tracked and commits.</summary>
    /// <exception cref="DbUpdateConcurrencyException">A guarded row had moved; nothing was written.</exception>
    public async Task CommitAsync(CancellationToken ct)
    {
        await db.SaveChangesAsync(ct);
        if (transaction is not null)
            await transaction.CommitAsync(ct);
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (transaction is not null)
                await transaction.DisposeAsync();
        }
        finally
        {
            turn?.Dispose();
        }
    }

    // Row-level security compares with this setting; it ends with the transaction (E30).
    private static async Task NameTenantAsync(EntryGuardDb db, CancellationToken ct)
    {
        if (db is { IsShared: true, Tenant: { } tenant })
            await db.Database.ExecuteSqlAsync($"SELECT set_config('entryguard.tenant', {tenant.Value.ToString()}, true)", ct);
    }
}
