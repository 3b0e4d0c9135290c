using System.Diagnostics.Metrics;
using EntryGuard.Server.Data;

namespace EntryGuard.Server.Engine;

/// <summary>What is to be known about this node. The figures are those last looked at: by the sweep, and by whoever scrapes.</summary>
public sealed class NodeMetrics : IDisposable
{
    /// <summary>Name of the meter, for exporters.</summary>
    public const string MeterName = "EntryGuard.Node";

    private readonly Meter meter = new(MeterName);
    private readonly Readiness readiness;
    private readonly OverdueClosings overdue;
    private readonly HealthReview health;

    public NodeMetrics(Readiness readiness, OverdueClosings overdue, HealthReview health, DatabaseClock clock)
    {
        (this.readiness, this.overdue, this.health) = (readiness, overdue, health);
        meter.CreateObservableGauge("entryguard.node_ready", () => readiness.IsReady ? 1 : 0, null, "1 if this node does its work, else 0; /health/ready says why not");
        meter.CreateObservableGauge(
            "entryguard.closing_overdue_claims", () => overdue.LastCount, null, "Addresses that should be closed and may still be open, of the whole installation");
        meter.CreateObservableGauge(
            "entryguard.health_events_open",
            () => Enum.GetValues<HealthCategory>().Select(c => new Measurement<int>(health.LastCount(c), new KeyValuePair<string, object?>("category", Names.Wire(c)))),
            null, "Resources with something wrong now, by category, of the whole installation");
        meter.CreateObservableGauge(
            "entryguard.database_clock_offset", () => clock.Offset.TotalSeconds, "s", "The database's time less this node's");
    }

    /// <summary>Looks at everything now.</summary>
    public async Task RefreshAsync(CancellationToken ct)
    {
        if (!(await readiness.LookAsync(ct)).IsReady)
            return;
        await overdue.CountAsync(ct);
        await health.CountAsync(ct);
    }

    public void Dispose() => meter.Dispose();
}
