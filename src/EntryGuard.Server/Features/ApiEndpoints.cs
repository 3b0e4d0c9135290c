using EntryGuard.Server.Features.Sessions;

namespace EntryGuard.Server.Features;

/// <summary>Everything under <c>/api/v1</c>, slice by slice.</summary>
public static class ApiEndpoints
{
    public static void MapApi(this IEndpointRouteBuilder app)
    {
        var api = app.MapGroup("/api/v1");
        SessionEndpoints.Map(api);
        Resources.ResourceEndpoints.Map(api);
        Explain.ExplainEndpoints.Map(api);
        Audit.AuditEndpoints.Map(api);
        Events.EventEndpoints.Map(api);
        ClientAddresses.ClientAddressEndpoints.Map(api);
    }
}
