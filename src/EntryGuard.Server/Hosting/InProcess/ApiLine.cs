namespace EntryGuard.Server.Hosting.InProcess;

/// <summary>Where the pages' requests to the API go: into the pipeline of this process.</summary>
/// <param name="pipeline">Of this server.</param>
/// <param name="by">Adds whoever sends it, and from where, as it is at this moment.</param>
/// <param name="heard">Told of every answer; null: nobody is.</param>
internal sealed class ApiLine(Pipeline pipeline, Func<HttpContext, Task> by, Action<HttpResponseMessage>? heard = null) : HttpMessageHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var answer = await pipeline.SendAsync(request, by, cancellationToken);
        heard?.Invoke(answer);
        return answer;
    }
}
