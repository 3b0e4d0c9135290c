using System.Net;
using EntryGuard.Contracts;

namespace EntryGuard.Testing;

/// <summary>A client that keeps cookies and, like a page of ours, repeats the readable one in a header.</summary>
public sealed class Browser : IDisposable
{
    private readonly CookieContainer jar = new();
    private readonly HttpClient http;

    internal Browser(HttpMessageHandler server, Uri host)
    {
        http = new HttpClient(new Keeper(this, server)) { BaseAddress = host };
        Api = new ApiClient(http);
    }

    public ApiClient Api { get; }

    /// <summary>False: a page of somebody else's, which cannot read our cookies.</summary>
    public bool RepeatsCsrfToken { get; set; } = true;

    /// <summary>As the server set them last, attributes and all.</summary>
    public IReadOnlyList<string> SetCookies { get; private set; } = [];

    public IReadOnlyDictionary<string, string> Cookies => jar.GetCookies(http.BaseAddress!).ToDictionary(c => c.Name, c => c.Value);

    public void Dispose() => http.Dispose();

    private sealed class Keeper(Browser browser, HttpMessageHandler server) : DelegatingHandler(server)
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (browser.jar.GetCookieHeader(request.RequestUri!) is { Length: > 0 } cookies)
                request.Headers.Add("Cookie", cookies);
            if (browser.RepeatsCsrfToken && browser.Cookies.FirstOrDefault(c => c.Key.EndsWith("eg-csrf", StringComparison.Ordinal)).Value is { } csrf)
                request.Headers.Add("X-CSRF-Token", csrf);
            var answer = await base.SendAsync(request, cancellationToken);
            if (!answer.Headers.TryGetValues("Set-Cookie", out var set))
                return answer;
            browser.SetCookies = [.. set];
            foreach (var cookie in browser.SetCookies)
                browser.jar.SetCookies(request.RequestUri!, cookie.Replace("expires=Thu, 01 Jan 1970", "max-age=0; expires=Thu, 01 Jan 1970", StringComparison.Ordinal));
            return answer;
        }
    }
}
