using EntryGuard.Server.Hosting;

namespace EntryGuard.Server.Features.Me;

/// <summary>What the caller may do.</summary>
public static class MeEndpoints
{
    public static void Map(RouteGroupBuilder api) =>
        api.MapGet("/me/access", GetAccess.Handle).WithTags("Me").WithName("GetAccess").WithSummary("What you could open now, for how long, and why not the rest")
            .RequireScope(ApiScopes.SessionsRead);
}
