using EntryGuard.Contracts;

namespace EntryGuard.Server.Web.Parts;

/// <summary>What can be done about a session and its Resource IPs, by what the API says of them. Whoever may not is refused there all the same.</summary>
internal static class Possible
{
    // Ends that are set together differ by less.
    private static readonly TimeSpan OneMoment = TimeSpan.FromSeconds(1);

    /// <summary>It can be stopped: it is neither over nor ending.</summary>
    public static bool CanStop(this SessionResponse session) => session.Status is "PENDING" or "ACTIVE" or "PARTIAL";

    /// <summary>It can be made longer, if there is room: see <see cref="MinutesLeft"/>.</summary>
    public static bool CanExtend(this SessionResponse session) => session.Status is "ACTIVE" or "PARTIAL";

    /// <summary>The Resource IP that may be open longest, and so bounds an extension; null: none is open.</summary>
    public static ResourceIpResponse? Longest(this SessionResponse session) =>
        session.ResourceIps.Where(IsLive).MaxBy(c => c.LatestEnd);

    /// <summary>It is open, or is being opened.</summary>
    public static bool IsLive(this ResourceIpResponse claim) => claim.Status is "APPLIED" or "PENDING" or "APPLYING";

    /// <summary>It closes before its session ends, by a limit of its own.</summary>
    public static bool EndsEarly(this ResourceIpResponse claim, SessionResponse session) =>
        session.CanStop() && claim.IsLive() && session.ExpiresAt - claim.EndsAt > OneMoment;

    /// <summary>The session goes on, and some of it is over: what remains is all that its status tells of.</summary>
    public static bool EndedInPart(this SessionResponse session) =>
        session.CanExtend() && session.ResourceIps.Any(c => c.Status is "REMOVING" or "REMOVED" || c.OverdueSince is not null);

    /// <summary>By so much it can still be made longer: whole minutes, because the API refuses what goes beyond.</summary>
    public static int MinutesLeft(this SessionResponse session) =>
        session.Longest() is { } longest ? Math.Max(0, (int)(longest.LatestEnd - session.ExpiresAt).TotalMinutes) : 0;

    /// <summary>Auditors read everything and change nothing.</summary>
    public static bool MayChange(this SignedInUser? user) => user is not null && user.Authority != "AUDITOR";

    /// <summary>Reads what belongs to others.</summary>
    public static bool SeesAll(this SignedInUser? user) => user?.Authority is "ADMIN" or "AUDITOR";
}
