using System.Net;
using System.Security.Claims;
using EntryGuard.Server.Data;
using EntryGuard.Server.Hosting;
using EntryGuard.Server.Hosting.InProcess;
using EntryGuard.Server.Hosting.SignIns;
using EntryGuard.Server.Web;
using EntryGuard.Testing;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using PageApi = EntryGuard.Server.Web.Api;

namespace EntryGuard.Server.Tests.Web;

/// <summary>What a page asks, as whom, and when it asks again.</summary>
public sealed class ApiTests : IDisposable
{
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly ServiceProvider services = new ServiceCollection().AddSingleton(TimeProvider.System).BuildServiceProvider();
    private readonly Pipeline pipeline;
    private readonly Connection connection = new();
    private readonly TestTime time = new(new DateTimeOffset(2026, 3, 2, 8, 0, 0, TimeSpan.Zero));
    private readonly AuditBell bell = new();
    private readonly PageApi api;
    private readonly List<string> asked = [];
    private Func<HttpContext, Task> answer = context => Task.FromResult(context.Response.StatusCode = StatusCodes.Status404NotFound);

    public ApiTests()
    {
        pipeline = new Pipeline(services);
        pipeline.BeginsWith(context =>
        {
            asked.Add($"{context.Features.Get<AccessClaims>()?.User.Value} from {ClientAddress.Of(context)}");
            return answer(context);
        });
        api = new PageApi(pipeline, connection, new Place());
    }

    public void Dispose()
    {
        api.Dispose();
        services.Dispose();
    }

    [Fact]
    public async Task Each_request_is_signed_by_who_looks_and_from_where_at_that_moment()
    {
        var (ann, bob) = (Guid.NewGuid(), Guid.NewGuid());
        connection.Is(ann, "198.51.100.1");
        var client = await api.ClientAsync();
        await client.GetMeAsync(None);
        connection.Is(ann, "203.0.113.9");
        await client.GetMeAsync(None);
        connection.Is(bob, "203.0.113.9");
        await (await api.ClientAsync()).GetMeAsync(None);
        asked.ShouldBe([$"{ann} from 198.51.100.1", $"{ann} from 203.0.113.9", $"{bob} from 203.0.113.9"]);
    }

    [Fact]
    public async Task Only_where_a_sign_in_is_asked_for_it_is_over()
    {
        connection.Is(Guid.NewGuid(), "198.51.100.1");
        var over = 0;
        api.SignedOut += () => over++;
        var client = await api.ClientAsync();
        answer = context =>
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;   // as a wrong passkey is answered
            return Task.CompletedTask;
        };
        (await client.GetMeAsync(None)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        over.ShouldBe(0);
        answer = Refusals.UnauthorizedAsync;
        await client.GetMeAsync(None);
        await client.GetMeAsync(None);
        over.ShouldBe(1, "once");
    }

    [Fact]
    public async Task A_connection_that_was_taken_up_again_is_looked_through_at_once()
    {
        connection.Is(Guid.NewGuid(), "198.51.100.1");
        await using var live = new Live(bell, api, time, NullLogger<Live>.Instance);
        var looks = 0;
        using var place = await live.FollowAsync(() =>
        {
            looks++;
            return Task.CompletedTask;
        });
        looks.ShouldBe(0);
        connection.Is(Guid.NewGuid(), "203.0.113.9");
        looks.ShouldBe(1);
    }

    [Fact]
    public async Task A_look_that_took_too_long_is_followed_by_the_next()
    {
        connection.Is(Guid.NewGuid(), "198.51.100.1");
        await using var live = new Live(bell, api, time, NullLogger<Live>.Instance);
        var looks = 0;
        var waits = time.Armed(Live.Longest);
        using var place = await live.FollowAsync(() =>
        {
            looks++;
            throw new TaskCanceledException("as a request is that was not answered in time");
        });
        await waits;
        for (var i = 1; i <= 3; i++)
        {
            waits = time.Armed(Live.Longest);
            time.Advance(Live.Longest);
            await waits;   // it has looked, and waits for the next
            looks.ShouldBe(i);
        }
    }

    private sealed class Connection : AuthenticationStateProvider
    {
        private Task<AuthenticationState> state = Task.FromResult(new AuthenticationState(new ClaimsPrincipal()));

        public override Task<AuthenticationState> GetAuthenticationStateAsync() => state;

        public void Is(Guid user, string address)
        {
            var identity = new ClaimsIdentity(
                [
                    new Claim(ClaimTypes.NameIdentifier, user.ToString()),
                    new Claim(SignInAuthentication.Organization, Guid.NewGuid().ToString()),
                    new Claim(SignInAuthentication.SignInClaim, Guid.NewGuid().ToString()),
                    new Claim(SignInAuthentication.Address, address),
                ],
                "test");
            NotifyAuthenticationStateChanged(state = Task.FromResult(new AuthenticationState(new ClaimsPrincipal(identity))));
        }
    }

    private sealed class Place : NavigationManager
    {
        public Place() => Initialize("http://localhost/", "http://localhost/");
    }
}
