namespace EntryGuard.Server.Engine;

/// <summary>One running, one waiting: however often it is rung during a run, one more run follows (E23).</summary>
/// <remarks>Not for several threads at once: an activation, which has one, owns it.</remarks>
internal sealed class RunLoop(Func<CancellationToken, Task> run) : IAsyncDisposable
{
    private readonly CancellationTokenSource stopping = new();
    private Task loop = Task.CompletedTask;
    private bool isWaiting;
    private bool isStopped;

    /// <summary>Something may be due. Returns at once.</summary>
    public void Wake()
    {
        isWaiting = true;
        if (loop.IsCompleted && !isStopped)
            loop = LoopAsync();
    }

    /// <summary>No further run begins; the one that runs is told, and waited for. Idempotent.</summary>
    public async ValueTask DisposeAsync()
    {
        if (isStopped)
            return;
        isStopped = true;
        await stopping.CancelAsync();
        await loop;
        stopping.Dispose();
    }

    private async Task LoopAsync()
    {
        var stop = stopping.Token;
        while (isWaiting && !stop.IsCancellationRequested)
        {
            isWaiting = false;
            await run(stop);
        }
    }
}
