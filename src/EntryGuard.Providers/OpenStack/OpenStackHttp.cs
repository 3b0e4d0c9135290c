using EntryGuard.Providers.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http.Resilience;
using Polly;

namespace EntryGuard.Providers.OpenStack;

/// <summary>The way out to Keystone and Neutron.</summary>
public static class OpenStackHttp
{
    /// <summary>Name of the client.</summary>
    public const string ClientName = "openstack";

    // A list of thousands of rules is about a megabyte; what is longer is no answer.
    private const long LongestAnswer = 8 * 1024 * 1024;

    /// <summary>
    /// Registers the client. It tries once more, at once, where a request certainly never left: the name was not found, or nobody took the
    /// connection. All other trying again is the engine's, and two loops would multiply. Nothing is logged on the way: headers carry tokens.
    /// </summary>
    public static IHttpClientBuilder AddOpenStackHttp(this IServiceCollection services)
    {
        var client = services.AddHttpClient(ClientName, http =>
        {
            http.Timeout = Timeout.InfiniteTimeSpan;   // each request has its own limit, by the injected clock
            http.MaxResponseContentBufferSize = LongestAnswer;
            http.DefaultRequestHeaders.Accept.ParseAdd("application/json");
        });
        client.RemoveAllLoggers()
            .SetHandlerLifetime(Timeout.InfiniteTimeSpan)   // the handler renews its connections itself
            .ConfigurePrimaryHttpMessageHandler(s => s.GetRequiredService<EndpointLimits>().NewHandler());
        client.AddResilienceHandler("connect", pipeline => pipeline.AddRetry(new HttpRetryStrategyOptions
        {
            MaxRetryAttempts = 1,
            Delay = TimeSpan.Zero,
            BackoffType = DelayBackoffType.Constant,
            UseJitter = false,
            ShouldHandle = args => ValueTask.FromResult(NeverLeft(args.Outcome.Exception) && EndpointLimits.RefusalIn(args.Outcome.Exception) is null),
        }));
        return client;
    }

    /// <summary>The request was not sent, in no part: it cannot have been carried out.</summary>
    internal static bool NeverLeft(Exception? e) => e is HttpRequestException
    {
        HttpRequestError: HttpRequestError.NameResolutionError or HttpRequestError.ConnectionError or HttpRequestError.SecureConnectionError,
    };
}
