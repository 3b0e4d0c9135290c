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

/// <summary>Body of <c>POST /api/v1/auth/password-terms</c>.</summary>
public sealed record PasswordTermsRequest
{
    /// <summary>Of an invitation, of a link to set another password, or from a login with a password that is too old. Required; it is not used up.</summary>
    public string? Token { get; init; }

    /// <summary>Without the token, so that a log of the record leaks nothing.</summary>
    public override string ToString() => nameof(PasswordTermsRequest);
}

/// <summary>What a new password must have. Besides, it is none of those that everybody tries first, and holds no name of its user or organization.</summary>
public sealed record PasswordTermsResponse
{
    /// <summary>Whose rules these are.</summary>
    public required string OrganizationName { get; init; }

    /// <summary>Whose password it will be.</summary>
    public required string Email { get; init; }

    /// <summary>Fewest characters.</summary>
    public required int MinLength { get; init; }

    /// <summary>An upper-case letter.</summary>
    public required bool RequireUppercase { get; init; }

    /// <summary>A lower-case letter.</summary>
    public required bool RequireLowercase { get; init; }

    /// <summary>A digit.</summary>
    public required bool RequireDigit { get; init; }

    /// <summary>Something that is neither letter nor digit.</summary>
    public required bool RequireSpecialChar { get; init; }

    /// <summary>So many passwords back, the current one included, none comes again; 0: there is none yet, or any may.</summary>
    public required int History { get; init; }
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
