using EntryGuard.Domain.Sessions;

namespace EntryGuard.Server.Data;

/// <summary>How a claim begins, by what is known of its Resource.</summary>
public static class ClaimBirth
{
    /// <summary>The Resource was never verified, or could not be reached when it was to be.</summary>
    public const string NotVerified = "NOT_VERIFIED";

    /// <summary>The Resource is INVALID: nothing new is opened on it.</summary>
    public const string InvalidResource = "INVALID_RESOURCE";

    /// <summary>
    /// PENDING; or FAILED with the verification's words where the Resource is INVALID or nobody verified it. Where it could not be reached so
    /// far, PENDING without an allow-list: verification is asked again on the opening schedule, and gives it one.
    /// </summary>
    public static void Begin(this ResourceIp claim, Resource resource, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(claim);
        ArgumentNullException.ThrowIfNull(resource);
        (claim.Wanted, claim.AllowListKey) = (Wanted.Present, resource.AllowListKey);
        (claim.ErrorCode, claim.ErrorMessage) = Fault(resource);
        var opens = WhyNot(resource) is null;
        (claim.Status, claim.NextAttemptAt) = (opens ? ResourceIpStatus.Pending : ResourceIpStatus.Failed, opens ? now : null);
    }

    /// <summary>Why a claim on it would be born FAILED; null: it would be PENDING.</summary>
    public static string? WhyNot(Resource resource)
    {
        ArgumentNullException.ThrowIfNull(resource);
        var waits = resource is { AllowListKey: null, Health: ResourceHealth.Unverified, HealthMessage: not null };
        return waits ? null : Fault(resource).Message;
    }

    private static (string? Code, string? Message) Fault(Resource resource) => resource switch
    {
        { Health: ResourceHealth.Invalid } => (InvalidResource, resource.HealthMessage ?? "The Resource is INVALID; ask an administrator to verify it."),
        { AllowListKey: not null } => (null, null),
        _ => (NotVerified, resource.HealthMessage ?? "The Resource was never verified; ask an administrator to verify it."),
    };
}
