using EntryGuard.Domain;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace EntryGuard.Server.Data;

/// <summary>One transaction. Dispose without commit rolls back.</summary>
public sealed class DbWork : IAsyncDisposable
{
    private readonly EntryGuardDb db;
    private readonly IDbContextTransaction? transaction;
    private readonly IDisposable? turn;
    private readonly bool isRead;

    private DbWork(EntryGuardDb db, IDbContextTransaction? transaction, IDisposable? turn, bool isRead) =>
        (this.db, this.transaction, this.turn, this.isRead) = (db, transaction, turn, isRead);

    internal static Task<DbWork> BeginAsync(EntryGuardDb db, WriteGate? gate, WritePriority priority, CancellationToken ct) =>
        BeginAsync(db, gate, gate?.Mark(), priority, ct);

    private static async Task<DbWork> BeginAsync(EntryGuardDb db, WriteGate? gate, WriteGate.Flow? flow, WritePriority priority, CancellationToken ct)
    {
        var turn = gate is null ? null : await gate.EnterAsync(flow!, priority, ct);
        try
        {
            return new DbWork(db, await TransactionAsync(db, ct), turn, false);
        }
        catch
        {
            turn?.Dispose();
            throw;
        }
    }

    internal static async Task<DbWork> BeginReadAsync(EntryGuardDb db, CancellationToken ct) =>
        new(db, db.IsShared ? await TransactionAsync(db, ct) : null, null, true);

    internal static async Task<DbWork> BeginSnapshotAsync(EntryGuardDb db, CancellationToken ct) =>
        new(db, await NameTenantAsync(db, await db.SnapshotAsync(ct), ct), null, true);

    /// <summary>Saves what is tracked, commits, and lets the next writer in: from here on it may be awaited again.</summary>
    /// <exception cref="DbUpdateConcurrencyException">A guarded row had moved; nothing was written.</exception>
    public async Task CommitAsync(CancellationToken ct)
    {
        if (isRead)
            throw new InvalidOperationException("This is a read: begin a write to change something.");
        var turned = HealthLedger.Turned(db);
        await db.SaveChangesAsync(ct);
        if (turned.Count > 0)
            await FollowAsync(turned, ct);
        var told = db.ChangeTracker.Entries<AuditEntry>().Select(e => e.Entity.OrganizationId.Value).Distinct().ToArray();
        if (db.IsShared && told.Length > 0)   // told when, and only if, this commits
            await db.Database.ExecuteSqlAsync($"SELECT pg_notify({AuditBell.Channel}, id::text) FROM unnest({told}) AS id", ct);
        await transaction!.CommitAsync(ct);
        await DisposeAsync();
        foreach (var organization in told)
            db.AuditBell?.Ring(new OrganizationId(organization));
        if (db.StoresMail)
            db.MailStored?.Invoke();
        db.StoresMail = false;
    }

    /// <summary>Idempotent.</summary>
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

    // Whoever makes a claim overdue, or ends that, says so in the same transaction. Last of all, so nobody waits here for what we hold and
    // then needs; of two that end the last two at once neither may see the other: the sweep's review does (HealthReview).
    private async Task FollowAsync(IReadOnlyList<ResourceId> turned, CancellationToken ct)
    {
        if (db.WrittenAt is not { } now)
            return;
        foreach (var resource in turned)
            await HealthLedger.FollowAsync(db, resource, now, ct);
        await db.SaveChangesAsync(ct);
    }

    private static async Task<IDbContextTransaction> TransactionAsync(EntryGuardDb db, CancellationToken ct) =>
        await NameTenantAsync(db, await db.Database.BeginTransactionAsync(ct), ct);

    private static async Task<IDbContextTransaction> NameTenantAsync(EntryGuardDb db, IDbContextTransaction transaction, CancellationToken ct)
    {
        try
        {
            // Row-level security compares with this setting; it ends with the transaction (E30).
            if (db is { IsShared: true, Tenant: { } tenant })
                await db.Database.ExecuteSqlAsync($"SELECT set_config('entryguard.tenant', {tenant.Value.ToString()}, true)", ct);
            return transaction;
        }
        catch
        {
            await transaction.DisposeAsync();
            throw;
        }
    }
}
