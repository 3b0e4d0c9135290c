using System.Data.Common;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Simulation.Clouds;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace EntryGuard.Simulation.Kernel;

/// <summary>Every command of a process is a place to wait, and to die.</summary>
internal sealed class CommandPauses(Server server) : DbCommandInterceptor
{
    public override async ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
        DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default)
    {
        await server.DatabasePause();
        server.Sabotage?.Read?.Invoke(command);
        return result;
    }

    public override async ValueTask<InterceptionResult<int>> NonQueryExecutingAsync(
        DbCommand command, CommandEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default)
    {
        await server.DatabasePause();
        return result;
    }

    public override async ValueTask<InterceptionResult<object>> ScalarExecutingAsync(
        DbCommand command, CommandEventData eventData, InterceptionResult<object> result, CancellationToken cancellationToken = default)
    {
        await server.DatabasePause();
        return result;
    }
}

/// <summary>A process may die before its commit, or after it without knowing; the laws are looked at in between.</summary>
internal sealed class CommitPauses(Server server) : DbTransactionInterceptor
{
    public override async ValueTask<InterceptionResult<DbTransaction>> TransactionStartingAsync(
        DbConnection connection, TransactionStartingEventData eventData, InterceptionResult<DbTransaction> result, CancellationToken cancellationToken = default)
    {
        await server.DatabasePause();
        return result;
    }

    public override async ValueTask<InterceptionResult> TransactionCommittingAsync(
        DbTransaction transaction, TransactionEventData eventData, InterceptionResult result, CancellationToken cancellationToken = default)
    {
        await server.DatabasePause();
        return result;
    }

    public override async Task TransactionCommittedAsync(DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        server.OnCommit();
        await server.DatabasePause();
    }
}

/// <summary>Looks at what is about to be saved: remembers deadlines of calls, and gives new rows ids that the seed decides.</summary>
internal sealed class SavePauses(Server server, Loop loop) : SaveChangesInterceptor
{
    public override ValueTask<InterceptionResult<int>> SavingChangesAsync(
        DbContextEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default)
    {
        var tracker = eventData.Context!.ChangeTracker;
        foreach (var session in tracker.Entries<Session>().Where(e => e.State == EntityState.Added).ToList())
            Rename(tracker, session);
        if (FlowFacts.Current is { } facts && tracker.Entries<ResourceIp>()
            .Where(e => e.State == EntityState.Modified && e.Property(c => c.AttemptId).IsModified).Max(e => e.Entity.AttemptDeadlineAt) is { } deadline)
            facts.AttemptDeadlineAt = deadline;
        server.Sabotage?.Save?.Invoke(tracker);
        return ValueTask.FromResult(server.Sabotage?.Forget?.Invoke(tracker) == true ? InterceptionResult<int>.SuppressWithResult(0) : result);
    }

    // Ids are random in their last 74 bits, and the order of ids is an order of locks and of items: a run could not be repeated.
    private void Rename(ChangeTracker tracker, EntityEntry<Session> session)
    {
        var (claims, audits) = (tracker.Entries<ResourceIp>().Where(e => e.Entity.SessionId == session.Entity.Id).ToList(), tracker.Entries<AuditEntry>().ToList());
        foreach (var claim in claims)
        {
            var (before, after) = (claim.Entity.Id.Value, Redraw(claim.Entity.Id.Value));
            claim.Property(c => c.Id).CurrentValue = new ResourceIpId(after);
            foreach (var audit in audits)
                audit.Entity.Details = audit.Entity.Details?.Replace(before.ToString(), after.ToString(), StringComparison.Ordinal);
        }

        var (old, id) = (session.Entity.Id, new SessionId(Redraw(session.Entity.Id.Value)));
        session.Property(s => s.Id).CurrentValue = id;
        foreach (var audit in audits.Where(a => a.Entity.SessionId == old))
        {
            audit.Property(a => a.SessionId).CurrentValue = id;
            if (audit.Entity.ResourceId == old.Value.ToString())
                audit.Entity.ResourceId = id.Value.ToString();
        }
    }

    private Guid Redraw(Guid id)
    {
        var bytes = id.ToByteArray(bigEndian: true);
        loop.Dice.Bytes(8).CopyTo(bytes, 8);
        (bytes[6], bytes[7]) = ((byte)(0x70 | loop.Dice.Next(16)), (byte)loop.Dice.Next(256));
        return new Guid(bytes, bigEndian: true);
    }
}
