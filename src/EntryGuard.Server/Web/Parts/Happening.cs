using EntryGuard.Contracts;

namespace EntryGuard.Server.Web.Parts;

/// <summary>What an audit row means, in the timeline of a session.</summary>
/// <param name="Text">A sentence without its end.</param>
/// <param name="Colour">Of its mark: a class of <c>console.css</c>.</param>
internal sealed record Happening(string Text, string Colour)
{
    public static Happening Of(AuditEntryResponse row)
    {
        var what = row.ResourceType == "RESOURCE" ? row.ResourceName ?? "a Resource" : "";
        return row.EventType switch
        {
            "SESSION_START" => new("Started", "blue"),
            "SESSION_ACTIVE" => new("Active: every Resource is open", "green"),
            "SESSION_PARTIAL" => new("Partial: some Resources are open, some are not", "orange"),
            "SESSION_PENDING" => new("Waiting to be opened", "blue"),
            "SESSION_FAILED" => new("Failed: no access was granted", "red"),
            "SESSION_EXTEND" => new("Extended", "blue"),
            "SESSION_STOP" => new("Stopped", "yellow"),
            "SESSION_ACCESS_CHANGE" => new("Rests on another grant from now on", "grey"),
            "SESSION_EXPIRING" => new("Over: its rules are being taken off", "yellow"),
            "SESSION_EXPIRED" => new("Expired: every rule was seen gone", "grey"),
            "SESSION_CANCELLED" => new("Cancelled: every rule was seen gone", "grey"),
            "RULE_APPLIED" => new($"{what} opened", "green"),
            "RULE_PUT_BACK" => new($"{what} put back", "green"),
            "RULE_APPLY_RETRY" => new($"{what} did not open; it is tried again", "orange"),
            "RULE_APPLY_FAILED" => new($"{what} could not be opened", "red"),
            "RULE_LOST" => new($"The rule of {what} is missing at the provider", "orange"),
            "RULE_REMOVED" => new($"{what} closed: its rule was seen gone", "grey"),
            "RULE_KEPT" => new($"{what} stays open for another session or static rule", "grey"),
            "RULE_REMOVE_RETRY" => new($"{what} did not close; it is tried again", "orange"),
            "RULE_REMOVE_FAILED" => new($"Closing {what} is overdue; it is tried until it is closed", "red"),
            "RULE_RETRY" => new($"Another try of {what} asked for", "blue"),
            "RULE_DECLARED_GONE" => new($"The rule of {what} was declared gone", "red"),
            "RULE_FOUND_AGAIN" => new($"The rule of {what} was found at the provider again", "red"),
            "RULE_STRAY" => new($"A rule of ours that nobody wants stood on {what}", "red"),
            "RULE_ALTERED" => new($"A rule of ours on {what} was changed by somebody", "red"),
            "RULE_FOREIGN" => new($"A rule that is not ours stood on {what}", "red"),
            var other => new($"{Words.Title(other)} {what}".TrimEnd(), row.Result == "SUCCESS" ? "grey" : "red"),
        };
    }

    /// <summary>Who did it.</summary>
    public static string Who(AuditEntryResponse row) => row.ActorType switch
    {
        "SYSTEM" => "the server",
        _ => row.ActorKey is { } key ? $"{row.ActorEmail} with the key {key}" : row.ActorEmail ?? Words.Title(row.ActorType),
    };
}
