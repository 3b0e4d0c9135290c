using EntryGuard.Server.Hosting;

namespace EntryGuard.Server.Features.Credentials;

/// <summary>Routes of credentials. No answer ever holds a secret.</summary>
public static class CredentialEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        var credentials = api.MapGroup("/credentials").WithTags("Credentials").RequireAdmin().RequireScope(ApiScopes.CredentialsWrite);
        credentials.MapGet("", ListCredentials.Handle).WithName("ListCredentials").WithSummary("All credentials, oldest first").RequireScope(ApiScopes.CredentialsRead);
        credentials.MapGet("/{id}", GetCredential.Handle).WithName("GetCredential").WithSummary("One credential").RequireScope(ApiScopes.CredentialsRead);
        credentials.MapPost("", CreateCredential.Handle).WithName("CreateCredential").WithSummary("Store a secret that Resources are reached with");
        credentials.MapPatch("/{id}", UpdateCredential.Handle).WithName("UpdateCredential").WithSummary("Rename it, or rotate its secret once the new one is seen to work");
        credentials.MapDelete("/{id}", DeleteCredential.Handle).WithName("DeleteCredential").WithSummary("Delete it; with end=true end what is open first");
    }
}
