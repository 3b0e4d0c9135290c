using EntryGuard.Server.Hosting;

namespace EntryGuard.Server.Features.Organizations;

/// <summary>Routes of the caller's organization.</summary>
public static class OrganizationEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        var organization = api.MapGroup("/organization").WithTags("Organization").RequireAdmin().RequireScope(ApiScopes.OrganizationWrite);
        organization.MapGet("/settings", OrganizationSettings.Handle).WithName("GetOrganizationSettings").WithSummary("What holds for the whole organization")
            .RequireScope(ApiScopes.OrganizationRead);
        organization.MapPatch("/settings", OrganizationSettings.HandleUpdate).WithName("UpdateOrganizationSettings").WithSummary("Change it");
    }
}
