using EntryGuard.Contracts;
using EntryGuard.Server.Hosting;
using EntryGuard.Server.Hosting.InProcess;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;

namespace EntryGuard.Server.Web;

/// <summary>The API, for the page that is looked at: as whoever looks, from where they are.</summary>
internal sealed class Api(Pipeline pipeline, AuthenticationStateProvider authentication, NavigationManager navigation) : IDisposable
{
    private HttpClient? http;
    private ApiClient? client;

    /// <summary>The sign-in is over: whoever looks must sign in again. Raised once.</summary>
    public event Action? SignedOut;

    /// <summary>Null: nobody is signed in.</summary>
    public async Task<Visitor?> VisitorAsync() => Visitor.Of((await authentication.GetAuthenticationStateAsync()).User);

    /// <summary>Every request is signed by the sign-in of the page.</summary>
    /// <exception cref="InvalidOperationException">Nobody is signed in: pages that anybody sees do not use it.</exception>
    public async Task<ApiClient> ClientAsync()
    {
        if (client is not null)
            return client;
        var visitor = await VisitorAsync() ?? throw new InvalidOperationException("Nobody is signed in.");
        http = new HttpClient(new ApiLine(pipeline, context => Sign(context, visitor), Hear)) { BaseAddress = new Uri(navigation.BaseUri) };   // passkeys are of a place
        return client = new ApiClient(http);
    }

    public void Dispose() => http?.Dispose();

    private static void Sign(HttpContext context, Visitor visitor)
    {
        context.Features.Set(visitor.SignIn);
        ClientAddress.Vouch(context.Features, visitor.Address);
    }

    private void Hear(HttpResponseMessage answer)
    {
        if (answer.StatusCode != System.Net.HttpStatusCode.Unauthorized || SignedOut is not { } tell)
            return;
        SignedOut = null;
        tell();
    }
}
