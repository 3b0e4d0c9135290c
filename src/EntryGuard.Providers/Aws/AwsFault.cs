using System.Net;
using Amazon.Runtime;
using EntryGuard.Domain.Providers;
using EntryGuard.Providers.Http;

namespace EntryGuard.Providers.Aws;

/// <summary>Why a request did not do what it should, as the engine needs to know it.</summary>
/// <param name="Fault">In the engine's words.</param>
/// <param name="AwsCode">In AWS's; null if it gave none.</param>
/// <param name="MayHaveBeenDone">It was sent, and no answer says that nothing came of it.</param>
internal sealed record AwsFault(RuleFault Fault, string? AwsCode, bool MayHaveBeenDone)
{
    /// <summary>What AWS itself said, shortened; null if it said nothing.</summary>
    public string? Said { get; private init; }

    /// <summary>A token that is over, not a right that is missing: with a new one it works.</summary>
    public bool IsExpiry => AwsCode is "ExpiredToken" or "ExpiredTokenException" or "RequestExpired";

    /// <summary>Reads what the SDK threw; null: a defect, not a fault of a call.</summary>
    /// <param name="e">Not a cancellation that the caller asked for.</param>
    /// <param name="call">What is known of the request.</param>
    /// <param name="subject">What the call was about, for the message: "sg-0123 in eu-central-1".</param>
    public static AwsFault? From(Exception e, AwsCall call, string subject)
    {
        if (EndpointLimits.RefusalIn(e) is { } refusal)
            return new(new RuleFault("ENDPOINT_NOT_ALLOWED", refusal, true), null, false);
        if (call.Garbage is not null)
            return new(new RuleFault("GARBAGE", "Something that is not AWS answered; the server's log shows how its answer begins.", false), null, true);
        if (call.Status is not { } status)
            return IsOfTransport(e) ? Unanswered(e, call) : null;

        // Where the SDK finds no code it makes one of the status.
        var code = call.IsAwsError ? (e as AmazonServiceException)?.ErrorCode : null;
        var said = call.Words((e as AmazonServiceException)?.Message);
        return new(Answered(code, status, said, call, subject), code, LeavesOpen(status, code)) { Said = said };
    }

    // Of the errors within AWS, or on the way, only the one that says it is too busy to begin says that it did not begin.
    private static bool LeavesOpen(HttpStatusCode status, string? code) =>
        status < HttpStatusCode.MultipleChoices || (status >= HttpStatusCode.InternalServerError && (status != HttpStatusCode.ServiceUnavailable || code is null));

    private static bool IsOfTransport(Exception e)
    {
        for (Exception? inner = e; inner is not null; inner = inner.InnerException)
        {
            if (inner is HttpRequestException or IOException or OperationCanceledException or TimeoutException or System.Net.Sockets.SocketException)
                return true;
        }

        return false;
    }

    private static AwsFault Unanswered(Exception e, AwsCall call) => call.IsSent
        ? new(new RuleFault("NO_ANSWER", $"AWS was asked ({call.Action}), and no answer came.", false), null, true)
        : new(new RuleFault("UNREACHABLE", $"AWS could not be reached{Why(e, call)}.", false) { IsConnectionFault = true }, null, false);

    // "Connection refused (ec2.eu-central-1.amazonaws.com:443)"
    private static string Why(Exception? e, AwsCall call)
    {
        for (; e is not null; e = e.InnerException)
        {
            if (e is HttpRequestException)
                return $": {call.Words(e.Message)}";
        }

        return "";
    }

    // Codes: EC2 API reference "Error codes for the Amazon EC2 API", STS API reference "Common errors". What AWS says in words is shown for
    // wrong values only: words about a signature repeat the request, and with it its token.
    private static RuleFault Answered(string? code, HttpStatusCode status, string said, AwsCall call, string subject) => code switch
    {
        "RequestLimitExceeded" or "Throttling" or "ThrottlingException" or "ThrottledException" or "RequestThrottled" or "RequestThrottledException"
            or "TooManyRequestsException" or "SlowDown" => Throttled(call),
        _ when status == HttpStatusCode.TooManyRequests => Throttled(call),
        "RulesPerSecurityGroupLimitExceeded" => new(
            "QUOTA", $"{subject} is full: AWS allows no more rules in it. End sessions, remove rules, or have AWS raise the quota.", true),
        "UnauthorizedOperation" => OfCredential(
            "FORBIDDEN", $"AWS does not let the credential call ec2:{call.Action} on {subject}. Add it to the credential's policy."),
        "AuthFailure" or "InvalidClientTokenId" or "SignatureDoesNotMatch" or "InvalidAccessKeyId" or "UnrecognizedClientException"
            or "MissingAuthenticationToken" or "IncompleteSignature" or "OptInRequired" or "Blocked" or "InvalidSignatureException" =>
            OfCredential("CREDENTIAL", $"AWS does not accept the credential ({code}). Check it, and store it again."),
        "AccessDenied" or "AccessDeniedException" => OfCredential(
            "CREDENTIAL", $"AWS refuses {call.Action} to the credential ({code}). Check the role's name and its trust policy, with the external id."),
        "ExpiredToken" or "ExpiredTokenException" or "RequestExpired" => OfCredential(
            "CREDENTIAL", $"The credential is over ({code}). Store a new one; if it is new, check the server's clock."),
        "InvalidGroup.NotFound" or "InvalidGroupId.Malformed" or "InvalidSecurityGroupID.NotFound" => new(
            "NO_SUCH_GROUP", $"AWS knows no security group {subject} in the credential's account. Check id, region and credential.", true),
        "InvalidPermission.Duplicate" => new("DUPLICATE", $"A rule for it is on {subject} already.", true),
        "InvalidPermission.NotFound" or "InvalidSecurityGroupRuleId.NotFound" => new("NOT_FOUND", $"A rule is not on {subject} any more.", true),
        "InvalidParameterValue" or "InvalidParameter" or "InvalidParameterCombination" or "MissingParameter" or "InvalidPermission.Malformed"
            or "InvalidSecurityGroupRuleId.Malformed" or "MalformedQueryString" or "ValidationError" => new(
            "INVALID_VALUE", $"AWS refuses a value ({code}): {said}", true),
        _ when status >= HttpStatusCode.InternalServerError => new("UNAVAILABLE", $"AWS answered with an error of its own ({(int)status}).", false)
        {
            RetryAfter = call.RetryAfter,
        },
        null or "" => new("GARBAGE", $"Something that is not AWS answered ({(int)status}).", false),
        _ => new("REFUSED", $"AWS refuses {call.Action} ({call.Words(code)}): {said}", true),
    };

    private static RuleFault OfCredential(string code, string message) => new(code, message, true) { IsCredentialFault = true };

    private static RuleFault Throttled(AwsCall call) => new("THROTTLED", "AWS asks for fewer calls; tried again later.", false) { RetryAfter = call.RetryAfter };
}

/// <summary>What a request brought: a value, or the reason why there is none.</summary>
internal readonly record struct AwsAnswer<T>(T? Value, AwsFault? Fault)
    where T : class;
