using System.Globalization;
using System.Text;
using System.Text.Json;

namespace EntryGuard.Server.Web.Parts;

/// <summary>What an audit entry says, for people.</summary>
internal static class AuditWords
{
    /// <summary>Event types and what happened, in the order of suggestions.</summary>
    public static IReadOnlyDictionary<string, string> Events { get; } = new SortedDictionary<string, string>(StringComparer.Ordinal)
    {
        ["API_KEY_CREATE"] = "API key created",
        ["API_KEY_REVOKE"] = "API key revoked",
        ["API_KEY_ROTATE"] = "API key replaced",
        ["AUDIT_EXPORT"] = "Audit log exported",
        ["CREDENTIAL_CREATE"] = "Credential added",
        ["CREDENTIAL_DELETE"] = "Credential deleted",
        ["CREDENTIAL_UPDATE"] = "Credential changed",
        ["FREEZE_LIFT"] = "Freeze lifted",
        ["HEALTH_RAISED"] = "Health event raised",
        ["HEALTH_RESOLVED"] = "Health event resolved",
        ["MAIL_FAILED"] = "Mail not delivered",
        ["MFA_DISABLE"] = "One-time codes switched off",
        ["MFA_ENABLE"] = "One-time codes switched on",
        ["MFA_RECOVERY_CODES_CREATE"] = "Recovery codes made",
        ["MFA_RESET"] = "Second factor reset",
        ["MFA_VERIFY"] = "Second factor shown again",
        ["ORGANIZATION_CREATE"] = "Organization created",
        ["ORGANIZATION_SETTINGS_UPDATE"] = "Settings changed",
        ["PASSKEY_ADD"] = "Passkey added",
        ["PASSKEY_REMOVE"] = "Passkey removed",
        ["PASSWORD_CHANGE"] = "Password changed",
        ["PASSWORD_RESET"] = "Password reset",
        ["PASSWORD_RESET_REQUEST"] = "Password reset asked for",
        ["REFRESH_TOKEN_REUSED"] = "Stolen sign-in ended",
        ["RESOURCE_ASSIGN"] = "Resource assigned",
        ["RESOURCE_CREATE"] = "Resource added",
        ["RESOURCE_DELETE"] = "Resource deleted",
        ["RESOURCE_RECONCILE"] = "Comparison asked for",
        ["RESOURCE_UNASSIGN"] = "Resource unassigned",
        ["RESOURCE_UPDATE"] = "Resource changed",
        ["RESOURCE_VERIFY"] = "Resource verified",
        ["ROLE_CREATE"] = "Role created",
        ["ROLE_DELETE"] = "Role deleted",
        ["ROLE_RESOURCE_ADD"] = "Resource added to role",
        ["ROLE_RESOURCE_REMOVE"] = "Resource taken from role",
        ["ROLE_UPDATE"] = "Role changed",
        ["ROLE_USER_ADD"] = "User added to role",
        ["ROLE_USER_REMOVE"] = "User taken from role",
        ["RULE_ALTERED"] = "Rule altered by another",
        ["RULE_APPLIED"] = "Rule opened",
        ["RULE_APPLY_FAILED"] = "Opening given up",
        ["RULE_APPLY_RETRY"] = "Opening tried again",
        ["RULE_DECLARED_GONE"] = "Rule declared gone",
        ["RULE_FOREIGN"] = "Rule of somebody else taken off",
        ["RULE_FOUND_AGAIN"] = "Closed rule found again",
        ["RULE_KEPT"] = "Rule kept by another",
        ["RULE_LOST"] = "Rule lost",
        ["RULE_PUT_BACK"] = "Rule put back",
        ["RULE_REMOVED"] = "Rule closed",
        ["RULE_REMOVE_FAILED"] = "Closing overdue",
        ["RULE_REMOVE_RETRY"] = "Closing tried again",
        ["RULE_RETRY"] = "Retry asked for",
        ["RULE_STRAY"] = "Stray rule found",
        ["SERVICE_ACCOUNT_CREATE"] = "Service account created",
        ["SERVICE_ACCOUNT_DELETE"] = "Service account deleted",
        ["SERVICE_ACCOUNT_UPDATE"] = "Service account changed",
        ["SESSION_ACCESS_CHANGE"] = "Session's access changed",
        ["SESSION_EXTEND"] = "Session extended",
        ["SESSION_START"] = "Session started",
        ["SESSION_ACTIVE"] = "Session active",
        ["SESSION_CANCELLED"] = "Session cancelled",
        ["SESSION_EXPIRED"] = "Session expired",
        ["SESSION_EXPIRING"] = "Session expiring",
        ["SESSION_FAILED"] = "Session failed",
        ["SESSION_PARTIAL"] = "Session partial",
        ["SESSION_STOP"] = "Session stopped",
        ["SESSION_STOP_ALL"] = "All sessions stopped",
        ["SIGN_IN_END"] = "Sign-in ended",
        ["STATIC_IP_RULE_ACTIVE"] = "Static IP active",
        ["STATIC_IP_RULE_CANCELLED"] = "Static IP closed",
        ["STATIC_IP_RULE_CREATE"] = "Static IP added",
        ["STATIC_IP_RULE_DELETE"] = "Static IP deleted",
        ["STATIC_IP_RULE_EXPIRED"] = "Static IP expired",
        ["STATIC_IP_RULE_EXPIRING"] = "Static IP closing",
        ["STATIC_IP_RULE_FAILED"] = "Static IP failed",
        ["STATIC_IP_RULE_PARTIAL"] = "Static IP partial",
        ["STATIC_IP_RULE_UPDATE"] = "Static IP changed",
        ["USER_CREATE"] = "User created",
        ["USER_DELETE"] = "User deleted",
        ["USER_INVITE"] = "Invitation sent",
        ["USER_LOGIN"] = "Signed in",
        ["USER_LOGIN_FAILED"] = "Sign-in refused",
        ["USER_LOGOUT"] = "Signed out",
        ["USER_REGISTER"] = "User registered",
        ["USER_UPDATE"] = "User changed",
    };

    /// <summary>"Session started"; of a type that is not known here, the type in words.</summary>
    public static string Event(string type) => Events.GetValueOrDefault(type) ?? Words.Title(type);

    /// <summary>The details line by line: a change says both values, what lies deeper is named by its way.</summary>
    public static IReadOnlyList<AuditFact> Facts(JsonElement? details)
    {
        var facts = new List<AuditFact>();
        if (details is { ValueKind: JsonValueKind.Object } all)
            Read(all, "", facts);
        return facts;
    }

    private static void Read(JsonElement element, string name, List<AuditFact> facts)
    {
        if (element.ValueKind == JsonValueKind.Array && element.EnumerateArray().Any(e => e.ValueKind == JsonValueKind.Object))
        {
            foreach (var (at, item) in element.EnumerateArray().Index())
                Read(item, Join(name, (at + 1).ToString(CultureInfo.InvariantCulture)), facts);
        }
        else if (element.ValueKind != JsonValueKind.Object)
        {
            facts.Add(new AuditFact(name, null, Value(element)));
        }
        else if (name.Length > 0 && element.TryGetProperty("from", out var from) && element.TryGetProperty("to", out var to) && element.EnumerateObject().Count() == 2)
        {
            facts.Add(new AuditFact(name, Value(from), Value(to)));
        }
        else
        {
            foreach (var property in element.EnumerateObject())
                Read(property.Value, Join(name, Name(property.Name)), facts);
        }
    }

    private static string Join(string way, string name) => way.Length == 0 ? name : $"{way}, {name.ToLowerInvariant()}";

    private static string Value(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => "nothing",
        JsonValueKind.True => "yes",
        JsonValueKind.False => "no",
        JsonValueKind.String => value.GetString() is { Length: > 0 } text ? Instant(text) : "empty",
        JsonValueKind.Array => value.GetArrayLength() == 0 ? "none" : string.Join(", ", value.EnumerateArray().Select(Value)),
        _ => value.GetRawText(),
    };

    private static string Instant(string text) =>
        text is [_, _, _, _, '-', _, _, '-', _, _, 'T', ..] && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
            ? at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture) : text;

    // "maxSessionMinutes" as "Max session minutes".
    private static string Name(string property)
    {
        if (property == "mfa")
            return "Second factor";
        var words = new StringBuilder();
        foreach (var c in property)
        {
            if (char.IsUpper(c) && words.Length > 0)
                words.Append(' ').Append(char.ToLowerInvariant(c));
            else
                words.Append(words.Length == 0 ? char.ToUpperInvariant(c) : c == '_' ? ' ' : c);
        }

        return words.ToString();
    }
}

/// <summary>One line of an entry's details.</summary>
/// <param name="Was">Before; null: it is no change.</param>
internal sealed record AuditFact(string Name, string? Was, string Is);
