using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace EntryGuard.Contracts;

/// <summary>The API, typed. Refusals are values; it throws only when no answer comes.</summary>
/// <param name="http">With the server's address; and with the key, see <see cref="UseKey"/>.</param>
public sealed partial class ApiClient(HttpClient http)
{
    /// <summary>For what has no method here.</summary>
    public HttpClient Http => http;

    /// <summary>Signs every request with this API key.</summary>
    public void UseKey(string apiKey) => http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", apiKey);

    /// <summary><c>POST /sessions</c>.</summary>
    /// <param name="request">What to open.</param>
    /// <param name="idempotencyKey">Repeating the request with the same key starts nothing new; null: none.</param>
    public Task<ApiAnswer<SessionResponse>> StartSessionAsync(StartSessionRequest request, string? idempotencyKey, CancellationToken ct) =>
        SendAsync<StartSessionRequest, SessionResponse>(
            HttpMethod.Post, "sessions", request, ct, idempotencyKey is null ? null : message => message.Headers.Add("Idempotency-Key", idempotencyKey));

    /// <summary><c>POST /sessions?dryRun=true</c>.</summary>
    public Task<ApiAnswer<StartPreview>> PreviewSessionAsync(StartSessionRequest request, CancellationToken ct) =>
        SendAsync<StartSessionRequest, StartPreview>(HttpMethod.Post, "sessions?dryRun=true", request, ct);

    /// <summary><c>GET /sessions</c>, or with <paramref name="all"/> <c>GET /sessions/admin</c>.</summary>
    /// <param name="query">"status=ACTIVE&amp;limit=10"; null: none.</param>
    public Task<ApiAnswer<IReadOnlyList<SessionResponse>>> ListSessionsAsync(string? query, bool all, CancellationToken ct) =>
        GetAsync<IReadOnlyList<SessionResponse>>($"sessions{(all ? "/admin" : "")}{(query is null ? "" : $"?{query}")}", ct);

    /// <summary><c>GET /sessions/{id}</c>.</summary>
    public Task<ApiAnswer<SessionResponse>> GetSessionAsync(Guid id, CancellationToken ct) => GetAsync<SessionResponse>($"sessions/{id}", ct);

    /// <summary><c>GET /sessions/{id}/timeline</c>.</summary>
    /// <param name="id">Which.</param>
    /// <param name="query">"limit=200"; null: none.</param>
    /// <param name="ct">Cancels it.</param>
    public Task<ApiAnswer<IReadOnlyList<AuditEntryResponse>>> GetTimelineAsync(Guid id, string? query, CancellationToken ct) =>
        GetAsync<IReadOnlyList<AuditEntryResponse>>($"sessions/{id}/timeline{(query is null ? "" : $"?{query}")}", ct);

    /// <summary><c>POST /sessions/{id}/stop</c>, or with <paramref name="anybodys"/> <c>POST /sessions/admin/{id}/stop</c>.</summary>
    public Task<ApiAnswer<SessionResponse>> StopSessionAsync(Guid id, bool anybodys, CancellationToken ct) =>
        PostAsync<SessionResponse>($"sessions/{(anybodys ? "admin/" : "")}{id}/stop", ct);

    /// <summary><c>POST /sessions/{id}/extend</c>.</summary>
    public Task<ApiAnswer<SessionResponse>> ExtendSessionAsync(Guid id, ExtendSessionRequest request, CancellationToken ct) =>
        SendAsync<ExtendSessionRequest, SessionResponse>(HttpMethod.Post, $"sessions/{id}/extend", request, ct);

    /// <summary><c>GET /resource-ips</c>.</summary>
    /// <param name="query">"failing=true&amp;limit=10"; null: none.</param>
    /// <param name="ct">Cancels it.</param>
    public Task<ApiAnswer<IReadOnlyList<ResourceIpResponse>>> ListResourceIpsAsync(string? query, CancellationToken ct) =>
        GetAsync<IReadOnlyList<ResourceIpResponse>>($"resource-ips{(query is null ? "" : $"?{query}")}", ct);

    /// <summary><c>POST /resource-ips/{id}/retry</c>.</summary>
    public Task<ApiAnswer<ResourceIpResponse>> RetryResourceIpAsync(Guid id, CancellationToken ct) => PostAsync<ResourceIpResponse>($"resource-ips/{id}/retry", ct);

    /// <summary><c>POST /resource-ips/{id}/declare-gone</c>.</summary>
    public Task<ApiAnswer<ResourceIpResponse>> DeclareGoneAsync(Guid id, DeclareGoneRequest request, CancellationToken ct) =>
        SendAsync<DeclareGoneRequest, ResourceIpResponse>(HttpMethod.Post, $"resource-ips/{id}/declare-gone", request, ct);

    /// <summary><c>GET /detect-ip</c>.</summary>
    public Task<ApiAnswer<DetectIpResponse>> DetectIpAsync(CancellationToken ct) => GetAsync<DetectIpResponse>("detect-ip", ct);

    /// <summary><c>GET /explain</c>.</summary>
    /// <param name="resource">The door.</param>
    /// <param name="address">Null: the one the caller comes from.</param>
    /// <param name="ct">Cancels it.</param>
    public Task<ApiAnswer<ExplainResponse>> ExplainAsync(Guid resource, string? address, CancellationToken ct) =>
        GetAsync<ExplainResponse>($"explain?resource={resource}{(address is null ? "" : $"&address={Uri.EscapeDataString(address)}")}", ct);

    /// <summary><c>GET /audit-logs</c>.</summary>
    /// <param name="query">"eventType=SESSION_START&amp;size=50"; null: none.</param>
    /// <param name="ct">Cancels it.</param>
    public Task<ApiAnswer<AuditPage>> ListAuditAsync(string? query, CancellationToken ct) => GetAsync<AuditPage>($"audit-logs{(query is null ? "" : $"?{query}")}", ct);

    private Task<ApiAnswer<TAnswer>> GetAsync<TAnswer>(string path, CancellationToken ct)
        where TAnswer : class => SendAsync<TAnswer>(new HttpRequestMessage(HttpMethod.Get, Of(path)), ct);

    private Task<ApiAnswer<TAnswer>> PostAsync<TAnswer>(string path, CancellationToken ct)
        where TAnswer : class => SendAsync<TAnswer>(new HttpRequestMessage(HttpMethod.Post, Of(path)), ct);

    private Task<ApiAnswer<TAnswer>> SendAsync<TBody, TAnswer>(
        HttpMethod method, string path, TBody body, CancellationToken ct, Action<HttpRequestMessage>? and = null)
        where TAnswer : class
    {
        var message = new HttpRequestMessage(method, Of(path)) { Content = JsonContent.Create(body, Json<TBody>()) };
        and?.Invoke(message);
        return SendAsync<TAnswer>(message, ct);
    }

    private async Task<ApiAnswer<TAnswer>> SendAsync<TAnswer>(HttpRequestMessage message, CancellationToken ct)
        where TAnswer : class
    {
        using var sent = message;
        using var answer = await http.SendAsync(message, ct);
        if (!answer.IsSuccessStatusCode)
            return new ApiAnswer<TAnswer>(answer.StatusCode, null, await ProblemAsync(answer, ct));
        var next = answer.Headers.TryGetValues("X-Next-Cursor", out var cursors) ? cursors.First() : null;
        var body = answer.StatusCode == HttpStatusCode.NoContent ? null : await answer.Content.ReadFromJsonAsync(Json<TAnswer>(), ct);
        return new ApiAnswer<TAnswer>(answer.StatusCode, body, null, next, answer.Headers.ETag?.ToString());
    }

    private static async Task<Problem?> ProblemAsync(HttpResponseMessage answer, CancellationToken ct)
    {
        try
        {
            return await answer.Content.ReadFromJsonAsync(Json<Problem>(), ct);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static Uri Of(string path) => new($"api/v1/{path}", UriKind.Relative);

    private static JsonTypeInfo<T> Json<T>() => (JsonTypeInfo<T>)ContractsJson.Default.GetTypeInfo(typeof(T))!;
}
