namespace EntryGuard.Contracts;

/// <content>Roles, what they give, and the red button.</content>
public sealed partial class ApiClient
{
    /// <summary><c>GET /roles</c>.</summary>
    /// <param name="query">"search=on-call&amp;limit=10"; null: none.</param>
    /// <param name="ct">Cancels it.</param>
    public Task<ApiAnswer<IReadOnlyList<RoleResponse>>> ListRolesAsync(string? query, CancellationToken ct) =>
        GetAsync<IReadOnlyList<RoleResponse>>($"roles{(query is null ? "" : $"?{query}")}", ct);

    /// <summary><c>GET /roles/{id}</c>.</summary>
    public Task<ApiAnswer<RoleResponse>> GetRoleAsync(Guid id, CancellationToken ct) => GetAsync<RoleResponse>($"roles/{id}", ct);

    /// <summary><c>POST /roles</c>.</summary>
    public Task<ApiAnswer<RoleResponse>> CreateRoleAsync(CreateRoleRequest request, CancellationToken ct) =>
        SendAsync<CreateRoleRequest, RoleResponse>(HttpMethod.Post, "roles", request, ct);

    /// <summary><c>PATCH /roles/{id}</c>.</summary>
    /// <param name="id">Which.</param>
    /// <param name="request">What changes.</param>
    /// <param name="etag">Of the version the change was decided on, from <see cref="ApiAnswer{T}.ETag"/>; null: whatever it is now.</param>
    /// <param name="ct">Cancels it.</param>
    public Task<ApiAnswer<RoleResponse>> UpdateRoleAsync(Guid id, UpdateRoleRequest request, string? etag, CancellationToken ct) =>
        SendAsync<UpdateRoleRequest, RoleResponse>(
            HttpMethod.Patch, $"roles/{id}", request, ct, etag is null ? null : message => message.Headers.TryAddWithoutValidation("If-Match", etag));

    /// <summary><c>DELETE /roles/{id}</c>.</summary>
    /// <returns>No body, or a problem.</returns>
    public Task<ApiAnswer<RoleResponse>> DeleteRoleAsync(Guid id, CancellationToken ct) => SendAsync<RoleResponse>(new HttpRequestMessage(HttpMethod.Delete, Of($"roles/{id}")), ct);

    /// <summary><c>POST /roles/{id}/users/{userId}</c>, or with <paramref name="remove"/> <c>DELETE</c>.</summary>
    public Task<ApiAnswer<MessageResponse>> SetRoleUserAsync(Guid id, Guid user, bool remove, CancellationToken ct) =>
        SendAsync<MessageResponse>(new HttpRequestMessage(remove ? HttpMethod.Delete : HttpMethod.Post, Of($"roles/{id}/users/{user}")), ct);

    /// <summary><c>POST /roles/{id}/resources/{resourceId}</c>, or with <paramref name="remove"/> <c>DELETE</c>.</summary>
    public Task<ApiAnswer<MessageResponse>> SetRoleResourceAsync(Guid id, Guid resource, bool remove, CancellationToken ct) =>
        SendAsync<MessageResponse>(new HttpRequestMessage(remove ? HttpMethod.Delete : HttpMethod.Post, Of($"roles/{id}/resources/{resource}")), ct);

    /// <summary><c>GET /me/access</c>.</summary>
    public Task<ApiAnswer<AccessResponse>> GetAccessAsync(CancellationToken ct) => GetAccessAsync(null, ct);

    /// <summary>The same, for two addresses of one caller.</summary>
    /// <param name="addressProof">Of <c>GET /detect-ip</c> over the other address family; null: only the observed address counts.</param>
    /// <param name="ct">Cancels it.</param>
    public Task<ApiAnswer<AccessResponse>> GetAccessAsync(string? addressProof, CancellationToken ct) =>
        GetAsync<AccessResponse>(addressProof is null ? "me/access" : $"me/access?addressProof={Uri.EscapeDataString(addressProof)}", ct);

    /// <summary><c>POST /sessions/admin/stop-all</c>.</summary>
    public Task<ApiAnswer<StopAllResponse>> StopAllAsync(StopAllRequest request, CancellationToken ct) =>
        SendAsync<StopAllRequest, StopAllResponse>(HttpMethod.Post, "sessions/admin/stop-all", request, ct);

    /// <summary><c>POST /sessions/admin/lift-freeze</c>.</summary>
    public Task<ApiAnswer<MessageResponse>> LiftFreezeAsync(LiftFreezeRequest request, CancellationToken ct) =>
        SendAsync<LiftFreezeRequest, MessageResponse>(HttpMethod.Post, "sessions/admin/lift-freeze", request, ct);
}
