using EntryGuard.Providers.Http;
using EntryGuard.Providers.OpenStack;
using Microsoft.Extensions.DependencyInjection;

namespace EntryGuard.Providers.Tests;

/// <summary>What is tried again on the way out, and what never is. No server is needed.</summary>
public sealed class OpenStackHttpTests
{
    [Theory]
    [InlineData(HttpRequestError.ConnectionError, 2)]
    [InlineData(HttpRequestError.NameResolutionError, 2)]
    [InlineData(HttpRequestError.ResponseEnded, 1)]
    [InlineData(HttpRequestError.Unknown, 1)]
    public async Task Only_what_never_left_is_sent_again_and_once(HttpRequestError error, int tries)
    {
        var broken = new Broken(_ => throw new HttpRequestException(error));
        await Should.ThrowAsync<HttpRequestException>(() => PostAsync(broken));
        broken.Tries.ShouldBe(tries);
    }

    [Theory]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(503)]
    public async Task An_answer_is_an_answer_and_the_engine_decides_what_comes_of_it(int status)
    {
        var broken = new Broken(_ => new HttpResponseMessage((System.Net.HttpStatusCode)status));
        await PostAsync(broken);
        broken.Tries.ShouldBe(1);
    }

    private static async Task PostAsync(HttpMessageHandler handler)
    {
        var services = new ServiceCollection();
        services.AddSingleton(EndpointLimits.Default);
        services.AddOpenStackHttp().ConfigurePrimaryHttpMessageHandler(() => handler);
        await using var built = services.BuildServiceProvider();
        using var client = built.GetRequiredService<IHttpClientFactory>().CreateClient(OpenStackHttp.ClientName);
        using var _ = await client.PostAsync(new Uri("https://neutron.example.org"), new StringContent("{}"), TestContext.Current.CancellationToken);
    }

    private sealed class Broken(Func<HttpRequestMessage, HttpResponseMessage> answer) : HttpMessageHandler
    {
        public int Tries { get; private set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Tries++;
            return Task.FromResult(answer(request));
        }
    }
}
