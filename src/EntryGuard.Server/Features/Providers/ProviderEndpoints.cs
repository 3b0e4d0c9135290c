using EntryGuard.Server.Hosting;

namespace EntryGuard.Server.Features.Providers;

/// <summary>What this server can talk to.</summary>
public static class ProviderEndpoints
{
    public static void Map(RouteGroupBuilder api) =>
        api.MapGet("/providers", ListProviders.Handle).WithTags("Resources").WithName("ListProviders").WithSummary("The kinds of Resource there can be, and what each asks for")
            .RequireAdmin().RequireScope(ApiScopes.ResourcesRead);
}
