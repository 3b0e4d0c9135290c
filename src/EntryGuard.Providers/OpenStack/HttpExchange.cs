using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using EntryGuard.Domain.Providers;
using EntryGuard.Providers.Http;
using Microsoft.Extensions.Logging;

namespace EntryGuard.Providers.OpenStack;

/// <summary>What came of one request.</summary>
internal sealed record Reply
{
    /// <summary>Null if no answer came: then <see cref="Fault"/> says why.</summary>
    public int? Status { get; init; }

    /// <summary>Undefined unless it is a JSON object.</summary>
    public JsonElement Body { get; init; }

    /// <summary>What the service asks us to wait.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>A token that Keystone gave.</summary>
    public string? SubjectToken { get; init; }

    /// <summary>Why there is no answer; null if there is one.</summary>
    public RuleFault? Fault { get; init; }

    /// <summary>There is no answer, and the request may have arrived.</summary>
    public bool WasLost { get; init; }

    public bool IsJson => Body.ValueKind == JsonValueKind.Object;

    /// <summary>Neutron's name for an error ("OverQuota"), which says more than the status; null where there is none.</summary>
    public string? ErrorType => Error("NeutronError", "type");

    /// <summary>In the service's words, short enough to show; null where there are none.</summary>
    public string? ErrorMessage => Error("NeutronError", "message") ?? Error("error", "message");

    private string? Error(string name, string field) =>
        IsJson && Body.TryGetProperty(name, out var error) && error.ValueKind == JsonValueKind.Object
        && error.TryGetProperty(field, out var text) && text.ValueKind == JsonValueKind.String
            ? HttpExchange.Excerpt(text.GetString()!)
            : null;
}

/// <summary>Sends one request and reads its answer: no token, no second try, no judgement.</summary>
internal sealed class HttpExchange(IHttpClientFactory clients, TimeProvider time, ILogger log)
{
    private const int LongestExcerpt = 300;

    // With the most work that is begun in a call, below what the engine gives it: see NeutronApply.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(7);

    /// <summary>Throws <see cref="OperationCanceledException"/> if <paramref name="ct"/> is cancelled, and nothing else.</summary>
    public async Task<Reply> SendAsync(HttpMethod method, Uri url, string? token, JsonNode? body, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(method, url);
        if (token is not null)
            request.Headers.Add("X-Auth-Token", token);
        if (body is not null)
            request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        using var limit = new CancellationTokenSource(Limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
        try
        {
            using var client = clients.CreateClient(OpenStackHttp.ClientName);
            using var response = await client.SendAsync(request, either.Token);

            // Not as text: a character set that does not exist would be an exception.
            return Read(response, url, Encoding.UTF8.GetString(await response.Content.ReadAsByteArrayAsync(either.Token)));
        }
        catch (HttpRequestException e)
        {
            ct.ThrowIfCancellationRequested();
            return NoAnswer(url, e);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            // The handler's own limit is the one for connecting.
            return limit.IsCancellationRequested
                ? Lost(url, $"did not answer within {Limit.TotalSeconds.ToString(CultureInfo.InvariantCulture)} s")
                : Unreached(url, "nobody took the connection in time");
        }
    }

    /// <summary>What somebody else wrote, on one line, without what could be mistaken for our own, and bounded.</summary>
    public static string Excerpt(string text)
    {
        var excerpt = new StringBuilder(Math.Min(text.Length, LongestExcerpt) + 1);
        foreach (var c in text)
        {
            if (excerpt.Length >= LongestExcerpt)
                return excerpt.Append('…').ToString();
            if (char.IsControl(c) || char.IsSurrogate(c) || c is '\u2028' or '\u2029')
                excerpt.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else
                excerpt.Append(c);
        }

        return excerpt.ToString();
    }

    private Reply Read(HttpResponseMessage response, Uri url, string text)
    {
        var status = (int)response.StatusCode;
        var reply = new Reply
        {
            Status = status,
            RetryAfter = RetryAfter(response.Headers),
            SubjectToken = response.Headers.TryGetValues("X-Subject-Token", out var tokens) ? tokens.FirstOrDefault() : null,
        };
        try
        {
            using var json = JsonDocument.Parse(text);
            if (json.RootElement.ValueKind == JsonValueKind.Object)
                return reply with { Body = json.RootElement.Clone() };
        }
        catch (JsonException)
        {
            // Said below.
        }

        if (status != 204)
            log.NoJson(url.Authority, status, Excerpt(text));
        return reply;
    }

    private TimeSpan? RetryAfter(HttpResponseHeaders headers)
    {
        // A date is meant by the clock of whoever wrote it.
        var wait = headers.RetryAfter switch
        {
            { Delta: { } seconds } => seconds,
            { Date: { } at } => at - (headers.Date ?? time.GetUtcNow()),
            _ => (TimeSpan?)null,
        };
        return wait < TimeSpan.Zero ? TimeSpan.Zero : wait;
    }

    private static Reply NoAnswer(Uri url, HttpRequestException e)
    {
        if (EndpointLimits.RefusalIn(e) is { } refusal)
            return new Reply { Fault = new RuleFault("ENDPOINT_NOT_ALLOWED", refusal, true) { IsCredentialFault = true } };
        return OpenStackHttp.NeverLeft(e) ? Unreached(url, Excerpt(e.Message)) : Lost(url, $"was asked, and the connection failed: {Excerpt(e.Message)}");
    }

    private static Reply Unreached(Uri url, string why) =>
        new() { Fault = new RuleFault("UNREACHABLE", $"{url.Authority} cannot be reached: {why}.", false) { IsConnectionFault = true } };

    private static Reply Lost(Uri url, string how) =>
        new() { Fault = new RuleFault("NO_ANSWER", $"{url.Authority} {how}.", false), WasLost = true };
}

internal static partial class ExchangeLog
{
    [LoggerMessage(4001, LogLevel.Warning, "{Endpoint} answered {Status} with something that is no JSON object: '{Excerpt}'")]
    public static partial void NoJson(this ILogger log, string endpoint, int status, string excerpt);
}
