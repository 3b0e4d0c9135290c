using EntryGuard.Server.Hosting;

namespace EntryGuard.Server.Features.Events;

/// <summary>What happens, as it happens.</summary>
public static class EventEndpoints
{
    public static void Map(RouteGroupBuilder api) =>
        api.MapGet("/events", StreamEvents.Handle).WithTags("Events").WithName("StreamEvents")
            .WithSummary("What happens, as it happens: server-sent events; resumes by Last-Event-ID").RequireScope(ApiScopes.SessionsRead);
}
