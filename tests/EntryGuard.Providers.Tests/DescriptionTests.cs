using System.Text.Json;
using System.Text.Json.Nodes;
using EntryGuard.Domain;
using EntryGuard.Domain.Providers;
using EntryGuard.Providers.Aws;
using EntryGuard.Providers.Gate;
using EntryGuard.Providers.Http;
using EntryGuard.Providers.OpenStack;
using EntryGuard.Testing.Providers;
using Microsoft.Extensions.Logging.Abstractions;

namespace EntryGuard.Providers.Tests;

/// <summary>What a provider says it accepts is what it accepts: no more, no less.</summary>
public sealed class DescriptionTests
{
    private static readonly OrganizationId Acme = new(Guid.Parse("00000000-0000-0000-0000-00000000acae"));
    private static readonly EndpointLimits Limits = new(["neutron.internal"], []);

    /// <summary>Good Resources, and good secrets by their kind, that have every described key between them.</summary>
    private static readonly Dictionary<string, (IResourceProvider Provider, string[] Resources, (string Type, string Secret)[] Secrets)> All = new()
    {
        ["gate"] = (
            new GateProvider(GateLimits.Default, TimeProvider.System),
            ["""{ "config.listen": "127.0.0.1:15432", "config.target": "db.internal:5432" }"""],
            []),
        ["aws"] = (
            new AwsSecurityGroupProvider(Limits, [Acme], TimeProvider.System, NullLogger<AwsSecurityGroupProvider>.Instance),
            [
                """{ "resourceIdentifier": "sg-0123456789abcdef0", "region": "eu-central-1", "config.protocol": "udp", "config.ports": [53, "6000-6010"], "config.quota": 100 }""",
                """{ "resourceIdentifier": "sg-0123456789abcdef0", "region": "eu-central-1", "config.port": 22 }""",
                """{ "resourceIdentifier": "sg-0123456789abcdef0", "region": "eu-central-1", "config.fromPort": 0, "config.toPort": 65535 }""",
            ],
            [
                ("ACCESS_KEY", """{ "accessKeyId": "AKIAIOSFODNN7EXAMPLE", "secretAccessKey": "hunter2", "sessionToken": "t", "endpointUrl": "https://ec2.example.org", "stsEndpointUrl": "https://sts.example.org" }"""),
                ("ASSUME_ROLE", """{ "roleArn": "arn:aws:iam::123456789012:role/entryguard", "endpointUrl": "https://ec2.example.org", "stsEndpointUrl": "https://sts.example.org" }"""),
                ("DEFAULT_CHAIN", """{ "endpointUrl": "https://ec2.example.org", "stsEndpointUrl": "https://sts.example.org" }"""),
            ]),
        ["openstack"] = (
            new OpenStackSecurityGroups(null!, Limits, TimeProvider.System, NullLogger<OpenStackSecurityGroups>.Instance),
            [
                """{ "resourceIdentifier": "83c04863-dd45-4572-add7-008471fa9213", "config.protocol": "tcp", "config.ports": [5432] }""",
                """{ "resourceIdentifier": "83c04863-dd45-4572-add7-008471fa9213", "config.port": 22 }""",
                """{ "resourceIdentifier": "83c04863-dd45-4572-add7-008471fa9213", "config.fromPort": 6000, "config.toPort": 6010 }""",
            ],
            [
                ("APPLICATION_CREDENTIAL", """{ "authUrl": "https://k.example.org", "applicationCredentialId": "i", "applicationCredentialSecret": "hunter2", "networkUrl": "https://n.example.org" }"""),
                ("NO_AUTH", """{ "networkUrl": "http://neutron.internal:9696", "projectId": "p" }"""),
            ]),
        ["scripted"] = (
            new ScriptedProvider(TimeProvider.System),
            ["""{ "resourceIdentifier": "web", "region": "here", "config.ports": [443] }"""],
            [("TOKEN", """{ "token": "t" }""")]),
    };

    public static TheoryData<string> Names => [.. All.Keys];

    [Theory, MemberData(nameof(Names))]
    public void A_description_is_whole_in_itself(string name)
    {
        var (provider, _, _) = All[name];
        var description = provider.Description;
        description.Credentials.Select(c => c.Type).ShouldBe(provider.Capabilities.CredentialTypes, ignoreOrder: true);
        description.ResourceFields.ShouldContain(f => f.Key == description.IdentifiedBy && f.IsRequired);
        foreach (var fields in description.Credentials.Select(c => c.Fields).Prepend(description.ResourceFields))
        {
            fields.Select(f => f.Key).ShouldBeUnique();
            fields.Select(f => f.Label).ShouldBeUnique("a form tells its fields apart by them");
            fields.ShouldAllBe(f => (f.Kind == FieldKind.Choice) == (f.Choices.Count > 0));
            fields.ShouldAllBe(f => f.InsteadOf == null || fields.Any(o => o.Key == f.InsteadOf && o.InsteadOf == null));
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void Every_key_that_is_described_is_accepted(string name)
    {
        var (provider, resources, secrets) = All[name];
        resources.SelectMany(r => Read(r).Select(p => p.Key)).Distinct().ShouldBe(provider.Description.ResourceFields.Select(f => f.Key), ignoreOrder: true);
        foreach (var resource in resources)
            Faults(provider, Read(resource)).ShouldBeEmpty(resource);
        secrets.Select(s => s.Type).ShouldBe(provider.Description.Credentials.Select(c => c.Type), ignoreOrder: true);
        foreach (var (type, secret) in secrets)
        {
            Read(secret).Select(p => p.Key).ShouldBe(provider.Description.Credentials.Single(c => c.Type == type).Fields.Select(f => f.Key), ignoreOrder: true);
            provider.CheckCredential(Acme, type, secret).ShouldBeNull(type);
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void Every_required_key_that_is_missing_is_named_and_no_other_is_required(string name)
    {
        var (provider, resources, secrets) = All[name];
        foreach (var field in provider.Description.ResourceFields.Where(f => f.IsRequired && f.Key is not ProviderDescription.Identifier))
        {
            foreach (var resource in resources)
                Faults(provider, Without(resource, field.Key)).ShouldContain(field.Key);
        }

        foreach (var (type, secret) in secrets)
        {
            foreach (var field in provider.Description.Credentials.Single(c => c.Type == type).Fields)
            {
                var fault = provider.CheckCredential(Acme, type, Without(secret, field.Key).ToJsonString());
                if (field.IsRequired)
                    fault.ShouldNotBeNull($"{type} {field.Key}").ShouldContain(field.Key);
                else
                    fault.ShouldBeNull($"{type} {field.Key}");
            }
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void No_key_that_is_not_described_is_accepted(string name)
    {
        if (name == "scripted")
            return;   // of the kit: it takes what tests give it
        var (provider, resources, secrets) = All[name];
        var settings = All.Values.SelectMany(a => a.Provider.Description.ResourceFields).Select(f => f.Key).Where(k => k.StartsWith("config.", StringComparison.Ordinal)).Append("config.other");
        foreach (var key in settings.Except(provider.Description.ResourceFields.Select(f => f.Key)))
            Faults(provider, With(resources[0], key)).ShouldContain(key);
        var data = All.Values.SelectMany(a => a.Provider.Description.Credentials).SelectMany(c => c.Fields).Select(f => f.Key).Append("other").Distinct().ToList();
        foreach (var (type, secret) in secrets)
        {
            foreach (var key in data.Except(provider.Description.Credentials.Single(c => c.Type == type).Fields.Select(f => f.Key)))
                provider.CheckCredential(Acme, type, With(secret, key).ToJsonString()).ShouldNotBeNull($"{type} {key}").ShouldContain("unknown");
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void A_choice_can_be_made_as_it_is_written_and_no_other(string name)
    {
        var (provider, resources, _) = All[name];
        foreach (var field in provider.Description.ResourceFields.Where(f => f.Kind == FieldKind.Choice))
        {
            foreach (var choice in field.Choices)
                Faults(provider, With(resources[0], field.Key, choice)).ShouldNotContain(field.Key);
            Faults(provider, With(resources[0], field.Key, "other")).ShouldContain(field.Key);
        }
    }

    private static JsonObject Read(string json) => JsonNode.Parse(json)!.AsObject();

    private static JsonObject Without(string json, string key)
    {
        var read = Read(json);
        read.Remove(key);
        return read;
    }

    private static JsonObject With(string json, string key, string value = "1")
    {
        var read = Read(json);
        read[key] = value;
        return read;
    }

    private static IEnumerable<string> Faults(IResourceProvider provider, JsonObject resource)
    {
        var settings = resource.Where(p => p.Key.StartsWith("config.", StringComparison.Ordinal)).ToDictionary(p => p.Key["config.".Length..], p => p.Value?.DeepClone());
        var identifier = resource[provider.Description.IdentifiedBy]?.GetValue<string>() ?? "";
        return provider.Read(new ResourceConfig(identifier, resource[ProviderDescription.Region]?.GetValue<string>(), JsonSerializer.SerializeToElement(settings))).Errors.Keys;
    }
}
