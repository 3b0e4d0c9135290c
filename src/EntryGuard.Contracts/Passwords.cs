using System.Text.Json.Serialization;

namespace EntryGuard.Contracts;

/// <summary>Body of <c>POST /api/v1/auth/change-expired-password</c>.</summary>
public sealed record ChangeExpiredPasswordRequest
{
    /// <summary>From the login. Required.</summary>
    public string? PasswordChangeToken { get; init; }

    /// <summary>As the organization's rules ask. Required.</summary>
    public string? NewPassword { get; init; }

    /// <inheritdoc cref="LoginRequest.UseCookies"/>
    public bool? UseCookies { get; init; }

    /// <summary>Without token and password, so that a log of the record leaks nothing.</summary>
    public override string ToString() => nameof(ChangeExpiredPasswordRequest);
}

/// <summary>Body of <c>POST /api/v1/auth/set-password</c>: an invitation is taken.</summary>
public sealed record SetPasswordRequest
{
    /// <summary>Of the invitation; works once, within 7 days. Required.</summary>
    public string? InviteToken { get; init; }

    /// <summary>As the organization's rules ask. Required.</summary>
    public string? Password { get; init; }

    /// <inheritdoc cref="LoginRequest.UseCookies"/>
    public bool? UseCookies { get; init; }

    /// <summary>Without token and password, so that a log of the record leaks nothing.</summary>
    public override string ToString() => nameof(SetPasswordRequest);
}

/// <summary>Body of <c>POST /api/v1/auth/forgot-password</c>.</summary>
public sealed record ForgotPasswordRequest
{
    /// <summary>Required.</summary>
    public string? OrganizationSlug { get; init; }

    /// <summary>Required.</summary>
    public string? Email { get; init; }
}

/// <summary>Body of <c>POST /api/v1/auth/reset-password</c>.</summary>
public sealed record ResetPasswordRequest
{
    /// <summary>Of the link; works once, within an hour. Required.</summary>
    public string? ResetToken { get; init; }

    /// <summary>As the organization's rules ask. Required.</summary>
    public string? NewPassword { get; init; }

    /// <summary>Without token and password, so that a log of the record leaks nothing.</summary>
    public override string ToString() => nameof(ResetPasswordRequest);
}

/// <summary>Body of <c>POST /api/v1/auth/change-password</c>.</summary>
public sealed record ChangePasswordRequest
{
    /// <summary>Required.</summary>
    public string? CurrentPassword { get; init; }

    /// <summary>As the organization's rules ask. Required.</summary>
    public string? NewPassword { get; init; }

    /// <summary>Without passwords, so that a log of the record leaks nothing.</summary>
    public override string ToString() => nameof(ChangePasswordRequest);
}

/// <summary>A link for somebody else.</summary>
public sealed record HandOverResponse
{
    /// <summary>It was sent to the user's address; token and link are null then.</summary>
    public required bool IsSent { get; init; }

    /// <summary>To hand over: the server sends no mail.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Token { get; init; }

    /// <summary>The same as an address; null also where the server does not know its own (<c>EntryGuard:PublicUrl</c>).</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Link { get; init; }

    /// <summary>Until then it works.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>Without token and link, so that a log of the record leaks nothing.</summary>
    public override string ToString() => $"{nameof(HandOverResponse)} {ExpiresAt:O}";
}
