using System.Security.Claims;
using System.Text.Encodings.Web;
using EntryGuard.Server.Hosting.SignIns;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace EntryGuard.Server.Hosting.ApiKeys;

/// <summary>Signs a request in by its API key. Every refusal reads the same, whatever is wrong with the key.</summary>
internal sealed class ApiKeyAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logs, UrlEncoder encoder, ApiKeyCheck keys, ApiKeyUse use)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logs, encoder)
{
    public const string Name = "ApiKey";

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (ApiKeyText.Of(Request) is not { } text)
            return AuthenticateResult.NoResult();
        if (await keys.FindAsync(text, Context.RequestAborted) is not var (key, user))
            return AuthenticateResult.Fail("The API key is not valid.");
        var address = ClientAddress.Of(Context);
        if (!ApiKeyCheck.IsHeardFrom(key, address))
            return AuthenticateResult.Fail($"The API key is not heard from {address}.");
        Context.RequestServices.GetRequiredService<CallerSlot>().Caller = Caller.With(key, user, address);
        use.Note(key, address);
        var identity = new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, user.Id.Value.ToString()), new Claim(ClaimTypes.Name, user.Email)], Name);
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), Name));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties) => Refusals.UnauthorizedAsync(Context);

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) => Refusals.ForbiddenAsync(Context);
}
