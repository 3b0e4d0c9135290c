using System.Globalization;
using System.Threading.RateLimiting;
using EntryGuard.Contracts;
using EntryGuard.Domain.Net;
using EntryGuard.Server.Hosting.ApiKeys;
using EntryGuard.Server.Hosting.InProcess;
using Microsoft.Extensions.Options;

namespace EntryGuard.Server.Hosting;

/// <summary>Configuration section <c>EntryGuard:RateLimits</c>.</summary>
public sealed class RateSettings
{
    /// <summary>Requests of one client address, or of one IPv6 /64. An office behind one address shares it. 0: no limit.</summary>
    public int PerAddressPerMinute { get; set; } = 1200;

    /// <summary>Requests with one API key. 0: no limit.</summary>
    public int PerKeyPerMinute { get; set; } = 600;

    /// <summary>Signing in, registering, refreshing and the like have limits of their own, per client address; false: only accounts are guarded.</summary>
    public bool SignIn { get; set; } = true;
}

/// <summary>
/// Two limits before sign-in, so that guessing keys costs us nothing: the address's first, then that of the key as it was sent. A minute's
/// worth may come at once; then it drips.
/// </summary>
internal static class RateLimits
{
    public static void AddRateLimits(this IServiceCollection services)
    {
        services.AddRateLimiter(_ => { });
        services.AddOptions<Microsoft.AspNetCore.RateLimiting.RateLimiterOptions>().Configure<IOptions<RateSettings>>((options, settings) =>
        {
            var (perAddress, perKey) = (settings.Value.PerAddressPerMinute, settings.Value.PerKeyPerMinute);
            options.GlobalLimiter = PartitionedRateLimiter.CreateChained(
                PartitionedRateLimiter.Create<HttpContext, string>(context => context.Features.Get<NoSocket>() is not null
                    ? RateLimitPartition.GetNoLimiter("a page")   // its own request was counted
                    : Drip($"from {Network(ClientAddress.Of(context))}", perAddress)),
                PartitionedRateLimiter.Create<HttpContext, string>(context =>
                    ApiKeyText.Of(context.Request) is { } key ? Drip(Convert.ToHexString(ApiKeyText.HashOf(key)), perKey) : RateLimitPartition.GetNoLimiter("no key")));
            options.OnRejected = RefuseAsync;
        });
    }

    private static RateLimitPartition<string> Drip(string who, int perMinute) => perMinute <= 0
        ? RateLimitPartition.GetNoLimiter(who)
        : RateLimitPartition.GetTokenBucketLimiter(who, _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = perMinute,
            TokensPerPeriod = Math.Max(1, perMinute / 60),
            ReplenishmentPeriod = TimeSpan.FromSeconds(perMinute >= 60 ? 1 : 60.0 / perMinute),
            QueueLimit = 0,
        });

    // Whoever has one IPv6 address has 2^64 of them.
    internal static string Network(Cidr address) =>
        address.IpVersion == 6 ? Convert.ToHexString(address.FirstAddress.GetAddressBytes().AsSpan(0, 8)) : address.ToString();

    private static async ValueTask RefuseAsync(Microsoft.AspNetCore.RateLimiting.OnRejectedContext context, CancellationToken ct)
    {
        var wait = context.Lease.TryGetMetadata(MetadataName.RetryAfter, out var after) ? Math.Max(1, Math.Ceiling(after.TotalSeconds)) : 1;
        context.HttpContext.Response.Headers.RetryAfter = wait.ToString(CultureInfo.InvariantCulture);
        await RefusalResult.WriteAsync(context.HttpContext, StatusCodes.Status429TooManyRequests, ErrorCodes.RateLimited,
            $"Too many requests; the next one is heard in {wait:0} s.");
    }
}
