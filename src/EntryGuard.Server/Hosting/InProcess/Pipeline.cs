using Microsoft.AspNetCore.Http.Features;

namespace EntryGuard.Server.Hosting.InProcess;

/// <summary>
/// The server's own request pipeline, for requests that come from inside the process: the pages are a client of the API like any other, with
/// its checks, its words and its queries, and no socket between.
/// </summary>
internal sealed class Pipeline(IServiceProvider services)
{
    private RequestDelegate? begin;

    /// <summary>Set once, when the pipeline is built.</summary>
    public void BeginsWith(RequestDelegate first) => begin = first;

    /// <summary>Sends it through.</summary>
    /// <param name="request">With an absolute address.</param>
    /// <param name="by">Adds whoever sends it, and from where.</param>
    /// <param name="ct">The request is aborted by it.</param>
    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, Func<HttpContext, Task> by, CancellationToken ct)
    {
        var entry = begin ?? throw new InvalidOperationException("The pipeline is not built yet.");
        using var aborted = CancellationTokenSource.CreateLinkedTokenSource(ct);
        using var body = new MemoryStream();
        var response = new Answer();
        var uri = request.RequestUri!;
        var features = new FeatureCollection();
        features.Set<IHttpRequestFeature>(new HttpRequestFeature
        {
            Method = request.Method.Method,
            Scheme = uri.Scheme,
            Path = Uri.UnescapeDataString(uri.AbsolutePath),
            QueryString = uri.Query,
            Protocol = "HTTP/1.1",
            Body = request.Content is null ? Stream.Null : await request.Content.ReadAsStreamAsync(ct),
        });
        features.Set<IHttpResponseFeature>(response);
        features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(body));
        features.Set<IHttpConnectionFeature>(new HttpConnectionFeature());
        features.Set<IHttpRequestBodyDetectionFeature>(new HasBody(request.Content is not null));
        features.Set<IHttpRequestLifetimeFeature>(new HttpRequestLifetimeFeature { RequestAborted = aborted.Token });
        features.Set(new NoSocket());
        await using var scope = services.CreateAsyncScope();
        var context = new DefaultHttpContext(features) { RequestServices = scope.ServiceProvider };
        foreach (var (name, values) in request.Headers.Concat(request.Content?.Headers ?? Enumerable.Empty<KeyValuePair<string, IEnumerable<string>>>()))
            context.Request.Headers[name] = values.ToArray();
        context.Request.Host = HostString.FromUriComponent(uri);
        await by(context);
        try
        {
            await entry(context);
            await response.StartAsync();
        }
        finally
        {
            await response.CompleteAsync();
        }

        return Read(context, body.ToArray());
    }

    private static HttpResponseMessage Read(HttpContext context, byte[] body)
    {
        var answer = new HttpResponseMessage((System.Net.HttpStatusCode)context.Response.StatusCode) { Content = new ByteArrayContent(body) };
        foreach (var (name, values) in context.Response.Headers)
        {
            if (!answer.Headers.TryAddWithoutValidation(name, values.AsEnumerable()))
                answer.Content.Headers.TryAddWithoutValidation(name, values.AsEnumerable());
        }

        return answer;
    }

    private sealed record HasBody(bool CanHaveBody) : IHttpRequestBodyDetectionFeature;

    // The framework's own forgets what is to be done when an answer starts and ends.
    private sealed class Answer : HttpResponseFeature
    {
        private readonly Stack<Func<Task>> starting = new();
        private readonly Stack<Func<Task>> completed = new();
        private bool hasStarted;

        public override bool HasStarted => hasStarted;

        public override void OnStarting(Func<object, Task> callback, object state) => starting.Push(() => callback(state));

        public override void OnCompleted(Func<object, Task> callback, object state) => completed.Push(() => callback(state));

        public async Task StartAsync()
        {
            while (starting.TryPop(out var act))
                await act();
            hasStarted = true;
        }

        public async Task CompleteAsync()
        {
            while (completed.TryPop(out var act))
                await act();
        }
    }
}

/// <summary>Marks a request that no socket brought.</summary>
internal sealed record NoSocket;
