using EntryGuard.Server.Hosting;
using EntryGuard.Server.Hosting.InProcess;
using EntryGuard.Server.Hosting.SignIns;

namespace EntryGuard.Server.Web;

/// <summary>The API as the browser that asks for a page would call it: with its cookies, and what they are answered with goes back to it.</summary>
internal static class BrowserLine
{
    /// <summary>Dispose with the request.</summary>
    public static HttpClient Of(HttpContext page)
    {
        var pipeline = page.RequestServices.GetRequiredService<Pipeline>();
        return new HttpClient(new ApiLine(pipeline, context => SignAsync(context, page), answer => Return(answer, page)))
        {
            BaseAddress = new Uri($"{page.Request.Scheme}://{page.Request.Host}/"),
        };
    }

    private static Task SignAsync(HttpContext context, HttpContext page)
    {
        context.Connection.RemoteIpAddress = page.Connection.RemoteIpAddress;
        ClientAddress.Vouch(context.Features, ClientAddress.Of(page));
        context.Request.Headers.Cookie = page.Request.Headers.Cookie;
        context.Request.Headers.UserAgent = page.Request.Headers.UserAgent;
        page.RequestServices.GetRequiredService<SignInCookies>().Prove(page, context.Request);
        return Task.CompletedTask;
    }

    private static void Return(HttpResponseMessage answer, HttpContext page)
    {
        if (answer.Headers.TryGetValues("Set-Cookie", out var cookies))
        {
            foreach (var cookie in cookies)
                page.Response.Headers.Append("Set-Cookie", cookie);
        }
    }
}
