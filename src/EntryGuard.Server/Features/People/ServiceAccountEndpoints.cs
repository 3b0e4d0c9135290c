using EntryGuard.Server.Hosting;

namespace EntryGuard.Server.Features.People;

/// <summary>Routes of service accounts.</summary>
public static class ServiceAccountEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        var accounts = api.MapGroup("/service-accounts").WithTags("Service accounts").RequireAdmin().RequireScope(ApiScopes.UsersWrite);
        accounts.MapGet("", ServiceAccounts.HandleList).WithName("ListServiceAccounts").WithSummary("All service accounts, oldest first").RequireScope(ApiScopes.UsersRead);
        accounts.MapGet("/{id}", ServiceAccounts.Handle).WithName("GetServiceAccount").WithSummary("One service account").RequireScope(ApiScopes.UsersRead);
        accounts.MapPost("", ServiceAccounts.HandleCreate).WithName("CreateServiceAccount").WithSummary("Add a program; an API key lets it in");
        accounts.MapPatch("/{id}", ServiceAccounts.HandleUpdate).WithName("UpdateServiceAccount").WithSummary("Change it; what it opened follows");
        accounts.MapDelete("/{id}", ServiceAccounts.HandleDelete).WithName("DeleteServiceAccount").WithSummary("Delete it and revoke its keys; ?end=true ends its sessions first");
    }
}
