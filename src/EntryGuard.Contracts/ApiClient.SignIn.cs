using System.Net;

namespace EntryGuard.Contracts;

/// <content>Signing in, and what one signs in with.</content>
public sealed partial class ApiClient
{
    /// <summary><c>POST /auth/register</c>.</summary>
    public Task<ApiAnswer<LoginResponse>> RegisterAsync(RegisterRequest request, CancellationToken ct) =>
        SendAsync<RegisterRequest, LoginResponse>(HttpMethod.Post, "auth/register", request, ct);

    /// <summary><c>POST /auth/login</c>. With an access token in the answer, go on by <see cref="UseKey"/>.</summary>
    public Task<ApiAnswer<LoginResponse>> LoginAsync(LoginRequest request, CancellationToken ct) =>
        SendAsync<LoginRequest, LoginResponse>(HttpMethod.Post, "auth/login", request, ct);

    /// <summary><c>POST /auth/verify-mfa</c>.</summary>
    public Task<ApiAnswer<LoginResponse>> VerifyMfaAsync(VerifyMfaRequest request, CancellationToken ct) =>
        SendAsync<VerifyMfaRequest, LoginResponse>(HttpMethod.Post, "auth/verify-mfa", request, ct);

    /// <summary><c>POST /auth/verify-mfa/again</c>.</summary>
    public Task<ApiAnswer<MfaVerifiedResponse>> VerifyMfaAgainAsync(VerifyMfaAgainRequest request, CancellationToken ct) =>
        SendAsync<VerifyMfaAgainRequest, MfaVerifiedResponse>(HttpMethod.Post, "auth/verify-mfa/again", request, ct);

    /// <summary><c>POST /auth/change-expired-password</c>.</summary>
    public Task<ApiAnswer<LoginResponse>> ChangeExpiredPasswordAsync(ChangeExpiredPasswordRequest request, CancellationToken ct) =>
        SendAsync<ChangeExpiredPasswordRequest, LoginResponse>(HttpMethod.Post, "auth/change-expired-password", request, ct);

    /// <summary><c>POST /auth/refresh</c>.</summary>
    /// <param name="refreshToken">Works once; null: it is in a cookie.</param>
    /// <param name="ct">Cancels it.</param>
    public Task<ApiAnswer<LoginResponse>> RefreshAsync(string? refreshToken, CancellationToken ct) =>
        SendAsync<RefreshRequest, LoginResponse>(HttpMethod.Post, "auth/refresh", new RefreshRequest { RefreshToken = refreshToken }, ct);

    /// <summary><c>POST /auth/logout</c>.</summary>
    /// <inheritdoc cref="RefreshAsync"/>
    public Task<ApiAnswer<DoneResponse>> LogoutAsync(string? refreshToken, CancellationToken ct) =>
        SendAsync<LogoutRequest, DoneResponse>(HttpMethod.Post, "auth/logout", new LogoutRequest { RefreshToken = refreshToken }, ct);

    /// <summary><c>POST /auth/set-password</c>.</summary>
    public Task<ApiAnswer<LoginResponse>> SetPasswordAsync(SetPasswordRequest request, CancellationToken ct) =>
        SendAsync<SetPasswordRequest, LoginResponse>(HttpMethod.Post, "auth/set-password", request, ct);

    /// <summary><c>POST /auth/forgot-password</c>.</summary>
    /// <returns><see cref="HttpStatusCode.NoContent"/>, whoever it is about.</returns>
    public Task<ApiAnswer<DoneResponse>> ForgotPasswordAsync(ForgotPasswordRequest request, CancellationToken ct) =>
        SendAsync<ForgotPasswordRequest, DoneResponse>(HttpMethod.Post, "auth/forgot-password", request, ct);

    /// <summary><c>POST /auth/reset-password</c>.</summary>
    /// <returns><see cref="HttpStatusCode.NoContent"/> and no body, or a problem.</returns>
    public Task<ApiAnswer<DoneResponse>> ResetPasswordAsync(ResetPasswordRequest request, CancellationToken ct) =>
        SendAsync<ResetPasswordRequest, DoneResponse>(HttpMethod.Post, "auth/reset-password", request, ct);

    /// <summary><c>POST /auth/change-password</c>.</summary>
    /// <inheritdoc cref="ResetPasswordAsync"/>
    public Task<ApiAnswer<DoneResponse>> ChangePasswordAsync(ChangePasswordRequest request, CancellationToken ct) =>
        SendAsync<ChangePasswordRequest, DoneResponse>(HttpMethod.Post, "auth/change-password", request, ct);

    /// <summary><c>POST /auth/password-terms</c>.</summary>
    public Task<ApiAnswer<PasswordTermsResponse>> GetPasswordTermsAsync(string? token, CancellationToken ct) =>
        SendAsync<PasswordTermsRequest, PasswordTermsResponse>(HttpMethod.Post, "auth/password-terms", new PasswordTermsRequest { Token = token }, ct);

    /// <summary><c>GET /auth/password-terms</c>: one's own.</summary>
    public Task<ApiAnswer<PasswordTermsResponse>> GetPasswordTermsAsync(CancellationToken ct) => GetAsync<PasswordTermsResponse>("auth/password-terms", ct);

    /// <summary><c>GET /auth/me</c>.</summary>
    public Task<ApiAnswer<SignedInUser>> GetMeAsync(CancellationToken ct) => GetAsync<SignedInUser>("auth/me", ct);

    /// <summary><c>GET /auth/sign-ins</c>.</summary>
    /// <param name="query">"limit=10"; null: none.</param>
    /// <param name="ct">Cancels it.</param>
    public Task<ApiAnswer<IReadOnlyList<SignInResponse>>> ListSignInsAsync(string? query, CancellationToken ct) =>
        GetAsync<IReadOnlyList<SignInResponse>>($"auth/sign-ins{(query is null ? "" : $"?{query}")}", ct);

    /// <summary><c>DELETE /auth/sign-ins/{id}</c>.</summary>
    /// <inheritdoc cref="ResetPasswordAsync"/>
    public Task<ApiAnswer<DoneResponse>> EndSignInAsync(Guid id, CancellationToken ct) =>
        SendAsync<DoneResponse>(new HttpRequestMessage(HttpMethod.Delete, Of($"auth/sign-ins/{id}")), ct);

    /// <summary><c>DELETE /auth/sign-ins</c>: all but the one of this request.</summary>
    /// <inheritdoc cref="ResetPasswordAsync"/>
    public Task<ApiAnswer<DoneResponse>> EndOtherSignInsAsync(CancellationToken ct) =>
        SendAsync<DoneResponse>(new HttpRequestMessage(HttpMethod.Delete, Of("auth/sign-ins")), ct);

    /// <summary><c>POST /mfa/setup</c>.</summary>
    public Task<ApiAnswer<TotpSetupResponse>> SetUpMfaAsync(CancellationToken ct) => PostAsync<TotpSetupResponse>("mfa/setup", ct);

    /// <summary><c>POST /mfa/setup/confirm</c>.</summary>
    public Task<ApiAnswer<RecoveryCodesResponse>> ConfirmMfaAsync(ConfirmTotpRequest request, CancellationToken ct) =>
        SendAsync<ConfirmTotpRequest, RecoveryCodesResponse>(HttpMethod.Post, "mfa/setup/confirm", request, ct);

    /// <summary><c>POST /mfa/disable</c>.</summary>
    public Task<ApiAnswer<DoneResponse>> DisableMfaAsync(MfaCodeRequest request, CancellationToken ct) =>
        SendAsync<MfaCodeRequest, DoneResponse>(HttpMethod.Post, "mfa/disable", request, ct);

    /// <summary><c>POST /mfa/recovery-codes</c>.</summary>
    public Task<ApiAnswer<RecoveryCodesResponse>> MakeRecoveryCodesAsync(MfaCodeRequest request, CancellationToken ct) =>
        SendAsync<MfaCodeRequest, RecoveryCodesResponse>(HttpMethod.Post, "mfa/recovery-codes", request, ct);

    /// <summary><c>POST /auth/passkeys/options</c>.</summary>
    public Task<ApiAnswer<PasskeyOptionsResponse>> AskToMakePasskeyAsync(CancellationToken ct) => PostAsync<PasskeyOptionsResponse>("auth/passkeys/options", ct);

    /// <summary><c>POST /auth/passkeys</c>.</summary>
    public Task<ApiAnswer<PasskeyResponse>> AddPasskeyAsync(AddPasskeyRequest request, CancellationToken ct) =>
        SendAsync<AddPasskeyRequest, PasskeyResponse>(HttpMethod.Post, "auth/passkeys", request, ct);

    /// <summary><c>GET /auth/passkeys</c>.</summary>
    public Task<ApiAnswer<IReadOnlyList<PasskeyResponse>>> ListPasskeysAsync(CancellationToken ct) => GetAsync<IReadOnlyList<PasskeyResponse>>("auth/passkeys", ct);

    /// <summary><c>DELETE /auth/passkeys/{id}</c>.</summary>
    /// <inheritdoc cref="ResetPasswordAsync"/>
    public Task<ApiAnswer<DoneResponse>> RemovePasskeyAsync(Guid id, CancellationToken ct) =>
        SendAsync<DoneResponse>(new HttpRequestMessage(HttpMethod.Delete, Of($"auth/passkeys/{id}")), ct);

    /// <summary><c>POST /auth/passkeys/sign-in/options</c>.</summary>
    public Task<ApiAnswer<PasskeyOptionsResponse>> AskForPasskeyAsync(CancellationToken ct) => PostAsync<PasskeyOptionsResponse>("auth/passkeys/sign-in/options", ct);

    /// <summary><c>POST /auth/passkeys/sign-in</c>.</summary>
    public Task<ApiAnswer<LoginResponse>> SignInWithPasskeyAsync(PasskeySignInRequest request, CancellationToken ct) =>
        SendAsync<PasskeySignInRequest, LoginResponse>(HttpMethod.Post, "auth/passkeys/sign-in", request, ct);

    /// <summary><c>POST /users/{id}/resend-invitation</c>.</summary>
    public Task<ApiAnswer<HandOverResponse>> ResendInvitationAsync(Guid user, CancellationToken ct) => PostAsync<HandOverResponse>($"users/{user}/resend-invitation", ct);

    /// <summary><c>POST /users/{id}/reset-password</c>.</summary>
    public Task<ApiAnswer<HandOverResponse>> SendPasswordResetAsync(Guid user, CancellationToken ct) => PostAsync<HandOverResponse>($"users/{user}/reset-password", ct);

    /// <summary><c>POST /users/{id}/reset-mfa</c>.</summary>
    /// <inheritdoc cref="ResetPasswordAsync"/>
    public Task<ApiAnswer<DoneResponse>> ResetMfaAsync(Guid user, CancellationToken ct) => PostAsync<DoneResponse>($"users/{user}/reset-mfa", ct);
}
