using EntryGuard.Domain.Providers;

namespace EntryGuard.Providers.OpenStack;

/// <summary>What answers that are no success mean. Neutron's error name decides where one status means two things.</summary>
internal static class OpenStackFaults
{
    /// <summary>Neutron: an equal rule stands already.</summary>
    public const string RuleExists = "SecurityGroupRuleExists";

    /// <summary>Neutron: no such rule.</summary>
    public const string RuleNotFound = "SecurityGroupRuleNotFound";

    private const string GroupNotFound = "SecurityGroupNotFound";

    /// <summary>
    /// What an answer of Neutron means that is not the one hoped for. 401 arrives here after a renewal: it then says "not allowed", in the same
    /// words as "expired".
    /// </summary>
    public static RuleFault OfNeutron(Reply reply)
    {
        if (reply.Fault is { } none)
            return none;
        var words = reply.ErrorMessage is { } message ? $": {message}" : "";
        return (reply.Status, reply.ErrorType) switch
        {
            (401, _) => new RuleFault("FORBIDDEN", "The credential works, but its access rules or roles do not allow this call.", true),
            (429, _) => Throttled(reply),
            ( >= 500, _) => new RuleFault("UNAVAILABLE", $"The network service answered {reply.Status}{words}", false) { RetryAfter = reply.RetryAfter },
            ( >= 200 and < 400, _) or (_, null) => new RuleFault("GARBAGE", $"The network service answered {reply.Status} with something that cannot be understood.", false),
            (403, _) => new RuleFault("FORBIDDEN", $"The credential's roles do not allow this call{words}", true),
            (404, GroupNotFound) => new RuleFault("NO_SUCH_GROUP", "The project has no such security group, or the credential may not see it.", true),
            (409, "OverQuota") => new RuleFault("QUOTA", $"The project has no room for more rules{words} Raise its quota, or delete rules.", true),
            (409, "DuplicateSecurityGroupRuleInPost") => Invalid(words),
            (409 or 412, _) => new RuleFault("CONFLICT", $"The network service is busy with something else there{words}", false),
            _ => Invalid(words),
        };

        static RuleFault Invalid(string words) => new("INVALID_VALUE", $"The network service refuses the value{words}", true);
    }

    /// <summary>A change that was answered so may have been made. A 503 is said by whoever did not even begin.</summary>
    public static bool MayBeDone(Reply reply) => reply.WasLost || reply.Status is >= 200 and < 300 or (>= 500 and not 503);

    /// <summary>What an answer of Keystone means that is no token.</summary>
    public static RuleFault OfKeystone(Reply reply)
    {
        if (reply.Fault is { } none)
            return none;
        return reply.Status switch
        {
            429 => Throttled(reply),
            >= 500 => new RuleFault("UNAVAILABLE", $"Keystone answered {reply.Status}.", false) { RetryAfter = reply.RetryAfter },
            401 => Refused("Keystone refuses the application credential: its secret is wrong, it has expired, or its user or project is disabled."),
            404 when reply.IsJson => Refused("Keystone does not know the application credential: it was deleted, or its id or authUrl is wrong."),
            >= 400 when reply.IsJson => Refused($"Keystone refuses the application credential: {reply.ErrorMessage}"),
            _ => new RuleFault("GARBAGE", $"Keystone answered {reply.Status} with something that cannot be understood.", false),
        };

        static RuleFault Refused(string message) => new("CREDENTIAL", message, true) { IsCredentialFault = true };
    }

    private static RuleFault Throttled(Reply reply) =>
        new("THROTTLED", "The cloud asks for fewer calls.", false) { RetryAfter = reply.RetryAfter };
}
