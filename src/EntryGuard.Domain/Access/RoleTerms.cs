using System.Text.RegularExpressions;
using EntryGuard.Domain.Net;

namespace EntryGuard.Domain.Access;

/// <summary>What a role demands of whoever opens something by it, and for how long it lets them.</summary>
public sealed record RoleTerms
{
    /// <summary>The role's name, for words.</summary>
    public required string Name { get; init; }

    /// <summary>Longest session, extensions included; null: the organization's.</summary>
    public TimeSpan? MaxSession { get; init; }

    /// <summary>The user must say why.</summary>
    public bool IsReasonRequired { get; init; }

    /// <summary>What the reason must hold, for instance a ticket number; null: any words. In .NET's syntax, without what needs backtracking.</summary>
    public string? ReasonPattern { get; init; }

    /// <summary>The only addresses it opens anything for; empty: any.</summary>
    public IReadOnlyList<Cidr> Networks { get; init; } = [];

    /// <summary>The only time in which anything is open by it; null: any.</summary>
    public Schedule? Hours { get; init; }

    /// <summary>A second factor must have been shown within this time before; null: none is asked for.</summary>
    public TimeSpan? MfaWithin { get; init; }

    /// <summary>A pattern as this type reads it: linear in the length of what it is held against, whoever wrote it.</summary>
    /// <exception cref="ArgumentException">It is none, or needs backtracking.</exception>
    public static Regex Pattern(string pattern)
    {
        try
        {
            return new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (NotSupportedException e)
        {
            throw new ArgumentException(e.Message, nameof(pattern), e);
        }
    }

    /// <summary>Whether it lets this be opened, or stay open, and until when at the latest.</summary>
    /// <param name="request">By whom, when.</param>
    /// <param name="longest">The organization's longest session.</param>
    public Verdict Judge(AccessRequest request, TimeSpan longest)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (IsReasonRequired && string.IsNullOrWhiteSpace(request.Reason))
            return Verdict.No(request.StartedAt, $"the role {Name} asks for a reason", AccessLack.Reason);
        if (ReasonPattern is not null && !string.IsNullOrWhiteSpace(request.Reason) && !Pattern(ReasonPattern).IsMatch(request.Reason))
            return Verdict.No(request.StartedAt, $"the role {Name} asks for a reason that matches {ReasonPattern}", AccessLack.Reason);
        if (Networks.Count > 0 && request.Address is { } address && !Networks.Any(n => n.Contains(address)))
            return Verdict.No(request.StartedAt, $"the role {Name} opens nothing for {address}, only for {string.Join(", ", Networks)}", AccessLack.Network);
        if (MfaWithin is { } within && !(request.MfaAt is { } at && request.MfaAskedAt - at <= within))
            return Verdict.No(request.StartedAt, $"the role {Name} asks for a second factor shown within the last {Words(within)}; sign in again", AccessLack.Mfa);

        var until = request.StartedAt + (MaxSession < longest ? MaxSession.Value : longest);
        var by = MaxSession < longest ? $"the role {Name}, {Words(MaxSession.Value)}" : $"the organization's longest session, {Words(longest)}";
        if (Hours is null)
            return new Verdict(until, by, null, AccessLack.Nothing);
        if (Hours.OpenUntil(request.Now) is not { } closes)
            return Verdict.No(request.StartedAt, $"the role {Name} is open only {Hours} ({Hours.ZoneName})", AccessLack.Hours);
        return closes < until ? new Verdict(closes, $"the hours of the role {Name}, {Hours} ({Hours.ZoneName})", null, AccessLack.Nothing)
            : new Verdict(until, by, null, AccessLack.Nothing);
    }

    /// <summary>What no role limits: the organization's longest session.</summary>
    public static Verdict Unlimited(AccessRequest request, TimeSpan longest)
    {
        ArgumentNullException.ThrowIfNull(request);
        return new Verdict(request.StartedAt + longest, $"the organization's longest session, {Words(longest)}", null, AccessLack.Nothing);
    }

    /// <summary>"2 h", "45 min", "90 s".</summary>
    public static string Words(TimeSpan span) =>
        span.TotalHours >= 1 && span is { Minutes: 0, Seconds: 0 } ? $"{span.TotalHours:0} h"
        : span.TotalSeconds < 120 ? $"{span.TotalSeconds:0} s" : $"{span.TotalMinutes:0.##} min";
}

/// <summary>Somebody wants something open, or kept open.</summary>
/// <param name="Address">For whom; null: not known yet, so no network is asked about.</param>
/// <param name="Reason">In the user's words; null: none was given.</param>
/// <param name="MfaAt">When the user last showed a second factor; null: never, or it was a key.</param>
/// <param name="MfaAskedAt">The instant from which the age of the second factor counts: of the start, or of the extension.</param>
/// <param name="StartedAt">When the session began, or begins.</param>
/// <param name="Now">When it is asked.</param>
public sealed record AccessRequest(Cidr? Address, string? Reason, DateTimeOffset? MfaAt, DateTimeOffset MfaAskedAt, DateTimeOffset StartedAt, DateTimeOffset Now);

/// <summary>What is missing.</summary>
public enum AccessLack
{
    /// <summary>Nothing.</summary>
    Nothing,

    /// <summary>A reason, or a better one.</summary>
    Reason,

    /// <summary>An address the role opens for.</summary>
    Network,

    /// <summary>A second factor, shown lately.</summary>
    Mfa,

    /// <summary>It is not the hour.</summary>
    Hours,
}

/// <summary>An answer to an <see cref="AccessRequest"/>.</summary>
/// <param name="Until">The latest end; means nothing where it was refused.</param>
/// <param name="LimitedBy">What set that end, in words.</param>
/// <param name="WhyNot">Why it is refused, in words; null: it is not.</param>
/// <param name="Lack">The same for programs.</param>
public sealed record Verdict(DateTimeOffset Until, string LimitedBy, string? WhyNot, AccessLack Lack)
{
    /// <summary>True if it may be open.</summary>
    public bool IsGranted => WhyNot is null;

    internal static Verdict No(DateTimeOffset at, string why, AccessLack lack) => new(at, "", why, lack);
}
