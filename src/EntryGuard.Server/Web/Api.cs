using EntryGuard.Contracts;
using EntryGuard.Server.Hosting;
using EntryGuard.Server.Hosting.InProcess;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;

namespace EntryGuard.Server.Web;

/// <summary>The API, for the page that is looked at: as whoever looks, from where they are.</summary>
internal sealed class Api : IDisposable
{
    private readonly Pipeline pipeline;
    private readonly AuthenticationStateProvider authentication;
    private readonly NavigationManager navigation;
    private HttpClient? http;
    private ApiClient? client;

    public Api(Pipeline pipeline, AuthenticationStateProvider authentication, NavigationManager navigation)
    {
        (this.pipeline, this.authentication, this.navigation) = (pipeline, authentication, navigation);
        authentication.AuthenticationStateChanged += Move;
    }

    /// <summary>The sign-in is over: whoever looks must sign in again. Raised once.</summary>
    public event Action? SignedOut;

    /// <summary>The page's connection was taken up again, maybe from another address or by another sign-in.</summary>
    public event Action? Moved;

    /// <summary>As their connection came last; null: nobody is signed in.</summary>
    public async Task<Visitor?> VisitorAsync() => Visitor.Of((await authentication.GetAuthenticationStateAsync()).User);

    /// <summary>Each of its requests is signed by the sign-in and the address of that moment: who moves to another network opens that one's door.</summary>
    /// <exception cref="InvalidOperationException">Nobody is signed in: pages that anybody sees do not use it.</exception>
    public async Task<ApiClient> ClientAsync()
    {
        if (client is not null)
            return client;
        if (await VisitorAsync() is null)
            throw new InvalidOperationException("Nobody is signed in.");
        http ??= new HttpClient(new ApiLine(pipeline, SignAsync, Hear)) { BaseAddress = new Uri(navigation.BaseUri) };   // passkeys are of a place
        return client ??= new ApiClient(http);
    }

    public void Dispose()
    {
        authentication.AuthenticationStateChanged -= Move;
        http?.Dispose();
    }

    // Whoever is nobody by now is answered so.
    private async Task SignAsync(HttpContext context)
    {
        if (await VisitorAsync() is not { } visitor)
            return;
        context.Features.Set(visitor.SignIn);
        ClientAddress.Vouch(context.Features, visitor.Address);
    }

    private void Move(Task<AuthenticationState> state) => Moved?.Invoke();

    // A wrong passkey or code is a 401 as well, and ends nothing: only where a sign-in is asked for there is none.
    private void Hear(HttpResponseMessage answer)
    {
        if (answer.StatusCode != System.Net.HttpStatusCode.Unauthorized || answer.Headers.WwwAuthenticate.Count == 0 || SignedOut is not { } tell)
            return;
        SignedOut = null;
        tell();
    }
}
