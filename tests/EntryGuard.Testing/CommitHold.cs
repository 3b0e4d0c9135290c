using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace EntryGuard.Testing;

/// <summary>Stops a transaction when everything is written and nothing is committed: the moment that races are about.</summary>
public sealed class CommitHold : DbTransactionInterceptor
{
    private HeldCommit? next;

    /// <summary>The next transaction that comes to its commit is held there; those after it pass.</summary>
    public HeldCommit HoldNext() => HoldNext(new HeldCommit());

    /// <inheritdoc cref="HoldNext()"/>
    /// <param name="hold">Known to the test before.</param>
    public HeldCommit HoldNext(HeldCommit hold) => next = hold;

    public override async ValueTask<InterceptionResult> TransactionCommittingAsync(
        DbTransaction transaction, TransactionEventData eventData, InterceptionResult result, CancellationToken cancellationToken = default)
    {
        if (Interlocked.Exchange(ref next, null) is { } held)
            await held.PassAsync();
        return result;
    }
}

/// <summary>One transaction that is held before its commit.</summary>
public sealed class HeldCommit
{
    private readonly TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Done as soon as it stands before its commit.</summary>
    public Task Reached => reached.Task;

    /// <summary>Lets it commit.</summary>
    public void Release() => released.TrySetResult();

    internal Task PassAsync()
    {
        reached.TrySetResult();
        return released.Task;
    }
}
