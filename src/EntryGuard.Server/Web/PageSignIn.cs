using EntryGuard.Contracts;
using EntryGuard.Server.Hosting;
using EntryGuard.Server.Hosting.InProcess;
using EntryGuard.Server.Hosting.SignIns;
using Microsoft.AspNetCore.Components.Endpoints;
using Microsoft.AspNetCore.Diagnostics;

namespace EntryGuard.Server.Web;

/// <summary>
/// Who asks for a page. The access cookie lives for minutes, the refresh cookie for days: a browser that comes back with the latter alone is
/// who it was, and gets the next pair with the page. Whoever is nobody is asked to sign in, and comes back to where they wanted to be.
/// </summary>
internal static class PageSignIn
{
    /// <summary>Where to.</summary>
    public const string Path = "/sign-in";

    public static void UsePageSignIn(this WebApplication app) => app.Use(async (context, next) =>
    {
        if (context.Features.Get<NoSocket>() is null && IsOurs(context))
            await RecogniseAsync(context);
        await next(context);
    });

    /// <summary>After authentication.</summary>
    public static void UseSignInPage(this WebApplication app) => app.Use((context, next) =>
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<ComponentTypeMetadata>() is not { } page || context.User.Identity?.IsAuthenticated == true
            || page.Type.IsDefined(typeof(ForAnybodyAttribute), inherit: false))
            return next(context);
        var asked = context.Features.Get<IStatusCodeReExecuteFeature>()?.OriginalPath ?? context.Request.Path;
        context.Response.Redirect(To(asked + context.Request.QueryString));
        return Task.CompletedTask;
    });

    /// <summary>The sign-in page that leads back.</summary>
    /// <param name="back">Path and query.</param>
    public static string To(string back) => back is "" or "/" ? Path : $"{Path}?returnUrl={Uri.EscapeDataString(back)}";

    /// <summary>Only within this server: whatever else a link says, it leads to the first page.</summary>
    public static string Back(string? returnUrl) =>
        returnUrl is ['/', ..] && returnUrl is not ['/', '/' or '\\', ..] && !returnUrl.Any(char.IsControl) ? returnUrl : "/";

    private static bool IsOurs(HttpContext context) =>
        context.Request.Path.StartsWithSegments("/_blazor") || context.GetEndpoint()?.Metadata.GetMetadata<ComponentTypeMetadata>() is not null || IsLink(context);

    // What a link leads to, as a page does; with a key or token it is the API's alone.
    private static bool IsLink(HttpContext context) =>
        HttpMethods.IsGet(context.Request.Method) && context.GetEndpoint()?.Metadata.GetMetadata<Access.BrowserLinkMark>() is not null
        && context.Request.Headers.Authorization.Count == 0 && !context.Request.Headers.ContainsKey("X-API-Key");

    private static async Task RecogniseAsync(HttpContext context)
    {
        var (services, ct) = (context.RequestServices, context.RequestAborted);
        var check = services.GetRequiredService<SignInCheck>();
        if (check.Of(context) is var (text, _) && await services.GetRequiredService<AccessTokens>().ReadAsync(text, ct) is not null)
            return;
        if (await check.FindByRefreshCookieAsync(context, ct) is not var (claims, isLast))
            return;
        context.Features.Set(claims);
        if (isLast && HttpMethods.IsGet(context.Request.Method) && !context.WebSockets.IsWebSocketRequest && !context.Request.Path.StartsWithSegments("/_blazor"))
            await RefreshAsync(context, ct);
    }

    private static async Task RefreshAsync(HttpContext context, CancellationToken ct)
    {
        using var line = BrowserLine.Of(context);
        await new ApiClient(line).RefreshAsync(null, ct);   // its cookies go out with the page; refused, another tab was faster
    }
}

/// <summary>A page that is seen without a sign-in.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class ForAnybodyAttribute : Attribute;
