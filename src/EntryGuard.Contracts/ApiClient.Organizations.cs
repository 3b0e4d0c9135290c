namespace EntryGuard.Contracts;

/// <content>The organization, and what is wrong with its Resources.</content>
public sealed partial class ApiClient
{
    /// <summary><c>GET /organization/settings</c>.</summary>
    public Task<ApiAnswer<OrganizationSettingsResponse>> GetOrganizationSettingsAsync(CancellationToken ct) =>
        GetAsync<OrganizationSettingsResponse>("organization/settings", ct);

    /// <summary><c>PATCH /organization/settings</c>.</summary>
    /// <param name="request">What changes.</param>
    /// <param name="etag">Of the version the change was decided on, from <see cref="ApiAnswer{T}.ETag"/>; null: whatever it is now.</param>
    /// <param name="ct">Cancels it.</param>
    public Task<ApiAnswer<OrganizationSettingsResponse>> UpdateOrganizationSettingsAsync(UpdateOrganizationSettingsRequest request, string? etag, CancellationToken ct) =>
        SendAsync<UpdateOrganizationSettingsRequest, OrganizationSettingsResponse>(
            HttpMethod.Patch, "organization/settings", request, ct, etag is null ? null : message => message.Headers.TryAddWithoutValidation("If-Match", etag));

    /// <summary><c>GET /overview</c>.</summary>
    public Task<ApiAnswer<OverviewResponse>> GetOverviewAsync(CancellationToken ct) => GetAsync<OverviewResponse>("overview", ct);

    /// <summary><c>GET /overview/week</c>.</summary>
    public Task<ApiAnswer<WeekResponse>> GetWeekAsync(CancellationToken ct) => GetAsync<WeekResponse>("overview/week", ct);

    /// <summary><c>GET /health-events</c>.</summary>
    /// <param name="query">"open=true&amp;category=VERIFY"; null: none.</param>
    /// <param name="ct">Cancels it.</param>
    public Task<ApiAnswer<IReadOnlyList<HealthEventResponse>>> ListHealthEventsAsync(string? query, CancellationToken ct) =>
        GetAsync<IReadOnlyList<HealthEventResponse>>($"health-events{(query is null ? "" : $"?{query}")}", ct);

    /// <summary><c>GET /resources/iam-policy</c>.</summary>
    /// <param name="provider">"AWS"; null: of every provider.</param>
    /// <param name="ct">Cancels it.</param>
    public Task<ApiAnswer<IReadOnlyList<IamPolicyResponse>>> GetIamPolicyAsync(string? provider, CancellationToken ct) =>
        GetAsync<IReadOnlyList<IamPolicyResponse>>($"resources/iam-policy{(provider is null ? "" : $"?provider={Uri.EscapeDataString(provider)}")}", ct);
}
