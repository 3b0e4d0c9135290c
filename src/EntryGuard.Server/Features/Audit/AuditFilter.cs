using EntryGuard.Domain;
using EntryGuard.Server.Data;
using Microsoft.AspNetCore.Mvc;

namespace EntryGuard.Server.Features.Audit;

/// <summary>Which rows: the same for the list and the export.</summary>
/// <param name="EventType">Only these; repeated or comma separated.</param>
/// <param name="ActorEmail">Only what this user did, or a key of theirs.</param>
/// <param name="ActorType">USER, API_KEY, SERVICE_ACCOUNT or SYSTEM.</param>
/// <param name="ResourceType">Only about such things: SESSION, USER, ROLE, ...</param>
/// <param name="ResourceId">Only about this one.</param>
/// <param name="Result">SUCCESS or FAILURE.</param>
/// <param name="IpAddress">Only what came from this address.</param>
/// <param name="SessionId">Only about this session or static rule.</param>
/// <param name="From">Then or later.</param>
/// <param name="To">Before.</param>
public sealed record AuditFilter(
    [FromQuery(Name = "eventType")] string[]? EventType, [FromQuery(Name = "actorEmail")] string? ActorEmail, [FromQuery(Name = "actorType")] string? ActorType,
    [FromQuery(Name = "resourceType")] string? ResourceType, [FromQuery(Name = "resourceId")] string? ResourceId, [FromQuery(Name = "result")] string? Result,
    [FromQuery(Name = "ipAddress")] string? IpAddress, [FromQuery(Name = "sessionId")] Guid? SessionId, [FromQuery(Name = "from")] string? From,
    [FromQuery(Name = "to")] string? To)
{
    /// <summary>The rows it lets through; what is wrong with it is added to the errors.</summary>
    internal IQueryable<AuditEntry> Of(IQueryable<AuditEntry> rows, Dictionary<string, string> errors)
    {
        var events = EventTypes(errors);
        var actor = RequestFields.Words("actorEmail", ActorEmail, 320, errors)?.ToLowerInvariant();
        var (actorType, resourceType, result) = (Word("actorType", ActorType, errors), Word("resourceType", ResourceType, errors), Word("result", Result, errors));
        var (resourceId, address) = (RequestFields.Words("resourceId", ResourceId, 64, errors), RequestFields.Words("ipAddress", IpAddress, 64, errors));
        var (from, to) = (RequestFields.Instant("from", From, errors), RequestFields.Instant("to", To, errors));
        if (events.Count > 0)
            rows = rows.Where(a => events.Contains(a.EventType));
        if (actor is not null)
            rows = rows.Where(a => a.ActorEmail == actor);
        if (actorType is not null)
            rows = rows.Where(a => a.ActorType == actorType);
        if (resourceType is not null)
            rows = rows.Where(a => a.ResourceType == resourceType);
        if (resourceId is not null)
            rows = rows.Where(a => a.ResourceId == resourceId);
        if (result is not null)
            rows = rows.Where(a => a.Result == result);
        if (address is not null)
            rows = rows.Where(a => a.IpAddress == address);
        if (from is { } first)
            rows = rows.Where(a => a.CreatedAt >= first);
        if (to is { } end)
            rows = rows.Where(a => a.CreatedAt < end);
        return SessionId is { } id ? rows.Where(a => a.SessionId == new SessionId(id)) : rows;
    }

    private List<string> EventTypes(Dictionary<string, string> errors)
    {
        var events = (EventType ?? []).SelectMany(g => g.Split(',')).ToList();
        if (events.Count > 100)
            errors["eventType"] = "names more than 100 event types";
        else if (events.Exists(e => !IsWord(e)))
            errors["eventType"] = "is no event type; write one or more such as SESSION_START,RULE_REMOVED";
        return events;
    }

    private static string? Word(string field, string? given, Dictionary<string, string> errors)
    {
        if (given is not null && !IsWord(given))
            errors[field] = "is written in capital letters, such as USER or SUCCESS";
        return given;
    }

    private static bool IsWord(string text) =>
        text.Length is > 0 and <= 64 && text.All(c => char.IsAsciiLetterUpper(c) || char.IsAsciiDigit(c) || c == '_');
}
