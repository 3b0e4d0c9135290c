using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EntryGuard.Testing.FakeEc2;

/// <summary>One request that the fake received.</summary>
/// <param name="Action">"RevokeSecurityGroupIngress".</param>
/// <param name="Parameters">As sent.</param>
/// <param name="Code">Of the error it was answered with; null: success, or no answer.</param>
public sealed record Ec2Call(DateTimeOffset At, string Action, IReadOnlyDictionary<string, string> Parameters, string? Code);

/// <summary>
/// EC2 and STS on a port of loopback, as their API references describe them: the Query protocol with XML answers, and signatures checked.
/// Knows security groups and their inbound rules. Its truth is open to tests, and it goes wrong on demand.
/// </summary>
public sealed class Ec2Server : IAsyncDisposable
{
    private readonly WebApplication web;
    private readonly Ec2Actions ec2;
    private readonly StsActions sts;
    private readonly ConcurrentDictionary<string, Ec2Group> groups = new();
    private readonly ConcurrentQueue<Ec2Call> journal = new();
    private readonly Lock guard = new();
    private readonly List<(Func<string, bool> Matches, object Trouble)> troubles = [];
    private TaskCompletionSource hanging = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Ec2Server(WebApplication web, TimeProvider time)
    {
        (this.web, Time) = (web, time);
        (ec2, sts) = (new Ec2Actions(this), new StsActions(this));
    }

    /// <summary>"http://127.0.0.1:34567".</summary>
    public Uri Url => new(web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    public TimeProvider Time { get; }

    /// <summary>Who may call.</summary>
    public Ec2Keys Keys { get; } = new();

    /// <summary>All there are.</summary>
    public IEnumerable<Ec2Group> Groups => groups.Values;

    /// <summary>Every request so far, in order of its answer.</summary>
    public IReadOnlyList<Ec2Call> Journal => [.. journal];

    /// <summary>Before each answer.</summary>
    public TimeSpan Latency { get; set; }

    /// <summary>Told of each call when it has arrived, by its action; null: nobody is.</summary>
    public Action<string>? Received { get; set; }

    /// <summary>Most rules in one page, below what a request asks for.</summary>
    public int LargestPage { get; set; } = 1000;

    /// <summary>So many lists after each change do not show it.</summary>
    public int ListsLagByCalls { get; set; }

    /// <summary>For so long after each change lists do not show it.</summary>
    public TimeSpan ListsLagBy { get; set; }

    /// <summary>A source that is refused as a value, and no other: "127.0.66.6/32". Null: none.</summary>
    public string? Refuses { get; set; }

    /// <summary>Done once a request that hangs has made its change.</summary>
    public Task Hanging => hanging.Task;

    /// <summary>Called with each action before it is carried out, so that somebody else can be faster.</summary>
    public Action<string>? Before { get; set; }

    public static async Task<Ec2Server> StartAsync(TimeProvider? time = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var web = builder.Build();
        var server = new Ec2Server(web, time ?? TimeProvider.System);
        web.Run(server.ServeAsync);
        await web.StartAsync();
        return server;
    }

    /// <summary>A new group, without rules.</summary>
    public Ec2Group AddGroup(string id, string account, string region) => groups[id] = new Ec2Group(id, account, region);

    /// <summary>Somebody else deletes a group.</summary>
    public void RemoveGroup(string id) => groups.TryRemove(id, out _);

    /// <summary>The next request of this action is answered with the error, and nothing is done.</summary>
    /// <param name="action">Null: the next that changes something, a dry run included.</param>
    public void Next(string? action, Ec2Exception error) => Add(action, error);

    /// <summary>Something goes wrong with the next request of this action.</summary>
    /// <inheritdoc cref="Next(string?, Ec2Exception)"/>
    public void Next(string? action, Ec2Trouble trouble) => Add(action, trouble);

    public void ForgetJournal() => journal.Clear();

    public async ValueTask DisposeAsync()
    {
        await web.StopAsync(new CancellationToken(true));   // nobody waits for those that hang
        await web.DisposeAsync();
    }

    private void Add(string? action, object trouble)
    {
        lock (guard)
        {
            if (hanging.Task.IsCompleted)
                hanging = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            troubles.Add((name => action is null ? name is "AuthorizeSecurityGroupIngress" or "RevokeSecurityGroupIngress" : name == action, trouble));
        }
    }

    private object? TakeTrouble(string action)
    {
        lock (guard)
        {
            var at = troubles.FindIndex(t => t.Matches(action));
            if (at < 0)
                return null;
            var trouble = troubles[at].Trouble;
            troubles.RemoveAt(at);
            return trouble;
        }
    }

    private async Task ServeAsync(HttpContext http)
    {
        using var buffer = new MemoryStream();
        await http.Request.Body.CopyToAsync(buffer, http.RequestAborted);
        var body = buffer.ToArray();
        var parameters = Parse(Encoding.UTF8.GetString(body));
        var request = new Ec2Request(parameters);
        Received?.Invoke(request.Action);
        var trouble = TakeTrouble(request.Action);
        if (Latency > TimeSpan.Zero)
            await Task.Delay(Latency, Time, http.RequestAborted);
        string? text = null;
        Ec2Exception? error = trouble as Ec2Exception;
        try
        {
            if (trouble is null or Ec2Trouble.LostAfter or Ec2Trouble.Hang or Ec2Trouble.Half or Ec2Trouble.Impatient)
                text = Answer(http.Request, body, request);
        }
        catch (Ec2Exception e)
        {
            error = e;
        }

        journal.Enqueue(new Ec2Call(Time.GetUtcNow(), request.Action, parameters, error?.Code));
        if (trouble is Ec2Trouble.LostBefore or Ec2Trouble.LostAfter)
        {
            http.Abort();
            return;
        }

        if (trouble is Ec2Trouble.Hang)
        {
            hanging.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, http.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
            return;
        }

        await WriteAsync(http.Response, request.Action, trouble, error, text);
    }

    private static async Task WriteAsync(HttpResponse response, string action, object? trouble, Ec2Exception? error, string? text)
    {
        (response.StatusCode, response.ContentType, text) = (trouble, error) switch
        {
            (Ec2Trouble.Garbage, _) => (200, "text/html", "<html><head><title>Welcome</title></head><body>\r\nSign in to the <b>hotel</b></body></html>"),
            (Ec2Trouble.Impatient, _) => (503, "text/html", "<html><body>Service unavailable<br></body></html>"),
            (Ec2Trouble.BadGateway, _) => (502, "text/html", "<html><body>Bad gateway<br></body></html>"),
            (_, { } e) => (e.Status, "text/xml;charset=UTF-8", Ec2Xml.Error(e, StsActions.Has(action))),
            _ => (200, "text/xml;charset=UTF-8", text!),
        };
        if (error?.RetryAfter is { } wait)
            response.Headers.RetryAfter = wait;
        if (trouble is Ec2Trouble.Half)
            text = text[..(text.Length / 2)];
        await response.WriteAsync(text);
    }

    private string Answer(HttpRequest http, byte[] body, Ec2Request request)
    {
        var isSts = StsActions.Has(request.Action);
        var (caller, region) = Caller(http, body, isSts);
        Before?.Invoke(request.Action);
        return isSts
            ? sts.Answer(request, caller)
            : ec2.Answer(request, caller, region) ?? throw new Ec2Exception("InvalidAction", 400, $"The action {request.Action} is not valid for this web service.");
    }

    private (Ec2Key Key, string Region) Caller(HttpRequest http, byte[] body, bool isSts)
    {
        if (SigV4.Read(http) is not var (id, scope, headers, signature))
            throw new Ec2Exception(isSts ? "MissingAuthenticationToken" : "AuthFailure", isSts ? 403 : 401, "Request is missing Authentication Token");
        if (Keys.Find(id) is not { } key || (key.Token is { } token && http.Headers["X-Amz-Security-Token"] != token))
        {
            throw isSts
                ? new Ec2Exception("InvalidClientTokenId", 403, "The security token included in the request is invalid.")
                : new Ec2Exception("AuthFailure", 401, "AWS was not able to validate the provided access credentials");
        }

        if (!SigV4.IsRight(http, body, key.Secret, scope, headers, signature))
        {
            // STS and EC2 repeat the canonical request, and with it the session's token.
            throw new Ec2Exception(
                "SignatureDoesNotMatch", 403,
                $"The request signature we calculated does not match the signature you provided. The Canonical String for this request should have been 'POST / x-amz-security-token:{http.Headers["X-Amz-Security-Token"]}'");
        }

        if (key.Until <= Time.GetUtcNow())
            throw isSts ? new Ec2Exception("ExpiredToken", 403, "The security token included in the request is expired") : new Ec2Exception("RequestExpired", 400, "Request has expired.");
        return (key, scope.Split('/') is [_, var region, ..] ? region : "");
    }

    private static Dictionary<string, string> Parse(string form) => form.Split('&', StringSplitOptions.RemoveEmptyEntries)
        .Select(pair => pair.Split('=', 2)).ToDictionary(p => WebUtility.UrlDecode(p[0]), p => WebUtility.UrlDecode(p.Length > 1 ? p[1] : ""));
}
