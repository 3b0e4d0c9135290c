using System.Security.Claims;
using System.Security.Cryptography;
using System.Text.Encodings.Web;
using EntryGuard.Contracts;
using EntryGuard.Server.Data;
using Microsoft.AspNetCore.Authentication;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace EntryGuard.Server.Hosting.ApiKeys;

/// <summary>Signs a request in by its API key. Every refusal reads the same, whatever is wrong with the key.</summary>
internal sealed class ApiKeyAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logs, UrlEncoder encoder, Databases databases, ApiKeyUse use, TimeProvider time)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logs, encoder)
{
    public const string Name = "ApiKey";

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (ApiKeyText.Of(Request) is not { } text)
            return AuthenticateResult.NoResult();
        if (await FindAsync(text, Context.RequestAborted) is not var (key, user))
            return AuthenticateResult.Fail("The API key is not valid.");
        var address = ClientAddress.Of(Context);
        Context.RequestServices.GetRequiredService<CallerSlot>().Caller =
            new Caller(user.OrganizationId, user.Id, user.Email, user.IsOrgAdmin, user.MayNameAddress, key.Scopes, address);
        use.Note(key, address);
        var identity = new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, user.Id.Value.ToString()), new Claim(ClaimTypes.Name, user.Email)], Name);
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), Name));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.Headers.WWWAuthenticate = "ApiKey";
        return RefusalResult.WriteAsync(Context, StatusCodes.Status401Unauthorized, ErrorCodes.Unauthorized,
            "No valid API key came with the request. Send one as X-API-Key, or as Authorization: Bearer.");
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties)
    {
        var caller = Context.RequestServices.GetRequiredService<CallerSlot>().Caller;
        var access = Context.GetEndpoint() is { } endpoint ? Access.Of(endpoint.Metadata) : null;
        var why = caller is null ? null : access?.WhyNot(caller);
        return RefusalResult.WriteAsync(Context, StatusCodes.Status403Forbidden, ErrorCodes.Forbidden, why ?? "Nobody may do this.");
    }

    private async Task<(ApiKey Key, User User)?> FindAsync(string text, CancellationToken ct)
    {
        if (!ApiKeyText.TryRead(text, out var organization))
            return null;
        var hash = ApiKeyText.HashOf(text);
        var now = time.GetUtcNow();
        await using var db = databases.OpenTenant(organization);
        await using var read = await db.BeginReadAsync(ct);
        var found = await (
            from key in db.ApiKeys.AsNoTracking()
            join user in db.Users.AsNoTracking() on key.UserId equals user.Id
            where key.Hash == hash && user.IsActive && db.Organizations.Any(o => o.Id == key.OrganizationId && o.IsActive)
            select new { key, user }).SingleOrDefaultAsync(ct);
        return found is { key: { RevokedAt: null } valid } && !(valid.ExpiresAt <= now) && CryptographicOperations.FixedTimeEquals(valid.Hash, hash)
            ? (found.key, found.user)
            : null;
    }
}
