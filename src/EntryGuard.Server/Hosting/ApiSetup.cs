using System.Text.Json.Serialization;
using EntryGuard.Contracts;
using EntryGuard.Server.Data;
using EntryGuard.Server.Hosting.ApiKeys;
using EntryGuard.Server.Hosting.InProcess;
using EntryGuard.Server.Hosting.SignIns;

namespace EntryGuard.Server.Hosting;

/// <summary>What every request passes through, whatever it asks for.</summary>
internal static class ApiSetup
{
    private const int MostBytes = 256 * 1024;
    private const string NotFoundPage = "/not-found";

    // A year. Of this host alone: what else there is below its name is not ours to know.
    private const string OnlyByTls = "max-age=31536000";

    // The page of the API brings its own script and styles; whatever they would like to fetch elsewhere, the browser does not.
    private const string DocsPolicy =
        "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
        + "worker-src 'self' blob:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

    public static void AddApi(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MostBytes;
        });
        services.Configure<SessionSettings>(builder.Configuration.GetSection("EntryGuard:Sessions"));
        services.Configure<RateSettings>(builder.Configuration.GetSection("EntryGuard:RateLimits"));
        services.AddSingleton(_ => ClientAddress.From(builder.Configuration));
        services.AddSingleton<AddressProofs>();

        services.AddStrictJson();
        services.AddExceptionHandler<Failures>();
        services.AddRateLimits();
        services.AddSingleton<ApiKeyCheck>();
        services.AddSingleton<ApiKeyUse>();
        services.AddHostedService(s => s.GetRequiredService<ApiKeyUse>());
        services.AddSignIns();
        services.AddAccess();
        services.AddApiDocument();

        services.AddSingleton<Pipeline>();
        services.AddScoped<CallerSlot>();
        services.AddScoped(s => s.GetRequiredService<CallerSlot>().Caller ?? throw new InvalidOperationException("Nobody is signed in."));
        services.AddScoped<EntryGuardDb>(s => s.GetRequiredService<Databases>().OpenTenant(s.GetRequiredService<CallerSlot>().Caller?.Organization ?? default));
    }

    /// <summary>Order matters: refusals of the outer steps cost the least.</summary>
    /// <param name="pages">Where the pages' own steps go: who asks for one is found before authentication, and asked to sign in after it.</param>
    public static void UseApi(this WebApplication app, Action<WebApplication, bool> pages)
    {
        app.Use(next =>
        {
            app.Services.GetRequiredService<Pipeline>().BeginsWith(next);
            return next;
        });
        app.UseSecurityHeaders();
        app.UseExceptionHandler(_ => { });
        app.UseWhen(AsksForPage, people => people.UseStatusCodePagesWithReExecute(NotFoundPage));
        app.UseWhen(context => !AsksForPage(context), programs => programs.UseStatusCodePages(
            context => Failures.WriteAsync(context.HttpContext, context.HttpContext.Response.StatusCode)));
        app.UseRouting();
        app.UseRateLimiter();
        app.UseMetricsGuard();
        app.Use(RefuseLargeBodies);
        pages(app, false);
        app.UseAuthentication();
        pages(app, true);
        app.UseAuthorization();
    }

    private static void AddStrictJson(this IServiceCollection services)
    {
        // A body that cannot be read is answered by Failures, in our own words.
        services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
        services.ConfigureHttpJsonOptions(options =>
        {
            var json = options.SerializerOptions;
            json.TypeInfoResolverChain.Insert(0, ContractsJson.Default);
            json.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
            json.NumberHandling = JsonNumberHandling.Strict;
            json.PropertyNameCaseInsensitive = false;
            json.AllowDuplicateProperties = false;
            json.RespectNullableAnnotations = true;
            json.MaxDepth = 32;
        });
    }

    // Whoever typed an address into a browser gets a page that says so; with the 404 that it is.
    private static bool AsksForPage(HttpContext context) => HttpMethods.IsGet(context.Request.Method)
        && context.Request.GetTypedHeaders().Accept.Any(a => a.MediaType == "text/html") && !context.Request.Path.StartsWithSegments("/api");

    // Kestrel stops a body without a length by itself, when it has read too much of it.
    private static Task RefuseLargeBodies(HttpContext context, RequestDelegate next) =>
        context.Request.ContentLength > MostBytes ? Failures.WriteAsync(context, StatusCodes.Status413PayloadTooLarge) : next(context);

    private static void UseSecurityHeaders(this WebApplication app)
    {
        var isPublicHttps = app.Configuration["EntryGuard:PublicUrl"]?.StartsWith("https:", StringComparison.OrdinalIgnoreCase) == true;
        app.Use((context, next) => SetSecurityHeaders(context, next, isPublicHttps));
    }

    // A proxy that speaks TLS speaks http to us. One that also lets plain http through says so, and whoever comes without any came by plain http.
    private static bool CameByTls(HttpContext context, bool isPublicHttps) => context.Request.IsHttps
        || (isPublicHttps && ClientAddress.IsHandedOn(context) && !context.Request.Headers["X-Forwarded-Proto"].Contains("http", StringComparer.OrdinalIgnoreCase));

    private static Task SetSecurityHeaders(HttpContext context, RequestDelegate next, bool isPublicHttps)
    {
        context.Response.OnStarting(() =>
        {
            var headers = context.Response.Headers;
            headers.XContentTypeOptions = "nosniff";
            headers.XFrameOptions = "DENY";
            headers["Referrer-Policy"] = "no-referrer";
            if (CameByTls(context, isPublicHttps))
                headers.StrictTransportSecurity = OnlyByTls;
            if (context.Request.Path.StartsWithSegments("/docs", StringComparison.Ordinal))
                headers.ContentSecurityPolicy = DocsPolicy;
            if (context.Request.Path.StartsWithSegments("/api", StringComparison.Ordinal))
            {
                headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'";
                if (headers.CacheControl.Count == 0)
                    headers.CacheControl = "no-store";
            }

            return Task.CompletedTask;
        });
        return next(context);
    }
}
