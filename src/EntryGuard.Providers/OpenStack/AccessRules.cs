using System.Text.Json;
using System.Text.Json.Nodes;
using EntryGuard.Domain.Providers;

namespace EntryGuard.Providers.OpenStack;

/// <summary>The narrowest access rules of a Keystone application credential.</summary>
internal static class AccessRules
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>The array to give as <c>access_rules</c>: every call the provider makes, and no other.</summary>
    public static LeastPrivilege? For(IReadOnlyCollection<PrivilegedResource> resources)
    {
        ArgumentNullException.ThrowIfNull(resources);
        if (resources.Count == 0)
            return null;
        var groups = resources.Select(r => r.Config.Identifier).Distinct().Order(StringComparer.Ordinal);

        // Before the first verification nothing says which project it is; one segment of any name then stands for it.
        var projects = resources.Select(r => r.Identity?.Split('@')[0] ?? "*").Distinct().Order(StringComparer.Ordinal);
        var rules = new JsonArray([
            Rule("GET", "/v2.0/security-group-rules"), Rule("POST", "/v2.0/security-group-rules"), Rule("DELETE", "/v2.0/security-group-rules/*"),
            .. groups.Select(group => Rule("GET", $"/v2.0/security-groups/{group}")),
            .. projects.Select(project => Rule("GET", $"/v2.0/quotas/{project}/details.json")),
        ]);
        return new LeastPrivilege(
            "Give this as the access rules of an application credential with the role member, not unrestricted. They limit method and path: a rule's "
            + "group stands in the body, so the credential can still add rules to every group of its project, and delete them.",
            rules.ToJsonString(Indented));

        static JsonNode Rule(string method, string path) => new JsonObject { ["service"] = "network", ["method"] = method, ["path"] = path };
    }
}
