using EntryGuard.Server.Data;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Endpoints;
using MudBlazor;
using MudBlazor.Services;

namespace EntryGuard.Server.Web;

/// <summary>The console: pages that are a client of the API, in the same process.</summary>
internal static class WebSetup
{
    // Scripts are files of ours. Styles may be inline: MudBlazor places its pop-ups that way.
    // The names of this server that have one address family alone are the only ones that may be asked besides its own.
    private static string Policy(IConfiguration configuration) =>
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; manifest-src 'self'; "
        + $"connect-src {string.Join(' ', ["'self'", .. Detects(configuration)])}; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

    private static IEnumerable<string> Detects(IConfiguration configuration) =>
        new[] { "EntryGuard:Detect:Ipv4Url", "EntryGuard:Detect:Ipv6Url" }.Select(key => configuration[key]).Where(url => url is { Length: > 0 })
            .Select(url => new Uri(url!).GetLeftPart(UriPartial.Authority));

    /// <summary>Most bytes that a browser may send at once: what its page was first shown with, see <see cref="PackedState{T}"/>, or what somebody pasted.</summary>
    public const int LargestMessage = 256 * 1024;

    /// <summary>Where the published program has the pages' styles and scripts: beside itself, wherever it is started from. Null for a build, which has them where they come from.</summary>
    public static string? Root() => Path.Combine(AppContext.BaseDirectory, "wwwroot") is var folder && Directory.Exists(folder) ? folder : null;

    /// <summary>False: this node serves the API alone, by <c>EntryGuard:Console</c>.</summary>
    public static bool HasConsole(this WebApplication app) => HasConsole(app.Configuration);

    public static void AddWeb(this WebApplicationBuilder builder)
    {
        if (HasConsole(builder.Configuration) && Root() is null)
            builder.WebHost.UseStaticWebAssets();
        var services = builder.Services;
        services.AddRazorComponents().AddInteractiveServerComponents(circuits => circuits.DetailedErrors = false)
            .AddHubOptions(hub => hub.MaximumReceiveMessageSize = LargestMessage);
        services.AddSingleton(typeof(PersistentComponentStateSerializer<>), typeof(PackedState<>));
        services.AddCascadingAuthenticationState();
        services.AddMudServices(mud =>
        {
            mud.SnackbarConfiguration.PositionClass = Defaults.Classes.Position.BottomCenter;
            mud.SnackbarConfiguration.PreventDuplicates = true;
            mud.SnackbarConfiguration.ShowTransitionDuration = mud.SnackbarConfiguration.HideTransitionDuration = 120;
        });
        services.AddScoped<Api>();
        services.AddScoped(s => ActivatorUtilities.CreateInstance<Live>(s, s.GetRequiredService<Databases>().AuditBell));
        services.AddScoped<Ticker>();
        services.AddScoped<Browser>();
        services.AddScoped<OtherFamily>();
    }

    /// <summary>The pages' steps in the pipeline.</summary>
    public static void UseWeb(this WebApplication app, bool isAuthenticated)
    {
        if (isAuthenticated)
        {
            app.UseSignInPage();
            app.UseAntiforgery();
            return;
        }

        var policy = Policy(app.Configuration);
        app.Use((context, next) =>
        {
            if (context.GetEndpoint()?.Metadata.GetMetadata<ComponentTypeMetadata>() is not null)
            {
                context.Response.Headers.ContentSecurityPolicy = policy;
                context.Response.Headers.CacheControl = "no-cache, no-store";   // as forms set it
            }

            return next(context);
        });
        app.UsePageSignIn();
    }

    public static void MapWeb(this WebApplication app)
    {
        app.MapStaticAssets("entryguard.staticwebassets.endpoints.json").AllowPublic();
        app.MapRazorComponents<App>().AddInteractiveServerRenderMode(o => o.ContentSecurityFrameAncestorsPolicy = null).AllowPublic();
    }

    private static bool HasConsole(IConfiguration configuration) => configuration.GetValue("EntryGuard:Console", true);
}
