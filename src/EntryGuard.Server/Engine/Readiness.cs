using System.Globalization;
using EntryGuard.Server.Data;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Engine;

/// <summary>Whether this node does its work, and if not, why not, in words.</summary>
/// <param name="Reasons">Empty if it is ready.</param>
/// <param name="Warnings">True things that do not stop it.</param>
public sealed record NodeState(IReadOnlyList<string> Reasons, IReadOnlyList<string> Warnings)
{
    public bool IsReady => Reasons.Count == 0;
}

/// <summary>Finds out whether this node is ready: database, schema, clock, identity, and not about to stop.</summary>
public sealed class Readiness(
    Databases databases, DatabaseClock clock, WriteRight right, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<Readiness> log)
{
    /// <summary>Between our wall clock and the database's (E24).</summary>
    public static readonly TimeSpan WarnAbove = TimeSpan.FromSeconds(1);

    /// <inheritdoc cref="WarnAbove"/>
    public static readonly TimeSpan RefuseAbove = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private bool wasReady = true;

    /// <summary>As last found, and not stopping since.</summary>
    public bool IsReady => wasReady && right.IsGranted && !lifetime.ApplicationStopping.IsCancellationRequested;

    /// <summary>Looks now. Never throws but for <paramref name="ct"/>.</summary>
    public async Task<NodeState> LookAsync(CancellationToken ct)
    {
        var (reasons, warnings) = (new List<string>(), new List<string>());
        if (lifetime.ApplicationStopping.IsCancellationRequested)
            reasons.Add("The node is stopping.");
        if (right.WhyNot is { } why)
            reasons.Add(why);
        if (await DatabaseFaultAsync(ct) is { } fault)
            reasons.Add(fault);
        else if (clock.Offset.Duration() > RefuseAbove)
            reasons.Add($"{ClockWords()}: more than {RefuseAbove.TotalSeconds:0} s. Repair time synchronisation on both machines.");
        else if (clock.Offset.Duration() > WarnAbove)
            warnings.Add($"{ClockWords()}. Above {RefuseAbove.TotalSeconds:0} s this node takes itself out.");
        var state = new NodeState(reasons, warnings);
        if (state.IsReady != wasReady)
        {
            if (state.IsReady)
                log.Ready();
            else
                log.NotReady(string.Join(' ', reasons));
        }

        wasReady = state.IsReady;
        return state;
    }

    private string ClockWords() => string.Create(CultureInfo.InvariantCulture, $"This node's clock is {clock.Offset.Duration().TotalSeconds:0.0} s away from the database's");

    private async Task<string?> DatabaseFaultAsync(CancellationToken ct)
    {
        using var limit = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, ct);
        try
        {
            await using var owner = databases.OpenOwner();
            var missing = await owner.Database.GetPendingMigrationsAsync(either.Token);
            await clock.MeasureAsync(either.Token);
            return missing.Any() ? "The database's schema is not up to date; restart this node, which brings it up to date." : null;
        }
        catch (Exception e) when (e is not OperationCanceledException || !ct.IsCancellationRequested)
        {
            log.DatabaseFault(e);
            return e is OperationCanceledException
                ? $"The database did not answer within {Patience.TotalSeconds:0} s."
                : "The database cannot be reached, or does not do what is asked; this node's log says how.";
        }
    }
}

internal static partial class ReadinessLog
{
    [LoggerMessage(1501, LogLevel.Warning, "The database does not answer")]
    public static partial void DatabaseFault(this ILogger log, Exception e);

    [LoggerMessage(1502, LogLevel.Error, "This node is not ready: {Reasons}")]
    public static partial void NotReady(this ILogger log, string reasons);

    [LoggerMessage(1503, LogLevel.Information, "This node is ready again")]
    public static partial void Ready(this ILogger log);
}
