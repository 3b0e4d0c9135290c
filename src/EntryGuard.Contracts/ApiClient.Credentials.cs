using System.Net;

namespace EntryGuard.Contracts;

/// <content>Credentials.</content>
public sealed partial class ApiClient
{
    /// <summary><c>GET /credentials</c>.</summary>
    /// <param name="query">"search=aws&amp;limit=10"; null: none.</param>
    /// <param name="ct">Cancels it.</param>
    public Task<ApiAnswer<IReadOnlyList<CredentialResponse>>> ListCredentialsAsync(string? query, CancellationToken ct) =>
        GetAsync<IReadOnlyList<CredentialResponse>>($"credentials{(query is null ? "" : $"?{query}")}", ct);

    /// <summary><c>GET /credentials/{id}</c>.</summary>
    public Task<ApiAnswer<CredentialResponse>> GetCredentialAsync(Guid id, CancellationToken ct) => GetAsync<CredentialResponse>($"credentials/{id}", ct);

    /// <summary><c>POST /credentials</c>.</summary>
    public Task<ApiAnswer<CredentialResponse>> CreateCredentialAsync(CreateCredentialRequest request, CancellationToken ct) =>
        SendAsync<CreateCredentialRequest, CredentialResponse>(HttpMethod.Post, "credentials", request, ct);

    /// <summary><c>PATCH /credentials/{id}</c>.</summary>
    /// <param name="id">Which.</param>
    /// <param name="request">What changes.</param>
    /// <param name="etag">Of the version the change was decided on, from <see cref="ApiAnswer{T}.ETag"/>; null: whatever it is now.</param>
    /// <param name="ct">Cancels it.</param>
    public Task<ApiAnswer<CredentialResponse>> UpdateCredentialAsync(Guid id, UpdateCredentialRequest request, string? etag, CancellationToken ct) =>
        SendAsync<UpdateCredentialRequest, CredentialResponse>(
            HttpMethod.Patch, $"credentials/{id}", request, ct, etag is null ? null : message => message.Headers.TryAddWithoutValidation("If-Match", etag));

    /// <summary><c>DELETE /credentials/{id}</c>.</summary>
    /// <param name="id">Which.</param>
    /// <param name="end">What is open through it is ended first; without, it must be unused.</param>
    /// <param name="ct">Cancels it.</param>
    /// <returns><see cref="HttpStatusCode.NoContent"/> and no body, or a problem.</returns>
    public Task<ApiAnswer<CredentialResponse>> DeleteCredentialAsync(Guid id, bool end, CancellationToken ct) =>
        SendAsync<CredentialResponse>(new HttpRequestMessage(HttpMethod.Delete, Of($"credentials/{id}{(end ? "?end=true" : "")}")), ct);
}
