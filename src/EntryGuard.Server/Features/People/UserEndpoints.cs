using EntryGuard.Server.Hosting;

namespace EntryGuard.Server.Features.People;

/// <summary>Routes of users.</summary>
public static class UserEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        var users = api.MapGroup("/users").WithTags("Users").RequireAdmin().RequireScope(ApiScopes.UsersWrite);
        users.MapGet("", ListUsers.Handle).WithName("ListUsers").WithSummary("All users, oldest first").RequireScope(ApiScopes.UsersRead);
        users.MapGet("/{id}", GetUser.Handle).WithName("GetUser").WithSummary("One user").RequireScope(ApiScopes.UsersRead);
        users.MapPost("", CreateUser.Handle).WithName("CreateUser").WithSummary("Add a person and invite them");
        users.MapPost("/bulk", CreateUser.HandleBulk).WithName("CreateUsers").WithSummary("Add many persons at once, or none of them, and invite them");
        users.MapPatch("/{id}", UpdateUser.Handle).WithName("UpdateUser").WithSummary("Change it; what it opened follows");
        users.MapDelete("/{id}", DeleteUser.Handle).WithName("DeleteUser").WithSummary("Delete it; ?end=true ends its sessions first");
    }
}
