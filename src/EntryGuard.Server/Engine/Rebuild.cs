using EntryGuard.Domain;

namespace EntryGuard.Server.Engine;

/// <summary>
/// Puts back what died with the last process of a lone node, before the server answers anybody: whoever is told that a door is open finds it
/// open. Nobody else works on these allow-lists yet. In a cluster the grains do it, wherever they come to be.
/// </summary>
internal sealed class Rebuild(Sweep sweep, AllowListWorker worker, WriteRight right, TimeProvider time, ILogger<Rebuild> log) : IHostedService
{
    // What is not back by then comes back by the first sweep: a start must not hang on one door.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (!right.IsGranted)
            return;
        using var alarm = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(alarm.Token, cancellationToken);
        try
        {
            foreach (var key in await sweep.RebuildableAsync(either.Token))
                await PutBackAsync(key, either.Token);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            log.RebuildFailed(e);
        }
    }

    // One door that cannot be put back keeps no other one shut.
    private async Task PutBackAsync(AllowListKey key, CancellationToken leaving)
    {
        try
        {
            await worker.RunOnce(key, leaving, CancellationToken.None);
        }
        catch (Exception e) when (!leaving.IsCancellationRequested)
        {
            log.NotPutBack(e, key);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

internal static partial class RebuildLog
{
    [LoggerMessage(1331, LogLevel.Error, "What lived in the last process was not put back before the server answers; the first sweep goes on with it")]
    public static partial void RebuildFailed(this ILogger log, Exception e);

    [LoggerMessage(1332, LogLevel.Error, "Allow-list {Key} was not put back before the server answers; the first sweep tries again")]
    public static partial void NotPutBack(this ILogger log, Exception e, AllowListKey key);
}
