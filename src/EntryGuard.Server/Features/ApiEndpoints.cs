using EntryGuard.Server.Features.Sessions;
using EntryGuard.Server.Features.SignIns;

namespace EntryGuard.Server.Features;

/// <summary>Everything under <c>/api/v1</c>, slice by slice.</summary>
public static class ApiEndpoints
{
    /// <summary>What slices need besides the house.</summary>
    public static void AddFeatures(this IServiceCollection services)
    {
        services.AddSingleton<Events.EventStreams>();
        services.AddSignInFeatures();
    }

    public static void MapApi(this IEndpointRouteBuilder app)
    {
        var api = app.MapGroup("/api/v1");
        SignInEndpoints.Map(api);
        Credentials.CredentialEndpoints.Map(api);
        Me.MeEndpoints.Map(api);
        People.UserEndpoints.Map(api);
        People.ServiceAccountEndpoints.Map(api);
        Roles.RoleEndpoints.Map(api);
        ApiKeys.ApiKeyEndpoints.Map(api);
        SessionEndpoints.Map(api);
        Providers.ProviderEndpoints.Map(api);
        Resources.ResourceEndpoints.Map(api);
        HealthEvents.HealthEventEndpoints.Map(api);
        Overview.OverviewEndpoints.Map(api);
        Organizations.OrganizationEndpoints.Map(api);
        StaticRules.StaticRuleEndpoints.Map(api);
        Explain.ExplainEndpoints.Map(api);
        Audit.AuditEndpoints.Map(api);
        Events.EventEndpoints.Map(api);
        ClientAddresses.ClientAddressEndpoints.Map(api);
    }
}
