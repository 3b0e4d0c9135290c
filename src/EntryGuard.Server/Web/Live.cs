using EntryGuard.Server.Data;

namespace EntryGuard.Server.Web;

/// <summary>
/// Tells a page that something of its organization changed: then it asks the API again. Rings that come close together are one, and where none
/// comes the page looks all the same, so that a lost ring costs seconds and never the truth.
/// </summary>
internal sealed class Live(AuditBell bell, Api api, TimeProvider time, ILogger<Live> log) : IAsyncDisposable
{
    /// <summary>Longest time until a change is seen whose ring was lost.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(15);

    // What one start or stop commits comes within this; 200 pages that look at once are looked for once.
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(120);

    // Where a ring wakes 200 pages, a few look at a time: the first need not wait for the last.
    private static readonly SemaphoreSlim AtOnce = new(2 * Environment.ProcessorCount);

    // A page that takes long over its look does not keep the others waiting.
    private static readonly TimeSpan LongestTurn = TimeSpan.FromSeconds(2);

    // What stands around the page looks so much later, when those who wait for a change have seen it.
    private static readonly TimeSpan Later = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource stop = new();
    private readonly Lock guard = new();
    private readonly List<Func<Task>> pages = [];
    private readonly List<Func<Task>> asides = [];
    private Task? loop;
    private Task aside = Task.CompletedTask;
    private Task moving = Task.CompletedTask;

    /// <summary>From now on; dispose to leave.</summary>
    /// <param name="look">Asks again and shows it.</param>
    /// <param name="isAside">It stands around the page, and may be a second later.</param>
    public async Task<IDisposable> FollowAsync(Func<Task> look, bool isAside = false)
    {
        var among = isAside ? asides : pages;
        lock (guard)
            among.Add(look);
        if (loop is null)
        {
            api.Moved -= Move;
            api.Moved += Move;
        }

        if (loop is null && await api.VisitorAsync() is { } visitor)
            loop ??= RunAsync(bell.Listen(visitor.SignIn.Organization));
        return new Place(guard, among, look);
    }

    public async ValueTask DisposeAsync()
    {
        api.Moved -= Move;
        await stop.CancelAsync();
        if (loop is not null)
            await loop;
        await moving;
        await aside;
        stop.Dispose();
    }

    private async Task RunAsync(AuditBell.Ear ear)
    {
        using var held = ear;
        try
        {
            while (true)
            {
                if (await ear.WaitAsync(Longest, time, stop.Token))
                    await Task.Delay(Gather, time, stop.Token);
                var isMyTurn = await AtOnce.WaitAsync(LongestTurn, stop.Token);
                try
                {
                    await LookAsync(pages);
                }
                finally
                {
                    if (isMyTurn)
                        AtOnce.Release();
                }

                if (aside.IsCompleted)
                    aside = LookAsideAsync();
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The page is closed.
        }
    }

    // What depends on the address and the sign-in is asked for again at once.
    private void Move() => moving = Task.WhenAll(moving, LookAsync(pages), LookAsync(asides));

    private async Task LookAsideAsync()
    {
        try
        {
            await Task.Delay(Later, time, stop.Token);
            await LookAsync(asides);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The page is closed.
        }
    }

    private async Task LookAsync(List<Func<Task>> some)
    {
        Func<Task>[] all;
        lock (guard)
            all = [.. some];
        foreach (var look in all)
            await LookAsync(look);
    }

    private async Task LookAsync(Func<Task> look)
    {
        try
        {
            await look();
        }
        catch (ObjectDisposedException)
        {
            // It was left while it was told.
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The page is closed.
        }
        catch (Exception e)
        {
            log.PageFailed(e);   // the next look may do better, also of one that took too long; the others are told
        }
    }

    private sealed class Place(Lock guard, List<Func<Task>> among, Func<Task> look) : IDisposable
    {
        public void Dispose()
        {
            lock (guard)
                among.Remove(look);
        }
    }
}

internal static partial class LiveLog
{
    [LoggerMessage(2801, LogLevel.Warning, "A page could not be brought up to date")]
    public static partial void PageFailed(this ILogger log, Exception e);
}
