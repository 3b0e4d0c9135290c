using System.Data;
using EntryGuard.Domain;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace EntryGuard.Server.Data.Postgres;

/// <summary>For more than one node.</summary>
public sealed class PostgresDb(DbContextOptions<PostgresDb> options, OrganizationId? tenant, WriteGate gate) : EntryGuardDb(options, tenant, gate)
{
    public override bool IsShared => true;

    internal override Task<IDbContextTransaction> SnapshotAsync(CancellationToken ct) => Database.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        ClusterModel.Configure(modelBuilder);
        base.OnModelCreating(modelBuilder);
    }
}
