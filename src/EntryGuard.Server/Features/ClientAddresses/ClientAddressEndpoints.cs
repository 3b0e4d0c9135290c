using EntryGuard.Contracts;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;

namespace EntryGuard.Server.Features.ClientAddresses;

/// <summary>The address a caller is seen with.</summary>
public static class ClientAddressEndpoints
{
    public static void Map(RouteGroupBuilder api) =>
        api.MapGet("/detect-ip", Detect).WithTags("Client address").WithName("DetectIp").WithSummary("The address you come from").AllowPublic();

    private static Ok<DetectIpResponse> Detect(HttpContext context, TimeProvider time)
    {
        var address = ClientAddress.Of(context);
        return TypedResults.Ok(new DetectIpResponse { Ip = address.ToString(), Version = address.IpVersion, Timestamp = time.GetUtcNow() });
    }
}
