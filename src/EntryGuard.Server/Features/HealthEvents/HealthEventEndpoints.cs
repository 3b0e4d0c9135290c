using EntryGuard.Server.Hosting;

namespace EntryGuard.Server.Features.HealthEvents;

/// <summary>What is, or was, wrong with Resources.</summary>
public static class HealthEventEndpoints
{
    public static void Map(RouteGroupBuilder api) =>
        api.MapGet("/health-events", ListHealthEvents.Handle).WithTags("Resources").WithName("ListHealthEvents").WithSummary("What is wrong with Resources, newest first")
            .RequireAdmin().RequireScope(ApiScopes.ResourcesRead);
}
