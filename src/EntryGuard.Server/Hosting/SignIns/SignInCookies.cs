using System.Security.Cryptography;
using EntryGuard.Server.Data;
using EntryGuard.Server.Hosting.ApiKeys;

namespace EntryGuard.Server.Hosting.SignIns;

/// <summary>
/// Tokens as cookies, for browsers: HttpOnly, SameSite=Strict, Secure, and named <c>__Host-…</c>, so that no other host sets or sees them. A
/// third one that scripts can read holds the value that requests which change something repeat in <c>X-CSRF-Token</c>.
/// </summary>
/// <remarks>
/// Browsers refuse such names over plain http. On this machine alone (peer and host are loopback, no public URL that is https) the same
/// cookies come without the prefix and without Secure, and are heard only there.
/// </remarks>
public sealed class SignInCookies(IConfiguration configuration)
{
    private const string Access = "eg-access";
    private const string Refresh = "eg-refresh";
    private const string Csrf = "eg-csrf";
    private const string Header = "X-CSRF-Token";

    private readonly bool isPublicHttps = configuration["EntryGuard:PublicUrl"]?.StartsWith("https:", StringComparison.OrdinalIgnoreCase) == true;

    /// <summary>False: over plain http from elsewhere they would be anybody's.</summary>
    public bool MaySet(HttpContext context) => Prefix(context) is not null;

    /// <summary>The access token a request carries; null: none.</summary>
    public string? AccessToken(HttpContext context) => Read(context, Access);

    /// <summary>The refresh token a request carries; null: none.</summary>
    public string? RefreshToken(HttpContext context) => Read(context, Refresh);

    /// <summary>True if the request proves that it was made by a page that may read our cookies.</summary>
    public static bool Proves(HttpRequest request, SignIn signIn)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(signIn);
        return signIn.CsrfHash is { } hash && CryptographicOperations.FixedTimeEquals(hash, ApiKeyText.HashOf(request.Headers[Header].ToString()));
    }

    /// <summary>A page of ours calls for its browser: it may read the cookies it came with.</summary>
    internal void Prove(HttpContext page, HttpRequest request) => request.Headers[Header] = Read(page, Csrf);

    /// <summary>With the answer of a sign-in or refresh.</summary>
    /// <param name="csrf">Null: the one the browser has stays.</param>
    public void Set(HttpContext context, string access, string refresh, string? csrf, TimeSpan life)
    {
        ArgumentNullException.ThrowIfNull(context);
        context.Response.Cookies.Append(Prefix(context) + Access, access, Options(context, AccessTokens.Life));
        context.Response.Cookies.Append(Prefix(context) + Refresh, refresh, Options(context, life));
        if ((csrf ?? Read(context, Csrf)) is not { } shown)
            return;
        var options = Options(context, life);
        options.HttpOnly = false;
        context.Response.Cookies.Append(Prefix(context) + Csrf, shown, options);
    }

    /// <summary>At sign-out.</summary>
    public void Clear(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        foreach (var name in (string[])[Access, Refresh, Csrf])
        {
            if (Read(context, name) is not null)
                context.Response.Cookies.Delete(Prefix(context) + name, Options(context, null));
        }
    }

    private string? Read(HttpContext context, string name) =>
        Prefix(context) is { } prefix && context.Request.Cookies[prefix + name] is { Length: > 0 } text ? text : null;

    private string? Prefix(HttpContext context) => IsSecure(context) ? "__Host-" : IsThisMachine(context) ? "" : null;

    private bool IsSecure(HttpContext context) => context.Request.IsHttps || isPublicHttps;

    private static bool IsThisMachine(HttpContext context) =>
        context.Connection.RemoteIpAddress is { } peer && System.Net.IPAddress.IsLoopback(peer)
        && ClientAddress.Of(context) == Domain.Net.Cidr.Of(peer) && context.Request.Host.Host is "localhost" or "127.0.0.1" or "[::1]" or "::1";

    private CookieOptions Options(HttpContext context, TimeSpan? life) => new()
    {
        HttpOnly = true,
        Secure = IsSecure(context),
        SameSite = SameSiteMode.Strict,
        Path = "/",
        MaxAge = life,
        IsEssential = true,
    };
}
