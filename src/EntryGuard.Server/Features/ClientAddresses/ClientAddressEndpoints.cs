using EntryGuard.Contracts;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;

namespace EntryGuard.Server.Features.ClientAddresses;

/// <summary>The address a caller is seen with.</summary>
public static class ClientAddressEndpoints
{
    public static void Map(RouteGroupBuilder api) =>
        api.MapGet("/detect-ip", Detect).WithTags("Client address").WithName("DetectIp").WithSummary("The address you come from").AllowPublic();

    private static Ok<DetectIpResponse> Detect(HttpContext context, AddressProofs proofs, IConfiguration configuration, TimeProvider time)
    {
        // A page of ours asks here for the address of the other family, under a host name that has that family alone: of another origin, that is.
        if (configuration["EntryGuard:PublicUrl"] is { Length: > 0 } url)
            (context.Response.Headers.AccessControlAllowOrigin, context.Response.Headers.Vary) = (new Uri(url).GetLeftPart(UriPartial.Authority), "Origin");
        context.Response.Headers.CacheControl = "no-store";
        var address = ClientAddress.Of(context);
        return TypedResults.Ok(new DetectIpResponse { Ip = address.ToString(), Version = address.IpVersion, Timestamp = time.GetUtcNow(), Proof = proofs.Make(address) });
    }
}
