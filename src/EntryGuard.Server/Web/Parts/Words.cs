using System.Globalization;
using EntryGuard.Contracts;

namespace EntryGuard.Server.Web.Parts;

/// <summary>What a status looks like and means. Never by colour alone: each has its sign and its word.</summary>
/// <param name="Text">The word.</param>
/// <param name="Colour">blue, green, orange, red, yellow or grey: a class of <c>console.css</c>.</param>
/// <param name="Sign">Path of its sign in a box of 24.</param>
/// <param name="Meaning">A sentence.</param>
internal sealed record StatusLook(string Text, string Colour, string Sign, string Meaning);

/// <summary>Words and looks that pages share.</summary>
internal static class Words
{
    private const string Hands = "M12 7v5l3 2M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18";
    private const string Tick = "M4 12.5l5 5L20 6.5";
    private const string Cross = "M6 6l12 12M18 6L6 18";
    private const string Half = "M12 3v18M12 3a9 9 0 1 0 0 18";
    private const string Down = "M12 4v14M6 12l6 6 6-6";
    private const string Dash = "M5 12h14";
    private const string Alarm = "M12 4l9 16H3L12 4zM12 10v4M12 17v.5";

    private static readonly Dictionary<string, string> Spelled = new() { ["STATIC_IP_RULE"] = "Static IP", ["API_KEY"] = "API key" };

    public static StatusLook Session(SessionResponse session) => session.Status switch
    {
        "PENDING" => new("Pending", "blue", Hands, "The door is being opened."),
        "ACTIVE" or "PARTIAL" when session.OverdueSince is not null => new($"{Title(session.Status)}, closing overdue", "red", Alarm, "The session runs, but an address of it that should be closed may still be open. It is tried until it is."),
        "ACTIVE" when session.EndedInPart() => new("Active", "green", Tick, "Every Resource that is still due is open; the rest was closed before, or is being closed."),
        "ACTIVE" => new("Active", "green", Tick, "Every Resource of the session is open."),
        "PARTIAL" => new("Partial", "orange", Half, "Some Resources are open, some are not: see each of them."),
        "FAILED" => new("Failed", "red", Cross, "No access was granted."),
        "EXPIRING" when session.OverdueSince is not null => new("Closing overdue", "red", Alarm, "An address should be closed and may still be open. It is tried until it is."),
        "EXPIRING" => new("Expiring", "yellow", Down, "The session is over; its rules are being taken off."),
        "EXPIRED" => new("Expired", "grey", Dash, "Its time was up, and every rule was seen gone."),
        "CANCELLED" => new("Cancelled", "grey", Dash, "It was ended early, and every rule was seen gone."),
        var other => new(other, "grey", Dash, ""),
    };

    public static StatusLook ResourceIp(ResourceIpResponse claim) => ResourceIp(claim.Status, claim.OverdueSince is not null, claim.Attempts);

    public static StatusLook ResourceIp(string status, bool isOverdue, int attempts) => status switch
    {
        "PENDING" => new("Pending", "blue", Hands, attempts > 0 ? "Waiting for its next try." : "Queued."),
        "APPLYING" => new("Applying", "blue", Hands, "Being applied right now."),
        "APPLIED" => new("Applied", "green", Tick, "Access granted."),
        "FAILED" when isOverdue => new("Removal overdue", "red", Alarm, "It should be closed and may still be open. It is tried until it is."),
        "FAILED" => new("Failed", "red", Cross, "Failed: see Error."),
        "REMOVING" => new("Removing", "yellow", Down, "Removal in progress."),
        "REMOVED" => new("Removed", "grey", Dash, "Its rules were seen gone."),
        var other => new(other, "grey", Dash, ""),
    };

    public static StatusLook StaticRule(string status) => status switch
    {
        "PENDING" => new("Pending", "blue", Hands, "Being opened."),
        "ACTIVE" => new("Active", "green", Tick, "Open on every Resource it names."),
        "PARTIAL" => new("Partial", "orange", Half, "Open on some Resources: see each of them."),
        "FAILED" => new("Failed", "red", Cross, "Open nowhere: see each Resource."),
        "EXPIRING" => new("Closing", "yellow", Down, "Its rules are being taken off."),
        var other => new(Title(other), "grey", Dash, "It is over, and every rule was seen gone."),
    };

    public static StatusLook Health(string health) => health switch
    {
        "VALID" => new("Valid", "green", Tick, "The provider answered as it should, last time it was asked."),
        "INVALID" => new("Invalid", "red", Cross, "The provider said no: see why."),
        _ => new("Unverified", "grey", Dash, "It has not been checked yet."),
    };

    public static StatusLook OnOff(bool isOn, string on = "Active", string off = "Inactive") => isOn ? new(on, "green", Tick, "") : new(off, "grey", Dash, "");

    public static StatusLook Result(string result) => result == "SUCCESS" ? new("Success", "green", Tick, "") : new("Failure", "red", Cross, "");

    /// <summary>"2 h 05 min", "4 min 10 s", "8 s".</summary>
    public static string Span(TimeSpan span)
    {
        var s = span < TimeSpan.Zero ? TimeSpan.Zero : span;
        return s switch
        {
            { TotalDays: >= 2 } => string.Create(CultureInfo.InvariantCulture, $"{(int)s.TotalDays} d {s.Hours} h"),
            { TotalHours: >= 1 } => string.Create(CultureInfo.InvariantCulture, $"{(int)s.TotalHours} h {s.Minutes:00} min"),
            { TotalMinutes: >= 1 } => string.Create(CultureInfo.InvariantCulture, $"{s.Minutes} min {s.Seconds:00} s"),
            _ => string.Create(CultureInfo.InvariantCulture, $"{s.Seconds} s"),
        };
    }

    /// <summary>"14:32 UTC"; on another day than today "2026-03-02 14:32 UTC".</summary>
    public static string Clock(DateTimeOffset at, DateTimeOffset now) => at.UtcDateTime.ToString(at.UtcDateTime.Date == now.UtcDateTime.Date ? "HH:mm" : "yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture) + " UTC";

    /// <summary>"15 min", "1 h", "90 min".</summary>
    public static string Minutes(int minutes) => minutes % 60 == 0 ? $"{minutes / 60} h" : $"{minutes} min";

    /// <summary>"3 min ago", "in 2 h", "just now".</summary>
    public static string Relative(DateTimeOffset at, DateTimeOffset now)
    {
        var (past, span) = (at <= now, (at - now).Duration());
        var text = span switch
        {
            { TotalSeconds: < 5 } => "just now",
            { TotalSeconds: < 60 } => string.Create(CultureInfo.InvariantCulture, $"{(int)span.TotalSeconds} s"),
            { TotalMinutes: < 60 } => string.Create(CultureInfo.InvariantCulture, $"{(int)span.TotalMinutes} min"),
            { TotalHours: < 48 } => string.Create(CultureInfo.InvariantCulture, $"{(int)span.TotalHours} h"),
            { TotalDays: < 60 } => string.Create(CultureInfo.InvariantCulture, $"{(int)span.TotalDays} days"),
            _ => string.Create(CultureInfo.InvariantCulture, $"{at:yyyy-MM-dd}"),
        };
        return text == "just now" || span.TotalDays >= 60 ? text : past ? $"{text} ago" : $"in {text}";
    }

    /// <summary>Of health events.</summary>
    public static string HealthCategory(string category) => category switch
    {
        "VERIFY" => "Verification",
        "RECONCILE" => "Reconciliation",
        "STALE_CIDRS" => "Foreign rules",
        "REMOVAL_FAILING" => "Removal failing",
        _ => Title(category),
    };

    /// <summary>"SERVICE_ACCOUNT" as "Service account".</summary>
    public static string Title(string wire)
    {
        if (wire.Length == 0)
            return wire;
        if (Spelled.GetValueOrDefault(wire) is { } spelled)
            return spelled;
        var text = wire.Replace('_', ' ').ToLowerInvariant();
        return char.ToUpperInvariant(text[0]) + text[1..];
    }
}
