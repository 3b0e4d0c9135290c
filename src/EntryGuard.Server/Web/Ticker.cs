namespace EntryGuard.Server.Web;

/// <summary>Ticks once a second for everything on a page that shows time, as long as anything does.</summary>
internal sealed class Ticker(TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private readonly Lock guard = new();
    private Action? ears;
    private ITimer? timer;

    /// <summary>By the server's clock: a browser's may be wrong.</summary>
    public DateTimeOffset Now => time.GetUtcNow();

    public event Action Ticked
    {
        add
        {
            lock (guard)
            {
                ears += value;
                timer ??= time.CreateTimer(_ => ears?.Invoke(), null, Second, Second);
            }
        }

        remove
        {
            lock (guard)
            {
                ears -= value;
                if (ears is not null)
                    return;
                timer?.Dispose();
                timer = null;
            }
        }
    }

    public void Dispose() => timer?.Dispose();
}
