using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace EntryGuard.Gate;

/// <summary>The meter "EntryGuard.Gate". Counters are read from the gates when a listener asks, so the data path pays nothing for them.</summary>
internal static class GateMetrics
{
    private const string GateTag = "gate";   // the endpoint listened on, "127.0.0.1:15432"

    private static readonly ConcurrentDictionary<GateCounters, string> Gates = new();
    private static readonly Meter Meter = new("EntryGuard.Gate");
    private static readonly Histogram<double> CutDuration = Meter.CreateHistogram<double>(
        "entryguard.gate.cut.duration", "s", "Time from the end or removal of an entry to the cut of a connection it let in.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5] });

    static GateMetrics()
    {
        Meter.CreateObservableCounter("entryguard.gate.connections.accepted", () => Read(c => c.Accepted), "{connection}", "Connections let in.");
        Meter.CreateObservableUpDownCounter(
            "entryguard.gate.connections.active", () => Read(c => c.Active), "{connection}", "Connections let in and not yet ended.");
        Meter.CreateObservableCounter(
            "entryguard.gate.refusals", () => Read("reason", ("not_allowed", c => c.NotAllowed), ("limit", c => c.Limit), ("target", c => c.Target)),
            "{connection}", "Connections reset before a byte passed.");
        Meter.CreateObservableCounter(
            "entryguard.gate.cuts",
            () => Read(
                "cause",
                ("removed", c => c.Cut(CutCause.Removed)), ("lapsed", c => c.Cut(CutCause.Lapsed)), ("closed", c => c.Cut(CutCause.Closed))),
            "{connection}", "Live connections ended by the gate.");
        Meter.CreateObservableCounter(
            "entryguard.gate.bytes", () => Read("direction", ("to_target", c => c.ToTarget), ("to_client", c => c.ToClient)),
            "By", "Bytes passed on.");
    }

    public static void Add(GateCounters counters, string gate) => Gates[counters] = gate;

    public static void Remove(GateCounters counters) => Gates.TryRemove(counters, out _);

    public static void RecordCut(TimeSpan latency, string gate) =>
        CutDuration.Record(latency.TotalSeconds, new KeyValuePair<string, object?>(GateTag, gate));

    private static IEnumerable<Measurement<long>> Read(Func<GateCounters, long> value) =>
        Gates.Select(gate => new Measurement<long>(value(gate.Key), new KeyValuePair<string, object?>(GateTag, gate.Value)));

    private static IEnumerable<Measurement<long>> Read(string tag, params (string Name, Func<GateCounters, long> Value)[] cells) =>
        from gate in Gates
        from cell in cells
        select new Measurement<long>(
            cell.Value(gate.Key), new KeyValuePair<string, object?>(GateTag, gate.Value), new KeyValuePair<string, object?>(tag, cell.Name));
}
