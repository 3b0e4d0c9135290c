using System.Diagnostics.Metrics;
using EntryGuard.Domain.Providers;
using EntryGuard.Domain.Sessions;
using EntryGuard.Server.Data;

namespace EntryGuard.Server.Engine;

/// <summary>What the engine measures. First of all: seconds an address stayed open at the provider outside its session.</summary>
public sealed class EngineMetrics : IDisposable
{
    /// <summary>Name of the meter, for exporters.</summary>
    public const string MeterName = "EntryGuard.Engine";

    private readonly Meter meter = new(MeterName);
    private readonly Histogram<double> overExposure;
    private readonly Histogram<double> opening;
    private readonly Counter<long> calls;
    private readonly Counter<long> transitions;
    private readonly Counter<long> mails;
    private double sweptAt;
    private int mailsWaiting;
    private double oldestMail;

    public EngineMetrics()
    {
        overExposure = meter.CreateHistogram<double>(
            "entryguard.over_exposure", "s", "From the end of a claim to its rules seen gone",
            advice: new() { HistogramBucketBoundaries = [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 1800, 3600] });
        opening = meter.CreateHistogram<double>("entryguard.opening", "s", "From the start of a claim to its rules standing");
        calls = meter.CreateCounter<long>("entryguard.provider_calls", "{call}", "Calls to providers");
        transitions = meter.CreateCounter<long>("entryguard.transitions", "{transition}", "Status changes of sessions and claims");
        mails = meter.CreateCounter<long>("entryguard.mail_tries", "{try}", "Tries to send a mail");
        meter.CreateObservableGauge("entryguard.mail_waiting", () => mailsWaiting, null, "Mails that are not sent yet, of the whole installation");
        meter.CreateObservableGauge("entryguard.mail_oldest_waiting", () => oldestMail, "s", "Age of the oldest mail that is not sent yet; 0: there is none");
        meter.CreateObservableGauge("entryguard.sweep_last_run_timestamp", () => sweptAt, "s", "When the sweep last came to its end, Unix time");
    }

    internal void Called(ResourceType type, string call, string? fault) =>
        calls.Add(1, new("provider", type.ToString()), new("call", call), new("fault", fault ?? "none"));

    internal void Swept(DateTimeOffset at) => sweptAt = at.ToUnixTimeMilliseconds() / 1000.0;

    /// <param name="outcome">"sent", "retried", "given_up".</param>
    internal void Mailed(MailKind kind, string outcome) => mails.Add(1, new("kind", Names.Wire(kind)), new("outcome", outcome));

    internal void MailWaits(int count, TimeSpan oldest) => (mailsWaiting, oldestMail) = (count, oldest.TotalSeconds);

    /// <summary>A write was committed.</summary>
    internal void Wrote(SessionWrite write)
    {
        foreach (var claim in write.Moved)
        {
            transitions.Add(1, new("what", "resource_ip"), new("to", Names.Wire(claim.Status)));
            if (claim.Status == ResourceIpStatus.Removed && claim is { RemovedAt: { } removed, EndingAt: { } ended, AppliedAt: not null, IsDeclaredGone: false })
                overExposure.Record(Math.Max(0, (removed - (claim.EndsAt < ended ? claim.EndsAt : ended)).TotalSeconds));
            if (claim.Status == ResourceIpStatus.Applied && claim.AppliedAt == write.Now)
                opening.Record((write.Now - claim.CreatedAt).TotalSeconds);
        }
    }

    public void Dispose() => meter.Dispose();
}
