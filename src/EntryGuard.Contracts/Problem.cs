using System.Text.Json.Serialization;

namespace EntryGuard.Contracts;

/// <summary>Every error answer: problem details (RFC 9457) with a stable code.</summary>
public sealed record Problem
{
    /// <summary>Always "about:blank".</summary>
    public string Type { get; init; } = "about:blank";

    /// <summary>Words for the HTTP status.</summary>
    public required string Title { get; init; }

    /// <summary>HTTP status.</summary>
    public required int Status { get; init; }

    /// <summary>Stable code, one of <see cref="ErrorCodes"/>.</summary>
    public required string Error { get; init; }

    /// <summary>For people: what is wrong and what to do.</summary>
    public required string Message { get; init; }

    /// <summary>When.</summary>
    public required DateTimeOffset Timestamp { get; init; }

    /// <summary>Of the request.</summary>
    public required string Path { get; init; }

    /// <summary>Field to what is wrong with it; left out if no field is to blame.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, string>? ValidationErrors { get; init; }
}

/// <summary>The codes of <see cref="Problem.Error"/>. Never renamed.</summary>
public static class ErrorCodes
{
    /// <summary>A field is wrong; see <c>validationErrors</c>.</summary>
    public const string Validation = "VALIDATION_ERROR";

    /// <summary>No or no valid key.</summary>
    public const string Unauthorized = "UNAUTHORIZED";

    /// <summary>Not allowed.</summary>
    public const string Forbidden = "FORBIDDEN";

    /// <summary>No such thing, or not yours.</summary>
    public const string NotFound = "NOT_FOUND";

    /// <summary>Too many requests.</summary>
    public const string RateLimited = "RATE_LIMIT_EXCEEDED";

    /// <summary>The body is larger than 256 KB.</summary>
    public const string TooLarge = "REQUEST_TOO_LARGE";

    /// <summary>The path exists, but not with this method.</summary>
    public const string MethodNotAllowed = "METHOD_NOT_ALLOWED";

    /// <summary>The body is not JSON.</summary>
    public const string UnsupportedMediaType = "UNSUPPORTED_MEDIA_TYPE";

    /// <summary>Somebody else changed it at the same moment; nothing was done.</summary>
    public const string Conflict = "CONFLICT";

    /// <summary>Our fault.</summary>
    public const string Internal = "INTERNAL_ERROR";

    /// <summary>No such session, or not yours.</summary>
    public const string SessionNotFound = "SESSION_NOT_FOUND";

    /// <summary>Beyond the longest session; the message states the maximum.</summary>
    public const string SessionTooLong = "SESSION_TOO_LONG";

    /// <summary>Below the shortest session; the message states the minimum.</summary>
    public const string SessionTooShort = "SESSION_TOO_SHORT";

    /// <summary>It has ended, or failed.</summary>
    public const string SessionNotStoppable = "SESSION_NOT_STOPPABLE";

    /// <summary>Only ACTIVE and PARTIAL sessions that have not expired can be extended.</summary>
    public const string SessionNotExtendable = "SESSION_NOT_EXTENDABLE";

    /// <summary>The start would make no claim.</summary>
    public const string NothingToOpen = "NOTHING_TO_OPEN";

    /// <summary>A closing on every Resource of the start is overdue: what cannot be closed is not opened.</summary>
    public const string ClosingOverdue = "CLOSING_OVERDUE";

    /// <summary>An administrator froze the organization, the user or the Resource: no session starts until that is lifted.</summary>
    public const string Frozen = "FROZEN";

    /// <summary>A role asks for a reason, or for one that holds something, such as a ticket number.</summary>
    public const string ReasonRequired = "REASON_REQUIRED";

    /// <summary>A role asks for a second factor that was shown lately.</summary>
    public const string MfaRequired = "MFA_REQUIRED";

    /// <summary>A role opens nothing at this hour.</summary>
    public const string OutsideHours = "OUTSIDE_HOURS";

    /// <summary>The caller may not name an address other than the observed one.</summary>
    public const string AddressNotPermitted = "ADDRESS_NOT_PERMITTED";

    /// <summary>No Resource of the start takes such an address.</summary>
    public const string AddressNotAllowed = "ADDRESS_NOT_ALLOWED";

    /// <summary>No such Resource, or not within the caller's reach.</summary>
    public const string ResourceNotFound = "RESOURCE_NOT_FOUND";

    /// <summary>The Resource is switched off.</summary>
    public const string ResourceInactive = "RESOURCE_INACTIVE";

    /// <summary>It has live or unsettled claims; <c>?end=true</c> ends them first.</summary>
    public const string ResourceInUse = "RESOURCE_IN_USE";

    /// <summary>The name is taken.</summary>
    public const string NameTaken = "NAME_TAKEN";

    /// <summary>The provider has no room for the rules the change asks for.</summary>
    public const string CapacityExceeded = "CAPACITY_EXCEEDED";

    /// <summary>No such Resource IP, or not yours.</summary>
    public const string ResourceIpNotFound = "RESOURCE_IP_NOT_FOUND";

    /// <summary>Nothing is to be tried again on it.</summary>
    public const string ResourceIpNotRetryable = "RESOURCE_IP_NOT_RETRYABLE";

    /// <summary>No rule may stand on its account.</summary>
    public const string NothingToDeclare = "NOTHING_TO_DECLARE";

    /// <summary>No such static rule.</summary>
    public const string StaticRuleNotFound = "STATIC_IP_RULE_NOT_FOUND";

    /// <summary>It ends, or has ended; nothing can be changed any more.</summary>
    public const string StaticRuleEnded = "STATIC_IP_RULE_ENDED";

    /// <summary>The range is wider than the organization allows.</summary>
    public const string PrefixTooWide = "PREFIX_TOO_WIDE";

    /// <summary>No such credential.</summary>
    public const string CredentialNotFound = "CREDENTIAL_NOT_FOUND";

    /// <summary>A Resource uses it.</summary>
    public const string CredentialInUse = "CREDENTIAL_IN_USE";

    /// <summary>The new secret does not work; the old one stays.</summary>
    public const string VerificationFailed = "VERIFICATION_FAILED";

    /// <summary>The new secret proves another account while rules made under the old one may stand.</summary>
    public const string OtherIdentity = "OTHER_IDENTITY";

    /// <summary>The organization has a user with this address.</summary>
    public const string EmailTaken = "EMAIL_TAKEN";

    /// <summary>No such user.</summary>
    public const string UserNotFound = "USER_NOT_FOUND";

    /// <summary>It has sessions that are live or being closed; <c>?end=true</c> ends them first.</summary>
    public const string UserInUse = "USER_IN_USE";

    /// <summary>No such role.</summary>
    public const string RoleNotFound = "ROLE_NOT_FOUND";

    /// <summary>No such service account.</summary>
    public const string ServiceAccountNotFound = "SERVICE_ACCOUNT_NOT_FOUND";

    /// <summary>It would leave the organization without an admin.</summary>
    public const string LastAdmin = "LAST_ADMIN";

    /// <summary>E-mail address, password or organization is wrong, or the account is not in use; which, is not told.</summary>
    public const string SignInFailed = "SIGN_IN_FAILED";

    /// <summary>The token is wrong, used, or too old.</summary>
    public const string TokenInvalid = "TOKEN_INVALID";

    /// <summary>The user or the organization is deactivated.</summary>
    public const string Suspended = "SUSPENDED";

    /// <summary>Only an administrator makes accounts here.</summary>
    public const string RegistrationClosed = "REGISTRATION_CLOSED";

    /// <summary>The password does not keep the organization's rules; the message says which.</summary>
    public const string PasswordRefused = "PASSWORD_REFUSED";

    /// <summary>The code is wrong, or was used.</summary>
    public const string CodeInvalid = "CODE_INVALID";

    /// <summary>A second factor is on already.</summary>
    public const string MfaAlreadyOn = "MFA_ALREADY_ON";

    /// <summary>No second factor is on, or none is being set up.</summary>
    public const string MfaOff = "MFA_OFF";

    /// <summary>The organization demands a second factor, and it would be the last one.</summary>
    public const string MfaDemanded = "MFA_DEMANDED";

    /// <summary>The second factor was shown too long ago for this.</summary>
    public const string MfaOutdated = "MFA_OUTDATED";

    /// <summary>The passkey's answer does not prove it.</summary>
    public const string PasskeyInvalid = "PASSKEY_INVALID";

    /// <summary>No such passkey.</summary>
    public const string PasskeyNotFound = "PASSKEY_NOT_FOUND";

    /// <summary>No such sign-in, or it is over.</summary>
    public const string SignInNotFound = "SIGN_IN_NOT_FOUND";

    /// <summary>The user has a password: there is nothing to invite to.</summary>
    public const string AlreadyJoined = "ALREADY_JOINED";

    /// <summary>The request came by cookie without the matching <c>X-CSRF-Token</c>.</summary>
    public const string CsrfTokenMissing = "CSRF_TOKEN_MISSING";

    /// <summary>Cookies need https.</summary>
    public const string CookiesNeedHttps = "COOKIES_NEED_HTTPS";

    /// <summary>No such API key.</summary>
    public const string ApiKeyNotFound = "API_KEY_NOT_FOUND";

    /// <summary>Assigned already.</summary>
    public const string AlreadyAssigned = "ALREADY_ASSIGNED";

    /// <summary>The same Idempotency-Key came with another request.</summary>
    public const string IdempotencyKeyReused = "IDEMPOTENCY_KEY_REUSED";

    /// <summary>The row changed since the ETag was read.</summary>
    public const string PreconditionFailed = "PRECONDITION_FAILED";
}
