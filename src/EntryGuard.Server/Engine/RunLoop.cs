namespace EntryGuard.Server.Engine;

/// <summary>One running, one waiting: however often it is rung during a run, one more run follows (E23).</summary>
/// <remarks>Not for several threads at once: an activation, which has one, owns it.</remarks>
internal sealed class RunLoop(Func<CancellationToken, Task> run)
{
    private readonly CancellationTokenSource stopping = new();
    private Task loop = Task.CompletedTask;
    private bool isWaiting;

    /// <summary>Something may be due. Returns at once.</summary>
    public void Wake()
    {
        isWaiting = true;
        if (loop.IsCompleted)
            loop = LoopAsync();
    }

    /// <summary>No further run begins; the one that runs is told, and waited for.</summary>
    public async Task StopAsync()
    {
        await stopping.CancelAsync();
        await loop;
    }

    private async Task LoopAsync()
    {
        while (isWaiting && !stopping.IsCancellationRequested)
        {
            isWaiting = false;
            await run(stopping.Token);
        }
    }
}
