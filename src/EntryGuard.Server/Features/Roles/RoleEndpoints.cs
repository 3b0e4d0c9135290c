using EntryGuard.Server.Hosting;

namespace EntryGuard.Server.Features.Roles;

/// <summary>Routes of roles.</summary>
public static class RoleEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        var roles = api.MapGroup("/roles").WithTags("Roles").RequireAdmin().RequireScope(ApiScopes.RolesWrite);
        roles.MapGet("", ListRoles.Handle).WithName("ListRoles").WithSummary("All roles, oldest first").RequireScope(ApiScopes.RolesRead);
        roles.MapGet("/{id}", GetRole.Handle).WithName("GetRole").WithSummary("One role").RequireScope(ApiScopes.RolesRead);
        roles.MapPost("", CreateRole.Handle).WithName("CreateRole").WithSummary("Let some users open some Resources, on terms");
        roles.MapPatch("/{id}", UpdateRole.Handle).WithName("UpdateRole").WithSummary("Change it, and who and what is in it; what is open follows at once");
        roles.MapDelete("/{id}", DeleteRole.Handle).WithName("DeleteRole").WithSummary("Delete it; what it alone opened is closed at once");
        roles.MapPost("/{id}/users/{userId}", RoleMembers.HandleAddUser).WithName("AddRoleUser").WithSummary("Give it to a user or a service account");
        roles.MapDelete("/{id}/users/{userId}", RoleMembers.HandleRemoveUser).WithName("RemoveRoleUser").WithSummary("Take it away; what it alone opened is closed at once");
        roles.MapPost("/{id}/resources/{resourceId}", RoleMembers.HandleAddResource).WithName("AddRoleResource").WithSummary("Let it open a Resource");
        roles.MapDelete("/{id}/resources/{resourceId}", RoleMembers.HandleRemoveResource).WithName("RemoveRoleResource")
            .WithSummary("Let it open a Resource no more; what it alone opened there is closed at once");
    }
}
