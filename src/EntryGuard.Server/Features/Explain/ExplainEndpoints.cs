using EntryGuard.Server.Hosting;

namespace EntryGuard.Server.Features.Explain;

/// <summary>Why a door is open.</summary>
public static class ExplainEndpoints
{
    public static void Map(RouteGroupBuilder api) =>
        api.MapGet("/explain", ExplainAddress.Handle).WithTags("Resources").WithName("Explain").WithSummary("Why is this door open for this address, or why not?")
            .RequireScope(ApiScopes.SessionsRead);
}
