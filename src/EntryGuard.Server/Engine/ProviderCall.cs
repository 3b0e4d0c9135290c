using EntryGuard.Domain.Providers;

namespace EntryGuard.Server.Engine;

/// <summary>The hard limit of a provider call that only looks (E11).</summary>
internal static class ProviderCall
{
    /// <summary>The answer, or the fault that stands for none. A provider that does not heed its token is left behind.</summary>
    /// <param name="call">Starts the call; what it throws is logged, and told as PROVIDER_ERROR.</param>
    public static async Task<(T? Answer, RuleFault? Fault)> AskAsync<T>(
        Func<CancellationToken, Task<T>> call, string verb, ResourceType type, EngineMetrics metrics, TimeProvider time, ILogger log, CancellationToken ct)
        where T : class
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        try
        {
            var running = call(limit.Token);
            try
            {
                var answer = await running.WaitAsync(AllowListWorker.CallTimeout, time, ct);
                metrics.Called(type, verb, null);
                return (answer, null);
            }
            catch (TimeoutException) when (!running.IsCompleted)
            {
                await limit.CancelAsync();
                _ = running.ContinueWith(t => _ = t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
                metrics.Called(type, verb, "TIMEOUT");
                return (null, new RuleFault("TIMEOUT", $"The provider did not answer within {AllowListWorker.CallTimeout.TotalSeconds:0} s.", false));
            }
        }
        catch (Exception e) when (e is not OperationCanceledException || !ct.IsCancellationRequested)
        {
            log.AskFailed(e, verb, type);
            metrics.Called(type, verb, "ERROR");
            return (null, new RuleFault("PROVIDER_ERROR", "The call failed; the server's log says how.", false));
        }
    }
}

internal static partial class ProviderCallLog
{
    [LoggerMessage(1321, LogLevel.Error, "Call {Call} of {Type} failed")]
    public static partial void AskFailed(this ILogger log, Exception e, string call, ResourceType type);
}
