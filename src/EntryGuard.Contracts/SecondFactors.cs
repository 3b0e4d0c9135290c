using System.Text.Json;
using System.Text.Json.Serialization;

namespace EntryGuard.Contracts;

/// <summary>Body of <c>POST /api/v1/auth/verify-mfa</c>.</summary>
public sealed record VerifyMfaRequest
{
    /// <summary>From the login. Required.</summary>
    public string? MfaChallengeToken { get; init; }

    /// <summary>Six digits, or a recovery code. Required.</summary>
    public string? Code { get; init; }

    /// <inheritdoc cref="LoginRequest.UseCookies"/>
    public bool? UseCookies { get; init; }

    /// <summary>Without token and code, so that a log of the record leaks nothing.</summary>
    public override string ToString() => nameof(VerifyMfaRequest);
}

/// <summary>Body of <c>POST /api/v1/auth/verify-mfa/again</c>: a code, or a passkey's answer.</summary>
public sealed record VerifyMfaAgainRequest
{
    /// <summary>Six digits, or a recovery code.</summary>
    public string? Code { get; init; }

    /// <summary>From <c>POST /auth/passkeys/sign-in/options</c>.</summary>
    public string? PasskeyToken { get; init; }

    /// <summary>What the browser answered to the options.</summary>
    public JsonElement? Credential { get; init; }

    /// <summary>Without code and token, so that a log of the record leaks nothing.</summary>
    public override string ToString() => nameof(VerifyMfaAgainRequest);
}

/// <summary>When the second factor was last shown.</summary>
public sealed record MfaVerifiedResponse
{
    /// <summary>Now.</summary>
    public required DateTimeOffset MfaAt { get; init; }
}

/// <summary>Answer of <c>POST /api/v1/mfa/setup</c>. Nothing is on before a code confirms it.</summary>
public sealed record TotpSetupResponse
{
    /// <summary>PNG of <see cref="OtpauthUri"/>.</summary>
    public required string QrCodeBase64 { get; init; }

    /// <summary>Base32, to be typed by hand.</summary>
    public required string Secret { get; init; }

    /// <summary>What the picture says.</summary>
    public required string OtpauthUri { get; init; }

    /// <summary>Without the secret, so that a log of the record leaks nothing.</summary>
    public override string ToString() => nameof(TotpSetupResponse);
}

/// <summary>Body of <c>POST /api/v1/mfa/setup/confirm</c>.</summary>
public sealed record ConfirmTotpRequest
{
    /// <summary>As <c>POST /mfa/setup</c> answered it, to be sure that it is the same that waits; not needed.</summary>
    public string? Secret { get; init; }

    /// <summary>Six digits. Required.</summary>
    public string? Code { get; init; }

    /// <summary>Where setting up was demanded, confirming signs in; see <see cref="LoginRequest.UseCookies"/>.</summary>
    public bool? UseCookies { get; init; }

    /// <summary>Without secret and code, so that a log of the record leaks nothing.</summary>
    public override string ToString() => nameof(ConfirmTotpRequest);
}

/// <summary>Body of requests that a code must allow.</summary>
public sealed record MfaCodeRequest
{
    /// <summary>Six digits, or a recovery code. Required.</summary>
    public string? Code { get; init; }

    /// <summary>Without the code, so that a log of the record leaks nothing.</summary>
    public override string ToString() => nameof(MfaCodeRequest);
}

/// <summary>Shown once: what lets in when the device with the codes is lost.</summary>
public sealed record RecoveryCodesResponse
{
    /// <summary>Eight, of 8 characters each; each works once.</summary>
    public required IReadOnlyList<string> RecoveryCodes { get; init; }

    /// <summary>Where setting up was demanded: what signs in.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public LoginResponse? SignIn { get; init; }

    /// <summary>Without the codes, so that a log of the record leaks nothing.</summary>
    public override string ToString() => nameof(RecoveryCodesResponse);
}
