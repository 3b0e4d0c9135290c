namespace EntryGuard.Server.Engine.Clustering;

/// <summary>A node came or left: what it worked on may be nobody's, so everything is looked at again, at once (E22, E23).</summary>
/// <remarks>
/// And again a few times: a ring is one-way, so one at a grain that the directory still believes on the node that died is lost without a word.
/// What is due the clock finds anyway; a gate with nothing due would stay shut until the next sweep.
/// </remarks>
internal sealed class MembershipWatch(IServiceProvider services, SweepLoop sweep, Clock clock, TimeProvider time, ILogger<MembershipWatch> log) : BackgroundService
{
    private static readonly TimeSpan[] Echoes = [.. new[] { 0.25, 0.5, 1, 2, 4, 8 }.Select(TimeSpan.FromSeconds)];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var known = new Dictionary<SiloAddress, SiloStatus>();
        var (echo, echoing) = (new CancellationTokenSource(), Task.CompletedTask);
        try
        {
            await foreach (var cluster in services.GetRequiredService<IClusterMembershipService>().MembershipUpdates.WithCancellation(stoppingToken))
            {
                var now = cluster.Members.Values.ToDictionary(m => m.SiloAddress, m => m.Status);
                if (now.Count == known.Count && now.All(m => known.TryGetValue(m.Key, out var before) && before == m.Value))
                    continue;
                foreach (var member in cluster.Members.Values.Where(m => !known.TryGetValue(m.SiloAddress, out var before) || before != m.Status))
                    log.Became(member.SiloAddress.Endpoint.ToString(), member.Status);
                known = now;
                await StopAsync();
                echo = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
                echoing = LookAsync(echo.Token);
            }
        }
        finally
        {
            await StopAsync();
        }

        async Task StopAsync()
        {
            await echo.CancelAsync();
            await echoing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            echo.Dispose();
        }
    }

    private async Task LookAsync(CancellationToken ct)
    {
        Look();
        foreach (var wait in Echoes)
        {
            await Task.Delay(wait, time, ct);
            Look();
        }
    }

    private void Look()
    {
        sweep.Now();
        clock.Changed();
    }
}

internal static partial class MembershipLog
{
    [LoggerMessage(1401, LogLevel.Information, "Node {Node} is {Status}")]
    public static partial void Became(this ILogger log, string node, SiloStatus status);
}
