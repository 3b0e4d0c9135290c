using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using EntryGuard.Domain.Providers;
using EntryGuard.Providers.Http;

namespace EntryGuard.Providers.OpenStack;

/// <summary>What reaches a cloud, read.</summary>
internal abstract record OpenStackCredential
{
    /// <summary>A Keystone application credential.</summary>
    public const string ApplicationType = "APPLICATION_CREDENTIAL";

    /// <summary>None, where the operator vouches for the network.</summary>
    public const string NoneType = "NO_AUTH";

    /// <summary>What <see cref="Read"/> accepts.</summary>
    public static IReadOnlyList<CredentialDescription> Descriptions { get; } =
    [
        new(ApplicationType, "Application credential",
            "Made in the group's own project, with a role that may read and change its security groups; restrict it to the access rules that the IAM policy page shows.",
            [
                new("authUrl", "Keystone address", FieldKind.Text) { IsRequired = true, Example = "https://keystone.example.org:5000/v3" },
                new("applicationCredentialId", "Application credential ID", FieldKind.Text) { IsRequired = true },
                new("applicationCredentialSecret", "Application credential secret", FieldKind.Secret) { IsRequired = true },
                new("networkUrl", "Neutron address", FieldKind.Text) { Hint = "Left out, the one the catalog names.", Example = "https://neutron.example.org:9696" },
            ]),
        new(NoneType, "No sign-in", "Only where the operator vouches for the network: whoever reaches the endpoint can open anything.",
            [
                new("networkUrl", "Neutron address", FieldKind.Text) { IsRequired = true, Example = "http://neutron.internal:9696" },
                new("projectId", "Project ID", FieldKind.Text) { IsRequired = true },
            ]),
    ];

    private OpenStackCredential()
    {
    }

    /// <summary>A Keystone v3 application credential.</summary>
    /// <param name="AuthUrl">Keystone, without "/v3".</param>
    /// <param name="NetworkUrl">Neutron, without "/v2.0"; null: as the catalog says.</param>
    public sealed record Application(Uri AuthUrl, string Id, string Secret, Uri? NetworkUrl) : OpenStackCredential
    {
        /// <summary>Without the secret, so that a log of the record leaks nothing.</summary>
        public override string ToString() => $"{Id} at {AuthUrl}";
    }

    /// <summary>No sign-in: everybody who reaches the endpoint may do everything in every project.</summary>
    public sealed record None(Uri NetworkUrl, string ProjectId) : OpenStackCredential;

    /// <summary>Which secret it is, without telling it.</summary>
    public static string Fingerprint(ProviderCredential credential) =>
        Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes($"{credential.Type}\n{credential.Secret}")));

    /// <summary>Reads <c>credentialData</c> against the operator's limits.</summary>
    /// <returns>A credential, or what is wrong, to be read after the name of the field; never a secret.</returns>
    public static (OpenStackCredential? Credential, string? Fault) Read(string type, string secret, EndpointLimits limits)
    {
        using var json = Parse(secret);
        if (json?.RootElement is not { ValueKind: JsonValueKind.Object } data)
            return (null, "must be an object");
        var faults = new List<string>();
        var fields = new Fields(data, limits, faults);
        OpenStackCredential? read = null;
        switch (type)
        {
            case ApplicationType:
                fields.Only("authUrl", "applicationCredentialId", "applicationCredentialSecret", "networkUrl");
                var keystone = fields.Endpoint("authUrl", "/v3", "https://keystone.example.org:5000/v3");
                var id = fields.Text("applicationCredentialId");
                var key = fields.Text("applicationCredentialSecret");
                var override_ = fields.Has("networkUrl") ? fields.Endpoint("networkUrl", "/v2.0", "https://neutron.example.org:9696") : null;
                if (faults.Count == 0)
                    read = new Application(keystone!, id!, key!, override_);
                break;
            case NoneType:
                fields.Only("networkUrl", "projectId");
                var neutron = fields.Endpoint("networkUrl", "/v2.0", "http://neutron.internal:9696");
                if (neutron is not null && !limits.IsNamed(neutron))
                    faults.Add("names a networkUrl that may be used without sign-in only if the operator lists its host in EntryGuard:PrivateEndpoints");
                var project = fields.Text("projectId");
                if (faults.Count == 0)
                    read = new None(neutron!, project!);
                break;
            default:
                faults.Add($"cannot be of type {type}; it is {ApplicationType} or {NoneType}");
                break;
        }

        return (read, faults.Count == 0 ? null : string.Join("; it ", faults));
    }

    /// <summary>An address of a service as catalogs and admins write it, without the version that we add ourselves.</summary>
    public static Uri WithoutVersion(Uri endpoint, string version)
    {
        var text = endpoint.GetLeftPart(UriPartial.Path).TrimEnd('/');
        return new Uri(text.EndsWith(version, StringComparison.Ordinal) ? text[..^version.Length] : text);
    }

    private static JsonDocument? Parse(string secret)
    {
        try
        {
            return JsonDocument.Parse(secret);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private readonly struct Fields(JsonElement data, EndpointLimits limits, List<string> faults)
    {
        private const int Longest = 1000;

        public bool Has(string name) => data.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null;

        public void Only(params string[] names)
        {
            if (data.EnumerateObject().Any(p => !names.Contains(p.Name)))
                faults.Add($"holds a field that is unknown; write {string.Join(", ", names)}");
        }

        public string? Text(string name)
        {
            if (data.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.GetString()!.Trim() is { Length: > 0 and <= Longest } text)
                return text;
            faults.Add($"lacks {name}");
            return null;
        }

        public Uri? Endpoint(string name, string version, string example)
        {
            if (!data.TryGetProperty(name, out var value) || value.ValueKind != JsonValueKind.String)
            {
                faults.Add($"lacks {name}; write one such as {example}");
                return null;
            }

            if (limits.Read(value.GetString()!, out var endpoint) is not { } fault)
                return WithoutVersion(endpoint!, version);
            faults.Add($"names a {name} that {fault}");
            return null;
        }
    }
}
