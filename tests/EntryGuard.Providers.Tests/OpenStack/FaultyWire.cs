using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace EntryGuard.Providers.Tests.OpenStack;

/// <summary>A loopback server in front of another, which passes on every request until it is told to spoil one.</summary>
public sealed class FaultyWire : IAsyncDisposable
{
    private const string Page = "<html><body><h1>Sorry\u0007</h1></body></html>";
    private readonly WebApplication app;
    private readonly HttpClient http = OpenStackCloud.NewClient();
    private readonly ConcurrentQueue<string> requests = new();
    private readonly ConcurrentBag<Task> passing = [];
    private readonly string target;

    private FaultyWire(WebApplication app, string target) => (this.app, this.target) = (app, target);

    /// <summary>Where it listens, without a path.</summary>
    public string Url => app.Urls.Single();

    /// <summary>What came, in order: "GET /v2.0/…".</summary>
    public IReadOnlyList<string> Requests => [.. requests];

    /// <summary>What happens to the next request that changes something; then it is null again.</summary>
    public CallFault? Next { get; set; }

    /// <summary>A request that names this address is refused for it, as Neutron refuses what it cannot read, and not passed on. Null: none is.</summary>
    public string? Refuses { get; set; }

    /// <summary>Completes when a request hangs: its change is made, and no answer will come.</summary>
    public TaskCompletionSource Hanging { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Sees each request first, and may answer it: true. Null: passes all on.</summary>
    public Func<HttpContext, Task<bool>>? Before { get; set; }

    /// <summary>Changes the path and query of a request.</summary>
    public Func<string, string> Rewrite { get; set; } = path => path;

    public static async Task<FaultyWire> StartAsync(string target)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var wire = new FaultyWire(app, new Uri(target).GetLeftPart(UriPartial.Authority));
        app.Run(async context =>
        {
            // Known before it is handled: a handler that cancels the caller's call is overtaken by the caller.
            var passed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            wire.passing.Add(passed.Task);
            try
            {
                await wire.HandleAsync(context);
            }
            finally
            {
                passed.SetResult();
            }
        });
        await app.StartAsync();
        return wire;
    }

    /// <summary>Waits for what came so far, also for what nobody waits for any more.</summary>
    public Task QuietAsync() => Task.WhenAll(passing);

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        http.Dispose();
    }

    /// <summary>Answers without passing on.</summary>
    public static async Task<bool> AnswerAsync(HttpContext context, int status, string body, string type = "application/json")
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        await context.Response.WriteAsync(body);
        return true;
    }

    private async Task HandleAsync(HttpContext context)
    {
        var path = Rewrite($"{context.Request.Path}{context.Request.QueryString}");
        requests.Enqueue($"{context.Request.Method} {path}");
        var sent = new MemoryStream();
        await context.Request.Body.CopyToAsync(sent, CancellationToken.None);   // the whole of it is here, whatever the caller does next
        if (Before is { } before && await before(context))
            return;
        if (Refuses is { } poison && context.Request.Method == "POST" && Encoding.UTF8.GetString(sent.ToArray()).Contains($"\"{poison}/32\"", StringComparison.Ordinal))
        {
            await AnswerAsync(context, 400, JsonSerializer.Serialize(new
            {
                NeutronError = new { type = "InvalidCIDR", message = $"Invalid CIDR {poison}/32 given as IP prefix.", detail = "" },
            }));
            return;
        }

        var fault = context.Request.Method is "POST" or "DELETE" or "PUT" ? Next : null;
        if (fault is not null)
            Next = null;
        switch (fault)
        {
            case CallFault.Throttled or CallFault.ThrottledFor17Seconds:
                if (fault == CallFault.ThrottledFor17Seconds)
                    context.Response.Headers.RetryAfter = "17";
                await AnswerAsync(context, 429, "slow down", "text/plain");
                return;
            case CallFault.Unavailable:
                await AnswerAsync(context, 503, Page, "text/html");
                return;
            case CallFault.Garbage:
                await AnswerAsync(context, 200, Page, "text/html");
                return;
            case CallFault.LostBefore:
                context.Abort();
                return;
        }

        using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), target + path);
        if (context.Request.Headers.TryGetValue("X-Auth-Token", out var token))
            request.Headers.Add("X-Auth-Token", token.ToString());
        if (sent.Length > 0)
        {
            request.Content = new ByteArrayContent(sent.ToArray());
            request.Content.Headers.TryAddWithoutValidation("Content-Type", context.Request.ContentType);
        }

        using var response = await http.SendAsync(request, CancellationToken.None);
        var body = await response.Content.ReadAsByteArrayAsync(CancellationToken.None);
        if (fault == CallFault.LostAfter)
        {
            context.Abort();
            return;
        }

        if (fault == CallFault.Hang)
        {
            var gone = new TaskCompletionSource();
            Hanging.TrySetResult();
            await using var _ = context.RequestAborted.Register(gone.SetResult);
            await gone.Task;
            return;
        }

        context.Response.StatusCode = (int)response.StatusCode;
        context.Response.ContentType = response.Content.Headers.ContentType?.ToString();
        foreach (var header in response.Headers.Where(h => h.Key is "X-Subject-Token" or "WWW-Authenticate"))
            context.Response.Headers[header.Key] = header.Value.ToArray();
        if (context.Response.StatusCode != 204)
            await context.Response.Body.WriteAsync(body, CancellationToken.None);
    }
}
