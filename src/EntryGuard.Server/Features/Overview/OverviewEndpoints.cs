using EntryGuard.Server.Hosting;

namespace EntryGuard.Server.Features.Overview;

/// <summary>What is open in the organization, and what is wrong.</summary>
public static class OverviewEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        // It shows something of sessions, static rules, Resources and people: no one scope covers it, so a key needs all.
        var overview = api.MapGroup("/overview").WithTags("Organization").RequireAdmin();
        overview.MapGet("", GetOverview.Handle).WithName("GetOverview").WithSummary("What is open now, and what is wrong, as of one moment");
        overview.MapGet("/week", GetWeek.Handle).WithName("GetWeek").WithSummary("How many sessions were open, hour by hour, over the last seven days")
            .RequireScope(ApiScopes.SessionsRead);
    }
}
