using System.Buffers.Text;
using EntryGuard.Contracts;
using EntryGuard.Server.Data;
using EntryGuard.Server.Data.Secrets;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting.ApiKeys;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Identity;

namespace EntryGuard.Server.Hosting.SignIns;

/// <summary>Registers what signs requests in.</summary>
internal static class SignInSetup
{
    private const string Either = "Caller";

    // 2023 advice of OWASP for PBKDF2 with HMAC-SHA512; about 0.1 s on a current core.
    private const int Iterations = 210_000;

    public static void AddSignIns(this IServiceCollection services)
    {
        services.Configure<PasswordHasherOptions>(options => options.IterationCount = Iterations);
        services.AddSingleton<IPasswordHasher<User>, PasswordHasher<User>>();
        services.AddSingleton<SigningKeys>();
        services.AddSingleton<AccessTokens>();
        services.AddSingleton<SignInCookies>();
        services.AddSingleton<SignInCheck>();
        services.AddSingleton<CallerCheck>();
        services.AddSingleton<SignInGuard>();
        services.AddSingleton<Allowances>();
        services.AddSingleton<SignInUse>();
        services.AddHostedService(s => s.GetRequiredService<SignInUse>());
        services.AddAuthentication(Either)
            .AddPolicyScheme(Either, null, options => options.ForwardDefaultSelector = Refusals.Scheme)
            .AddScheme<AuthenticationSchemeOptions, ApiKeyAuthentication>(ApiKeyAuthentication.Name, null)
            .AddScheme<AuthenticationSchemeOptions, SignInAuthentication>(SignInAuthentication.Name, null);
    }

    /// <summary>The public halves of what signs access tokens.</summary>
    public static void MapKeys(this WebApplication app) => app.MapGet("/.well-known/jwks.json", HandleAsync).WithTags("Sign-in").WithName("GetSigningKeys")
        .WithSummary("Public keys of access tokens").AllowPublic();

    private static async Task<Ok<JwksResponse>> HandleAsync(SigningKeys keys, DatabaseClock clock, HttpResponse response, CancellationToken ct)
    {
        response.Headers.CacheControl = "public, max-age=300";   // a new key is published a day before it signs
        return TypedResults.Ok(await ShowAsync(keys, clock.Now, ct));
    }

    private static async Task<JwksResponse> ShowAsync(SigningKeys keys, DateTimeOffset now, CancellationToken ct) => new()
    {
        Keys =
        [
            .. (await keys.AliveAsync(now, ct)).Select(k => new JwkResponse
            {
                Kid = k.Kid,
                X = Base64Url.EncodeToString(k.Parameters.Q.X),
                Y = Base64Url.EncodeToString(k.Parameters.Q.Y),
            }),
        ],
    };
}
