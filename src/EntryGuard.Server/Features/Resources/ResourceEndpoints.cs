using EntryGuard.Server.Hosting;

namespace EntryGuard.Server.Features.Resources;

/// <summary>Routes of Resources and of who may open them.</summary>
public static class ResourceEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        var resources = api.MapGroup("/resources").WithTags("Resources").RequireAdmin().RequireScope(ApiScopes.ResourcesWrite);
        resources.MapGet("", ListResources.Handle).WithName("ListResources").WithSummary("All Resources, oldest first").RequireScope(ApiScopes.ResourcesRead);
        resources.MapGet("/iam-policy", GetIamPolicy.Handle).WithName("GetIamPolicy").WithSummary("The least rights that the Resources need").RequireScope(ApiScopes.ResourcesRead);
        resources.MapGet("/{id}", GetResource.Handle).WithName("GetResource").WithSummary("One Resource").RequireScope(ApiScopes.ResourcesRead);
        resources.MapPost("", CreateResource.Handle).WithName("CreateResource").WithSummary("Describe an allow-list, and verify it; with dryRun=true store nothing");
        resources.MapPatch("/{id}", UpdateResource.Handle).WithName("UpdateResource").WithSummary("Change it; what is open follows; with dryRun=true only verify it");
        resources.MapDelete("/{id}", DeleteResource.Handle).WithName("DeleteResource").WithSummary("Delete it; with end=true end what is open first");
        resources.MapPost("/{id}/verify", VerifyResource.Handle).WithName("VerifyResource").WithSummary("Would opening and closing work now?");
        resources.MapPost("/{id}/reconcile", ReconcileResource.Handle).WithName("ReconcileResource").WithSummary("Compare what stands there with what should, and repair it");
        resources.MapGet("/{id}/users", AssignUser.HandleList).WithName("ListAssignedUsers").WithSummary("Who may open it").RequireScope(ApiScopes.ResourcesRead);
        resources.MapPost("/{id}/users/{userId}", AssignUser.Handle).WithName("AssignUser").WithSummary("Let a user open it");
        resources.MapDelete("/{id}/users/{userId}", AssignUser.HandleUnassign).WithName("UnassignUser").WithSummary("Take that back, and close what rests on it");
    }
}
