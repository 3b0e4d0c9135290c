using System.Diagnostics.Metrics;

namespace EntryGuard.Server.Engine;

/// <summary>What is to be known about this node. The figures are those last looked at: by the sweep, and by whoever scrapes.</summary>
public sealed class NodeMetrics : IDisposable
{
    /// <summary>Name of the meter, for exporters.</summary>
    public const string MeterName = "EntryGuard.Node";

    private readonly Meter meter = new(MeterName);
    private readonly Readiness readiness;
    private readonly OverdueClosings overdue;

    public NodeMetrics(Readiness readiness, OverdueClosings overdue, DatabaseClock clock)
    {
        (this.readiness, this.overdue) = (readiness, overdue);
        meter.CreateObservableGauge("entryguard.node_ready", () => readiness.IsReady ? 1 : 0, null, "1 if this node does its work, else 0; /health/ready says why not");
        meter.CreateObservableGauge(
            "entryguard.closing_overdue_claims", () => overdue.LastCount, null, "Addresses that should be closed and may still be open, of the whole installation");
        meter.CreateObservableGauge(
            "entryguard.database_clock_offset", () => clock.Offset.TotalSeconds, "s", "The database's time less this node's");
    }

    /// <summary>Looks at everything now.</summary>
    public async Task RefreshAsync(CancellationToken ct)
    {
        if ((await readiness.LookAsync(ct)).IsReady)
            await overdue.CountAsync(ct);
    }

    public void Dispose() => meter.Dispose();
}
