using EntryGuard.Server.Hosting;

namespace EntryGuard.Server.Features.ApiKeys;

/// <summary>Routes of API keys: everybody has the own ones, an admin all of the organization.</summary>
public static class ApiKeyEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        var keys = api.MapGroup("/api-keys").WithTags("API keys").RequireScope(ApiScopes.ApiKeysWrite);
        keys.MapGet("", ListApiKeys.Handle).WithName("ListApiKeys").WithSummary("Your API keys, oldest first; an admin's list has those of everybody").RequireScope(ApiScopes.ApiKeysRead);
        keys.MapGet("/{id}", GetApiKey.Handle).WithName("GetApiKey").WithSummary("One API key, without the key itself").RequireScope(ApiScopes.ApiKeysRead);
        keys.MapPost("", CreateApiKey.Handle).WithName("CreateApiKey").WithSummary("Make a key; the answer shows it, once");
        keys.MapPost("/{id}/rotate", RotateApiKey.Handle).WithName("RotateApiKey").WithSummary("Make its successor; the old one works on for a while");
        keys.MapDelete("/{id}", RevokeApiKey.Handle).WithName("RevokeApiKey").WithSummary("It stops working at once, and what was started with it ends; the row stays");
    }
}
