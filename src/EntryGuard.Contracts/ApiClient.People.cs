using System.Net;

namespace EntryGuard.Contracts;

/// <content>Users and their API keys.</content>
public sealed partial class ApiClient
{
    /// <summary><c>GET /users</c>.</summary>
    /// <param name="query">"limit=10"; null: none.</param>
    /// <param name="ct">Cancels it.</param>
    public Task<ApiAnswer<IReadOnlyList<UserResponse>>> ListUsersAsync(string? query, CancellationToken ct) =>
        GetAsync<IReadOnlyList<UserResponse>>($"users{(query is null ? "" : $"?{query}")}", ct);

    /// <summary><c>GET /users/{id}</c>.</summary>
    public Task<ApiAnswer<UserResponse>> GetUserAsync(Guid id, CancellationToken ct) => GetAsync<UserResponse>($"users/{id}", ct);

    /// <summary><c>POST /users</c>.</summary>
    public Task<ApiAnswer<UserResponse>> CreateUserAsync(CreateUserRequest request, CancellationToken ct) =>
        SendAsync<CreateUserRequest, UserResponse>(HttpMethod.Post, "users", request, ct);

    /// <summary><c>PATCH /users/{id}</c>.</summary>
    /// <param name="id">Which.</param>
    /// <param name="request">What changes.</param>
    /// <param name="etag">Of the version the change was decided on, from <see cref="ApiAnswer{T}.ETag"/>; null: whatever it is now.</param>
    /// <param name="ct">Cancels it.</param>
    public Task<ApiAnswer<UserResponse>> UpdateUserAsync(Guid id, UpdateUserRequest request, string? etag, CancellationToken ct) =>
        SendAsync<UpdateUserRequest, UserResponse>(
            HttpMethod.Patch, $"users/{id}", request, ct, etag is null ? null : message => message.Headers.TryAddWithoutValidation("If-Match", etag));

    /// <summary><c>POST /users/bulk</c>.</summary>
    public Task<ApiAnswer<IReadOnlyList<UserResponse>>> CreateUsersAsync(CreateUsersRequest request, CancellationToken ct) =>
        SendAsync<CreateUsersRequest, IReadOnlyList<UserResponse>>(HttpMethod.Post, "users/bulk", request, ct);

    /// <summary><c>DELETE /users/{id}</c>.</summary>
    /// <param name="id">Which.</param>
    /// <param name="end">End its sessions first; else it is refused while it has any.</param>
    /// <param name="ct">Cancels it.</param>
    /// <returns><see cref="HttpStatusCode.NoContent"/> and no body, or a problem.</returns>
    public Task<ApiAnswer<UserResponse>> DeleteUserAsync(Guid id, bool end, CancellationToken ct) =>
        SendAsync<UserResponse>(new HttpRequestMessage(HttpMethod.Delete, Of($"users/{id}{(end ? "?end=true" : "")}")), ct);

    /// <summary><c>GET /service-accounts</c>.</summary>
    /// <param name="query">"search=ci"; null: none.</param>
    /// <param name="ct">Cancels it.</param>
    public Task<ApiAnswer<IReadOnlyList<ServiceAccountResponse>>> ListServiceAccountsAsync(string? query, CancellationToken ct) =>
        GetAsync<IReadOnlyList<ServiceAccountResponse>>($"service-accounts{(query is null ? "" : $"?{query}")}", ct);

    /// <summary><c>GET /service-accounts/{id}</c>.</summary>
    public Task<ApiAnswer<ServiceAccountResponse>> GetServiceAccountAsync(Guid id, CancellationToken ct) => GetAsync<ServiceAccountResponse>($"service-accounts/{id}", ct);

    /// <summary><c>POST /service-accounts</c>.</summary>
    public Task<ApiAnswer<ServiceAccountResponse>> CreateServiceAccountAsync(CreateServiceAccountRequest request, CancellationToken ct) =>
        SendAsync<CreateServiceAccountRequest, ServiceAccountResponse>(HttpMethod.Post, "service-accounts", request, ct);

    /// <summary><c>PATCH /service-accounts/{id}</c>.</summary>
    /// <param name="id">Which.</param>
    /// <param name="request">What changes.</param>
    /// <param name="etag">Of the version the change was decided on, from <see cref="ApiAnswer{T}.ETag"/>; null: whatever it is now.</param>
    /// <param name="ct">Cancels it.</param>
    public Task<ApiAnswer<ServiceAccountResponse>> UpdateServiceAccountAsync(Guid id, UpdateServiceAccountRequest request, string? etag, CancellationToken ct) =>
        SendAsync<UpdateServiceAccountRequest, ServiceAccountResponse>(
            HttpMethod.Patch, $"service-accounts/{id}", request, ct, etag is null ? null : message => message.Headers.TryAddWithoutValidation("If-Match", etag));

    /// <summary><c>DELETE /service-accounts/{id}</c>.</summary>
    /// <param name="id">Which.</param>
    /// <param name="end">End its sessions first; else it is refused while it has any.</param>
    /// <param name="ct">Cancels it.</param>
    /// <returns><see cref="HttpStatusCode.NoContent"/> and no body, or a problem.</returns>
    public Task<ApiAnswer<ServiceAccountResponse>> DeleteServiceAccountAsync(Guid id, bool end, CancellationToken ct) =>
        SendAsync<ServiceAccountResponse>(new HttpRequestMessage(HttpMethod.Delete, Of($"service-accounts/{id}{(end ? "?end=true" : "")}")), ct);

    /// <summary><c>POST /api-keys/{id}/rotate</c>. The answer holds the new key, once.</summary>
    public Task<ApiAnswer<ApiKeyResponse>> RotateApiKeyAsync(Guid id, RotateApiKeyRequest request, CancellationToken ct) =>
        SendAsync<RotateApiKeyRequest, ApiKeyResponse>(HttpMethod.Post, $"api-keys/{id}/rotate", request, ct);

    /// <summary><c>GET /api-keys</c>.</summary>
    /// <param name="query">"isActive=true&amp;limit=10"; null: none.</param>
    /// <param name="ct">Cancels it.</param>
    public Task<ApiAnswer<IReadOnlyList<ApiKeyResponse>>> ListApiKeysAsync(string? query, CancellationToken ct) =>
        GetAsync<IReadOnlyList<ApiKeyResponse>>($"api-keys{(query is null ? "" : $"?{query}")}", ct);

    /// <summary><c>GET /api-keys/{id}</c>.</summary>
    public Task<ApiAnswer<ApiKeyResponse>> GetApiKeyAsync(Guid id, CancellationToken ct) => GetAsync<ApiKeyResponse>($"api-keys/{id}", ct);

    /// <summary><c>POST /api-keys</c>. The answer holds the key, once.</summary>
    public Task<ApiAnswer<ApiKeyResponse>> CreateApiKeyAsync(CreateApiKeyRequest request, CancellationToken ct) =>
        SendAsync<CreateApiKeyRequest, ApiKeyResponse>(HttpMethod.Post, "api-keys", request, ct);

    /// <summary><c>DELETE /api-keys/{id}</c>: it stops working at once.</summary>
    /// <returns><see cref="HttpStatusCode.NoContent"/> and no body, or a problem.</returns>
    public Task<ApiAnswer<ApiKeyResponse>> RevokeApiKeyAsync(Guid id, CancellationToken ct) =>
        SendAsync<ApiKeyResponse>(new HttpRequestMessage(HttpMethod.Delete, Of($"api-keys/{id}")), ct);
}
