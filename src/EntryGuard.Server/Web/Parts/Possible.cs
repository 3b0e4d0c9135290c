using EntryGuard.Contracts;

namespace EntryGuard.Server.Web.Parts;

/// <summary>What can be done about a session and its Resource IPs, by what the API says of them. Whoever may not is refused there all the same.</summary>
internal static class Possible
{
    /// <summary>It can be stopped: it is neither over nor ending.</summary>
    public static bool CanStop(this SessionResponse session) => session.Status is "PENDING" or "ACTIVE" or "PARTIAL";

    /// <summary>It can be made longer, if there is room: see <see cref="MinutesLeft"/>.</summary>
    public static bool CanExtend(this SessionResponse session) => session.Status is "ACTIVE" or "PARTIAL";

    /// <summary>The Resource IP that may be open longest, and so bounds an extension; null: none is open.</summary>
    public static ResourceIpResponse? Longest(this SessionResponse session) =>
        session.ResourceIps.Where(c => c.Status is "APPLIED" or "PENDING" or "APPLYING").MaxBy(c => c.LatestEnd);

    /// <summary>By so much it can still be made longer: whole minutes, because the API refuses what goes beyond.</summary>
    public static int MinutesLeft(this SessionResponse session) =>
        session.Longest() is { } longest ? Math.Max(0, (int)(longest.LatestEnd - session.ExpiresAt).TotalMinutes) : 0;

    /// <summary>Another try would do something: a closing at once, an opening that was given up once more.</summary>
    public static bool CanRetry(this ResourceIpResponse claim, SessionResponse session) =>
        claim.OverdueSince is not null || (claim.Status == "REMOVING" && claim.ErrorCode is not null) || (claim.Status == "FAILED" && session.CanExtend());

    /// <summary>Auditors read everything and change nothing.</summary>
    public static bool MayChange(this SignedInUser? user) => user is not null && user.Authority != "AUDITOR";

    /// <summary>Reads what belongs to others.</summary>
    public static bool SeesAll(this SignedInUser? user) => user?.Authority is "ADMIN" or "AUDITOR";
}
