using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Hosting;
using EntryGuard.Server.Hosting.SignIns;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace EntryGuard.Server.Features.Events;

/// <summary>
/// <c>GET /events</c>. Begins with <c>ready</c>, then an <c>audit</c> event per row the caller may see, and a <c>heartbeat</c> where nothing
/// happens. Each carries the id to resume by. Whenever it wakes, key or access token is looked at again: revoked, expired or changed, the stream ends.
/// Nothing is buffered for a slow reader but one batch.
/// </summary>
public static class StreamEvents
{
    /// <summary>Longest silence, and longest time until rows are seen whose ring was lost.</summary>
    public static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    public static async Task<Results<ServerSentEventsResult<EventResponse>, RefusalResult>> Handle(
        [FromHeader(Name = "Last-Event-ID")] string? lastEventId, EntryGuardDb db, Caller caller, Databases databases, EventStreams streams,
        CallerCheck callers, TimeProvider time, IHostApplicationLifetime lifetime, HttpContext context, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(databases);
        ArgumentNullException.ThrowIfNull(streams);
        ArgumentNullException.ThrowIfNull(lifetime);
        ArgumentNullException.ThrowIfNull(context);
        var from = string.IsNullOrEmpty(lastEventId) ? null : EventCursor.Parse(lastEventId);
        if (from is null && !string.IsNullOrEmpty(lastEventId))
            return new RefusalResult(Refusal.Field("Last-Event-ID", "is not one this server gave; send back the id of the last event as it came, or leave it out"));
        if (streams.TryOpen(caller.UserId) is not { } place)
            return new RefusalResult(new Refusal(ErrorCodes.RateLimited, RefusalKind.TooMany,
                $"You have {EventStreams.MostPerUser} streams open already; close one first."));
        context.Response.RegisterForDispose(place);
        var ear = databases.AuditBell.Listen(caller.Organization);   // before the first look, so that nothing falls between
        context.Response.RegisterForDispose(ear);
        var reader = new EventReader(db, caller, time);
        from ??= await reader.NowAsync(ct);
        return TypedResults.ServerSentEvents(FollowAsync(reader, from, ear, () => callers.StillAsync(context, caller, ct), time, lifetime.ApplicationStopping, ct));
    }

    private static async IAsyncEnumerable<SseItem<EventResponse>> FollowAsync(
        EventReader reader, EventCursor cursor, AuditBell.Ear ear, Func<Task<bool>> mayStay, TimeProvider time, CancellationToken stopping,
        [EnumeratorCancellation] CancellationToken ct)
    {
        var spokeAt = time.GetUtcNow();
        yield return Item("ready", cursor.ToString(), new EventResponse());
        while (await mayStay())
        {
            var events = await reader.NextAsync(cursor, ct);
            var now = time.GetUtcNow();
            if (events.Count == 0 && now - spokeAt < Heartbeat)
            {
                if (!await RestAsync(ear, Heartbeat - (now - spokeAt), time, stopping, ct))
                    yield break;
                continue;
            }

            spokeAt = now;
            foreach (var (id, what) in events)
                yield return Item("audit", id, what);
            if (events.Count == 0)
                yield return Item("heartbeat", cursor.ToString(), new EventResponse());
        }
    }

    private static SseItem<EventResponse> Item(string type, string id, EventResponse what) => new(what, type) { EventId = id };

    // False: the server stops. A reader that went away throws, as everywhere.
    private static async Task<bool> RestAsync(AuditBell.Ear ear, TimeSpan limit, TimeProvider time, CancellationToken stopping, CancellationToken ct)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping, ct);
        try
        {
            await ear.WaitAsync(limit, time, either.Token);
            return true;
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return false;
        }
    }
}
