using System.Buffers.Text;
using System.Security.Claims;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Data.Secrets;
using EntryGuard.Server.Engine;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace EntryGuard.Server.Hosting.SignIns;

/// <summary>Which sign-in an access token is of. Whether that is still on, only the database knows.</summary>
public sealed record AccessClaims(OrganizationId Organization, UserId User, SignInId SignIn);

/// <summary>
/// Access tokens: JWT, ES256, 15 minutes. <c>iss</c> is the public URL, or <c>urn:entryguard:CODE</c> of an installation without one;
/// <c>aud</c> entryguard; <c>sub</c> user, <c>org</c>, <c>sid</c> sign-in.
/// </summary>
public sealed class AccessTokens(SigningKeys keys, DatabaseClock clock, Databases databases, IConfiguration configuration)
{
    /// <summary>How long one lives.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromMinutes(15);

    private const string Audience = "entryguard";
    private const int LongestText = 4096;
    private static readonly TimeSpan Skew = TimeSpan.FromSeconds(30);

    private readonly JsonWebTokenHandler handler = new() { SetDefaultTimesOnTokenCreation = false, MapInboundClaims = false };
    private string? issuer;

    /// <summary>Outside of write transactions: a key may have to be made.</summary>
    public async Task<string> IssueAsync(SignIn signIn, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(signIn);
        var now = clock.Now;
        var key = await keys.ToSignAsync(now, ct);
        return handler.CreateToken(new SecurityTokenDescriptor
        {
            Issuer = await IssuerAsync(ct),
            Audience = Audience,
            IssuedAt = now.UtcDateTime,
            Expires = (now + Life).UtcDateTime,
            Claims = new Dictionary<string, object>
            {
                ["sub"] = signIn.UserId.Value.ToString(),
                ["org"] = signIn.OrganizationId.Value.ToString(),
                ["sid"] = signIn.Id.Value.ToString(),
            },
            SigningCredentials = new SigningCredentials(Jwk(key, withPrivate: true), SecurityAlgorithms.EcdsaSha256),
        });
    }

    /// <summary>Null: it is none of ours, tampered with, or dead. Which, is nobody's business.</summary>
    public async Task<AccessClaims?> ReadAsync(string text, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length > LongestText || KidOf(text) is not { } kid || await keys.FindAsync(kid, clock.Now, ct) is not { } key)
            return null;
        var result = await handler.ValidateTokenAsync(text, new TokenValidationParameters
        {
            ValidIssuer = await IssuerAsync(ct),
            ValidAudience = Audience,
            ValidAlgorithms = [SecurityAlgorithms.EcdsaSha256],
            ValidTypes = ["JWT"],
            IssuerSigningKey = Jwk(key, withPrivate: false),
            TryAllIssuerSigningKeys = false,
            RequireSignedTokens = true,
            RequireExpirationTime = true,
            LifetimeValidator = IsAlive,
        });
        return result.IsValid && Id(result.ClaimsIdentity, "org") is { } organization && Id(result.ClaimsIdentity, "sub") is { } user
            && Id(result.ClaimsIdentity, "sid") is { } signIn
            ? new AccessClaims(new OrganizationId(organization), new UserId(user), new SignInId(signIn))
            : null;
    }

    // Our clock is the database's; the library would ask the machine's.
    private bool IsAlive(DateTime? notBefore, DateTime? expires, SecurityToken token, TokenValidationParameters parameters)
    {
        var now = clock.Now.UtcDateTime;
        return expires is { } end && now < end + Skew && now > end - Life - Skew && !(notBefore > now + Skew);
    }

    private async Task<string> IssuerAsync(CancellationToken ct)
    {
        if (issuer is not null)
            return issuer;
        if (configuration["EntryGuard:PublicUrl"] is { Length: > 0 } url)
            return issuer = url.TrimEnd('/');
        return issuer = $"urn:entryguard:{await InstallationCode.FindAsync(databases, ct)}";
    }

    private static string? KidOf(string text)
    {
        try
        {
            return new JsonWebToken(text).Kid is { Length: > 0 and <= 64 } kid ? kid : null;
        }
        catch (ArgumentException)
        {
            return null;   // no JWT at all
        }
    }

    private static Guid? Id(ClaimsIdentity identity, string claim) => Guid.TryParseExact(identity.FindFirst(claim)?.Value, "D", out var id) ? id : null;

    // As a JWK, the library gives every thread a key object of its own.
    private static JsonWebKey Jwk(SignatureKey key, bool withPrivate) => new()
    {
        Kty = JsonWebAlgorithmsKeyTypes.EllipticCurve,
        Crv = JsonWebKeyECTypes.P256,
        Kid = key.Kid,
        X = Base64Url.EncodeToString(key.Parameters.Q.X),
        Y = Base64Url.EncodeToString(key.Parameters.Q.Y),
        D = withPrivate ? Base64Url.EncodeToString(key.Parameters.D) : null,
    };
}
