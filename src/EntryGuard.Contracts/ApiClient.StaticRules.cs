using System.Net;

namespace EntryGuard.Contracts;

/// <content>Static rules.</content>
public sealed partial class ApiClient
{
    /// <summary><c>GET /static-ip-rules</c>.</summary>
    /// <param name="query">"status=FAILED&amp;limit=10"; null: none.</param>
    /// <param name="ct">Cancels it.</param>
    public Task<ApiAnswer<IReadOnlyList<StaticRuleResponse>>> ListStaticRulesAsync(string? query, CancellationToken ct) =>
        GetAsync<IReadOnlyList<StaticRuleResponse>>($"static-ip-rules{(query is null ? "" : $"?{query}")}", ct);

    /// <summary><c>GET /static-ip-rules/{id}</c>.</summary>
    public Task<ApiAnswer<StaticRuleResponse>> GetStaticRuleAsync(Guid id, CancellationToken ct) => GetAsync<StaticRuleResponse>($"static-ip-rules/{id}", ct);

    /// <summary><c>POST /static-ip-rules</c>.</summary>
    /// <param name="request">What to let in.</param>
    /// <param name="idempotencyKey">Repeating the request with the same key makes nothing new; null: none.</param>
    /// <param name="ct">Cancels it.</param>
    public Task<ApiAnswer<StaticRuleResponse>> CreateStaticRuleAsync(CreateStaticRuleRequest request, string? idempotencyKey, CancellationToken ct) =>
        SendAsync<CreateStaticRuleRequest, StaticRuleResponse>(
            HttpMethod.Post, "static-ip-rules", request, ct, idempotencyKey is null ? null : message => message.Headers.Add("Idempotency-Key", idempotencyKey));

    /// <summary><c>PATCH /static-ip-rules/{id}</c>.</summary>
    /// <param name="id">Which.</param>
    /// <param name="request">What changes.</param>
    /// <param name="etag">Of the version the change was decided on, from <see cref="ApiAnswer{T}.ETag"/>; null: whatever it is now.</param>
    /// <param name="ct">Cancels it.</param>
    public Task<ApiAnswer<StaticRuleResponse>> UpdateStaticRuleAsync(Guid id, UpdateStaticRuleRequest request, string? etag, CancellationToken ct) =>
        SendAsync<UpdateStaticRuleRequest, StaticRuleResponse>(
            HttpMethod.Patch, $"static-ip-rules/{id}", request, ct, etag is null ? null : message => message.Headers.TryAddWithoutValidation("If-Match", etag));

    /// <summary><c>DELETE /static-ip-rules/{id}</c>: it is being closed from then on.</summary>
    /// <returns><see cref="HttpStatusCode.NoContent"/> and no body, or a problem.</returns>
    public Task<ApiAnswer<StaticRuleResponse>> DeleteStaticRuleAsync(Guid id, CancellationToken ct) =>
        SendAsync<StaticRuleResponse>(new HttpRequestMessage(HttpMethod.Delete, Of($"static-ip-rules/{id}")), ct);
}
