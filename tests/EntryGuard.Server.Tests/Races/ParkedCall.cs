using EntryGuard.Domain;
using EntryGuard.Server.Engine;
using EntryGuard.Testing;

namespace EntryGuard.Server.Tests.Races;

/// <summary>A worker that is out on a call: the attempt is committed, the answer has not come.</summary>
internal sealed class ParkedCall
{
    private readonly TaskCompletionSource entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource go = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task work = Task.CompletedTask;
    private Action atTheEnd = () => { };

    /// <summary>Lets the worker run on the scripted list until it is inside its call.</summary>
    public Task RunAsync(AllowListWorker worker, string list)
    {
        work = Task.Run(async () =>
        {
            try
            {
                await worker.RunOnce(new AllowListKey($"scripted:tester:{list}"), CancellationToken.None);
            }
            finally
            {
                entered.TrySetException(new InvalidOperationException($"{list} was not called."));
            }
        });
        return entered.Task;
    }

    /// <summary>The answer comes, and the worker goes on to its end.</summary>
    public Task GoAsync()
    {
        go.TrySetResult();
        return work;
    }

    /// <summary>What it writes down after the call will be held before its commit.</summary>
    public HeldCommit HoldRecord(CommitHold commits)
    {
        var held = new HeldCommit();
        atTheEnd = () => commits.HoldNext(held);
        return held;
    }

    /// <summary>Inside the call.</summary>
    public async Task WaitAsync()
    {
        entered.TrySetResult();
        await go.Task;
        atTheEnd();
    }
}
