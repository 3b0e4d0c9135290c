namespace EntryGuard.Server.Tests.Web;

/// <summary>Answers when it is told to.</summary>
internal sealed class HeldLine : HttpMessageHandler
{
    public TaskCompletionSource<HttpResponseMessage> Answer { get; } = new();

    public int Asked { get; private set; }

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Asked++;
        return Answer.Task;
    }
}
