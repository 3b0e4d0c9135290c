using System.Net;

namespace EntryGuard.Contracts;

/// <content>Resources, and who may open them.</content>
public sealed partial class ApiClient
{
    /// <summary><c>GET /providers</c>.</summary>
    public Task<ApiAnswer<IReadOnlyList<ProviderResponse>>> ListProvidersAsync(CancellationToken ct) => GetAsync<IReadOnlyList<ProviderResponse>>("providers", ct);

    /// <summary><c>GET /resources</c>.</summary>
    /// <param name="query">"search=db&amp;health=INVALID&amp;limit=10"; null: none.</param>
    /// <param name="ct">Cancels it.</param>
    public Task<ApiAnswer<IReadOnlyList<ResourceResponse>>> ListResourcesAsync(string? query, CancellationToken ct) =>
        GetAsync<IReadOnlyList<ResourceResponse>>($"resources{(query is null ? "" : $"?{query}")}", ct);

    /// <summary><c>GET /resources/{id}</c>.</summary>
    public Task<ApiAnswer<ResourceResponse>> GetResourceAsync(Guid id, CancellationToken ct) => GetAsync<ResourceResponse>($"resources/{id}", ct);

    /// <summary><c>POST /resources</c>.</summary>
    public Task<ApiAnswer<ResourceResponse>> CreateResourceAsync(CreateResourceRequest request, CancellationToken ct) =>
        SendAsync<CreateResourceRequest, ResourceResponse>(HttpMethod.Post, "resources", request, ct);

    /// <summary><c>POST /resources?dryRun=true</c>.</summary>
    public Task<ApiAnswer<VerifyPreview>> TryResourceAsync(CreateResourceRequest request, CancellationToken ct) =>
        SendAsync<CreateResourceRequest, VerifyPreview>(HttpMethod.Post, "resources?dryRun=true", request, ct);

    /// <summary><c>PATCH /resources/{id}?dryRun=true</c>.</summary>
    public Task<ApiAnswer<VerifyPreview>> TryResourceAsync(Guid id, UpdateResourceRequest request, CancellationToken ct) =>
        SendAsync<UpdateResourceRequest, VerifyPreview>(HttpMethod.Patch, $"resources/{id}?dryRun=true", request, ct);

    /// <summary><c>PATCH /resources/{id}</c>.</summary>
    /// <param name="id">Which.</param>
    /// <param name="request">What changes.</param>
    /// <param name="etag">Of the version the change was decided on, from <see cref="ApiAnswer{T}.ETag"/>; null: whatever it is now.</param>
    /// <param name="ct">Cancels it.</param>
    public Task<ApiAnswer<ResourceResponse>> UpdateResourceAsync(Guid id, UpdateResourceRequest request, string? etag, CancellationToken ct) =>
        SendAsync<UpdateResourceRequest, ResourceResponse>(
            HttpMethod.Patch, $"resources/{id}", request, ct, etag is null ? null : message => message.Headers.TryAddWithoutValidation("If-Match", etag));

    /// <summary><c>DELETE /resources/{id}</c>.</summary>
    /// <param name="id">Which.</param>
    /// <param name="end">What is open on it is ended first; without, it must be unused.</param>
    /// <param name="ct">Cancels it.</param>
    /// <returns><see cref="HttpStatusCode.NoContent"/> and no body, or a problem.</returns>
    public Task<ApiAnswer<MessageResponse>> DeleteResourceAsync(Guid id, bool end, CancellationToken ct) =>
        SendAsync<MessageResponse>(new HttpRequestMessage(HttpMethod.Delete, Of($"resources/{id}{(end ? "?end=true" : "")}")), ct);

    /// <summary><c>POST /resources/{id}/verify</c>.</summary>
    public Task<ApiAnswer<VerifyResponse>> VerifyResourceAsync(Guid id, CancellationToken ct) => PostAsync<VerifyResponse>($"resources/{id}/verify", ct);

    /// <summary><c>POST /resources/{id}/reconcile</c>.</summary>
    public Task<ApiAnswer<ReconcileResponse>> ReconcileResourceAsync(Guid id, ReconcileRequest request, CancellationToken ct) =>
        SendAsync<ReconcileRequest, ReconcileResponse>(HttpMethod.Post, $"resources/{id}/reconcile", request, ct);

    /// <summary><c>GET /resources/{id}/users</c>.</summary>
    /// <inheritdoc cref="ListResourcesAsync" path="/param"/>
    public Task<ApiAnswer<IReadOnlyList<AssignedUser>>> ListAssignedUsersAsync(Guid id, string? query, CancellationToken ct) =>
        GetAsync<IReadOnlyList<AssignedUser>>($"resources/{id}/users{(query is null ? "" : $"?{query}")}", ct);

    /// <summary><c>POST /resources/{id}/users/{userId}</c>.</summary>
    public Task<ApiAnswer<MessageResponse>> AssignUserAsync(Guid id, Guid userId, CancellationToken ct) => PostAsync<MessageResponse>($"resources/{id}/users/{userId}", ct);

    /// <summary><c>DELETE /resources/{id}/users/{userId}</c>.</summary>
    public Task<ApiAnswer<MessageResponse>> UnassignUserAsync(Guid id, Guid userId, CancellationToken ct) =>
        SendAsync<MessageResponse>(new HttpRequestMessage(HttpMethod.Delete, Of($"resources/{id}/users/{userId}")), ct);
}
