using System.Text.Json;
using System.Text.RegularExpressions;
using EntryGuard.Domain.Providers;
using EntryGuard.Providers.Http;

namespace EntryGuard.Providers.Aws;

/// <summary>A credential's secret, read.</summary>
internal sealed partial record AwsSecret
{
    public const string AccessKey = "ACCESS_KEY";
    public const string AssumeRole = "ASSUME_ROLE";
    public const string DefaultChain = "DEFAULT_CHAIN";

    private static readonly string[] Endpoints = ["endpointUrl", "stsEndpointUrl"];

    private static readonly FieldDescription[] EndpointFields =
    [
        new("endpointUrl", "EC2 endpoint", FieldKind.Text) { Hint = "Only for a private cloud that speaks EC2's language; left out, AWS itself.", Example = "https://ec2.cloud.example.org" },
        new("stsEndpointUrl", "STS endpoint", FieldKind.Text) { Hint = "Only if it is not the EC2 endpoint.", Example = "https://sts.cloud.example.org" },
    ];

    /// <summary>What <see cref="Read(string, string, EndpointLimits)"/> accepts, those that nobody has to keep first.</summary>
    public static IReadOnlyList<CredentialDescription> Descriptions { get; } =
    [
        new(AssumeRole, "Role to assume",
            "No secret is stored: this server's own AWS identity takes on the role, whose trust policy must demand your organization's external ID.",
            [
                new("roleArn", "Role ARN", FieldKind.Text) { IsRequired = true, Example = "arn:aws:iam::123456789012:role/entryguard" },
                .. EndpointFields,
            ]) { NeedsExternalId = true },
        new(AccessKey, "Access key", "A key of an IAM user that may do what the IAM policy page says, and no more.",
            [
                new("accessKeyId", "Access key ID", FieldKind.Text) { IsRequired = true, Example = "AKIAIOSFODNN7EXAMPLE" },
                new("secretAccessKey", "Secret access key", FieldKind.Secret) { IsRequired = true },
                new("sessionToken", "Session token", FieldKind.Secret) { Hint = "Only with a temporary key, which stops working when it runs out." },
                .. EndpointFields,
            ]),
        new(DefaultChain, "The server's own identity", "Nothing is stored. Only where the operator allows your organization to use it.", EndpointFields),
    ];

    public required string Type { get; init; }

    /// <summary>Only of an access key; so are the next two.</summary>
    public string? KeyId { get; private init; }

    public string? Key { get; private init; }

    /// <summary>Null: a key that lasts.</summary>
    public string? Token { get; private init; }

    /// <summary>Only of a role.</summary>
    public string? RoleArn { get; private init; }

    /// <summary>Where EC2 is; null: at AWS, in the Resource's region.</summary>
    public Uri? Ec2 { get; private init; }

    /// <summary>Where STS is; if not said, where EC2 is. Null: at AWS.</summary>
    public Uri? Sts { get; private init; }

    /// <summary>
    /// What goes behind the account in an identity: two private clouds may number their accounts alike, and whoever names an endpoint decides
    /// what account it says. Empty: both services are AWS's own.
    /// </summary>
    public string Place => (Ec2, Sts) switch
    {
        (null, null) => "",
        ({ } ec2, { } sts) when PlaceOf(ec2) == PlaceOf(sts) => $"@{PlaceOf(ec2)}",
        var (ec2, sts) => $"@{PlaceOf(ec2)},{PlaceOf(sts)}",
    };

    private string[] Fields => Type switch
    {
        AccessKey => ["accessKeyId", "secretAccessKey", "sessionToken", .. Endpoints],
        AssumeRole => ["roleArn", .. Endpoints],
        _ => Endpoints,
    };

    private string Example => Type switch
    {
        AccessKey => """{ "accessKeyId": "AKIA…", "secretAccessKey": "…" }""",
        AssumeRole => """{ "roleArn": "arn:aws:iam::123456789012:role/entryguard" }""",
        _ => "{}",
    };

    /// <summary>Reads a secret. The fault says everything that is wrong, to follow the field's name, and never repeats a value.</summary>
    public static (AwsSecret? Secret, string? Fault) Read(string type, string json, EndpointLimits limits)
    {
        var secret = new AwsSecret { Type = type };
        try
        {
            using var document = JsonDocument.Parse(json);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? secret.Read(document.RootElement, limits)
                : (null, $"must be an object such as {secret.Example}");
        }
        catch (JsonException)
        {
            return (null, $"is no JSON; write an object such as {secret.Example}");
        }
    }

    /// <summary>Without the secret, so that a log of the record leaks nothing.</summary>
    public override string ToString() => Type;

    private (AwsSecret? Secret, string? Fault) Read(JsonElement given, EndpointLimits limits)
    {
        var faults = new List<string>();
        foreach (var property in given.EnumerateObject().Where(p => !Fields.Contains(p.Name)))
            faults.Add(property.Name.Length <= 40 ? $"has the unknown field {property.Name}" : "has an unknown field");
        var read = this with
        {
            KeyId = Type == AccessKey ? Text("accessKeyId", KeyIdShape(), "letters and digits, such as AKIAIOSFODNN7EXAMPLE", true) : null,
            Key = Type == AccessKey ? Text("secretAccessKey", Printable(), "one line without spaces", true) : null,
            Token = Type == AccessKey ? Text("sessionToken", Printable(), "one line without spaces", false) : null,
            RoleArn = Type == AssumeRole ? Text("roleArn", RoleShape(), "a role's ARN such as arn:aws:iam::123456789012:role/entryguard", true) : null,
            Ec2 = Endpoint("endpointUrl"),
            Sts = Endpoint("stsEndpointUrl"),
        };
        return faults.Count > 0
            ? (null, $"{string.Join("; ", faults)}; write {Example}")
            : (read with { Sts = read.Sts ?? read.Ec2 }, null);

        string? Text(string name, Regex shape, string words, bool isNeeded)
        {
            if (!given.TryGetProperty(name, out var value))
            {
                if (isNeeded)
                    faults.Add($"has no {name}");
                return null;
            }

            if (value.ValueKind == JsonValueKind.String && shape.IsMatch(value.GetString()!))
                return value.GetString();
            faults.Add($"has a {name} that is not {words}");
            return null;
        }

        Uri? Endpoint(string name)
        {
            if (!given.TryGetProperty(name, out var value))
                return null;
            Uri? url = null;
            var fault = value.ValueKind == JsonValueKind.String ? limits.Read(value.GetString()!, out url) : "is no text";
            if (fault is not null)
                faults.Add($"has an {name} that {fault}");
            return url;
        }
    }

    private static string PlaceOf(Uri? url) => url is null ? "aws" : $"{url.Authority}{url.AbsolutePath.TrimEnd('/')}";

    [GeneratedRegex(@"\A[A-Za-z0-9_-]{4,128}\z")]
    private static partial Regex KeyIdShape();

    [GeneratedRegex(@"\A[\x21-\x7e]{1,8192}\z")]
    private static partial Regex Printable();

    [GeneratedRegex(@"\Aarn:[a-z-]+:iam::[0-9]{12}:role/[\x21-\x7e]{1,512}\z")]
    private static partial Regex RoleShape();
}
