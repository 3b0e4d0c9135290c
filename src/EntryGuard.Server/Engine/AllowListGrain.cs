using EntryGuard.Domain;
using EntryGuard.Domain.Providers;
using Orleans.Concurrency;
using Orleans.Placement;

namespace EntryGuard.Server.Engine;

/// <summary>Addresses the one writer of an allow-list, wherever in the cluster it is. The grain's key is the allow-list's.</summary>
internal interface IAllowListGrain : IGrainWithStringKey
{
    /// <summary>Something may be due. One-way; rings during a run are one.</summary>
    [OneWay]
    [AlwaysInterleave]
    Task Wake();
}

/// <summary>
/// A thin shell: no decisions, no storage, only "one running, one waiting". It stays where it is, because what a gate holds, it holds in
/// its owner's process.
/// </summary>
[KeepAlive]
[RandomPlacement]
internal sealed class AllowListGrain : Grain, IAllowListGrain, IAsyncDisposable
{
    private readonly AllowListWorker worker;
    private readonly ProviderSet providers;
    private readonly Lazy<Clock> clock;
    private readonly ILogger<AllowListGrain> log;
    private readonly RunLoop loop;

    public AllowListGrain(AllowListWorker worker, ProviderSet providers, Lazy<Clock> clock, ILogger<AllowListGrain> log)
    {
        (this.worker, this.providers, this.clock, this.log) = (worker, providers, clock, log);
        loop = new RunLoop(RunOnce);
    }

    private AllowListKey Key => new(this.GetPrimaryKeyString());

    public Task Wake()
    {
        loop.Wake();
        return Task.CompletedTask;
    }

    /// <summary>The node leaves: a call that is out is waited for, at most until its own time limit, and recorded, so that the next owner need not wait for it.</summary>
    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        await loop.DisposeAsync();
        worker.Forget(Key);
        foreach (var holder in providers.All.OfType<IHoldsAllowLists>())
            await holder.ReleaseAsync(Key);
    }

    public ValueTask DisposeAsync() => loop.DisposeAsync();

    private async Task RunOnce(CancellationToken leaving)
    {
        try
        {
            await worker.RunOnce(Key, leaving, CancellationToken.None);
        }
        catch (Exception e)
        {
            // What is due is still due: the clock rings again in 5 s.
            log.RunFailed(e, Key);
        }

        clock.Value.Changed();   // what it wrote may be due before what the clock sleeps for: a retry, a deadline
    }
}

internal static partial class GrainLog
{
    [LoggerMessage(1301, LogLevel.Error, "Work on allow-list {Key} failed; it is tried again")]
    public static partial void RunFailed(this ILogger log, Exception e, AllowListKey key);
}
