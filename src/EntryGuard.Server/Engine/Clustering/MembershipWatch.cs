namespace EntryGuard.Server.Engine.Clustering;

/// <summary>A node came or left: what it worked on may be nobody's, so everything is looked at again, at once (E22, E23).</summary>
internal sealed class MembershipWatch(IServiceProvider services, Sweep sweep, Clock clock, ILogger<MembershipWatch> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var known = new Dictionary<SiloAddress, SiloStatus>();
        await foreach (var cluster in services.GetRequiredService<IClusterMembershipService>().MembershipUpdates.WithCancellation(stoppingToken))
        {
            var now = cluster.Members.Values.ToDictionary(m => m.SiloAddress, m => m.Status);
            if (now.Count == known.Count && now.All(m => known.TryGetValue(m.Key, out var before) && before == m.Value))
                continue;
            foreach (var member in cluster.Members.Values.Where(m => !known.TryGetValue(m.SiloAddress, out var before) || before != m.Status))
                log.Became(member.SiloAddress.Endpoint.ToString(), member.Status);
            known = now;
            sweep.Now();
            clock.Changed();
        }
    }
}

internal static partial class MembershipLog
{
    [LoggerMessage(1401, LogLevel.Information, "Node {Node} is {Status}")]
    public static partial void Became(this ILogger log, string node, SiloStatus status);
}
