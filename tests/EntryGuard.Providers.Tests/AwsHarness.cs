using System.Text.Json;
using Amazon.Runtime;
using EntryGuard.Domain;
using EntryGuard.Domain.Net;
using EntryGuard.Domain.Providers;
using EntryGuard.Providers.Aws;
using EntryGuard.Providers.Http;
using EntryGuard.Testing;
using EntryGuard.Testing.FakeEc2;
using Microsoft.Extensions.Logging;

namespace EntryGuard.Providers.Tests;

/// <summary>The provider, with the real SDK in it, in front of the fake.</summary>
public sealed class AwsHarness : ProviderHarness
{
    public const string Account = "123456789012";
    public const string Region = "eu-central-1";
    public const string GroupId = "sg-0123456789abcdef0";
    public const string ExternalId = "eg-external-id-of-acme";

    private readonly CredentialId credential = new(Guid.NewGuid());
    private readonly ILoggerFactory loggers;
    private RefusingOnce? once;
    private int quota = 1000;

    public AwsHarness() => loggers = LoggerFactory.Create(logs => logs.AddProvider(Log).SetMinimumLevel(LogLevel.Trace));

    public Ec2Server Server { get; private set; } = null!;

    public Ec2Group Group { get; private set; } = null!;

    public Ec2Key Key { get; private set; } = null!;

    public AwsSecurityGroupProvider Aws { get; private set; } = null!;

    public TestLog Log { get; } = new();

    public OrganizationId Organization { get; } = new(Guid.NewGuid());

    /// <summary>Moves for the provider and the fake alike; null: the system's.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>The server's own identity at AWS; null: it has none.</summary>
    public Ec2Key? Own { get; set; }

    public override IResourceProvider Provider => once!;

    public override IReadOnlyList<(string Identifier, string Settings, string[] Fields)> Refused =>
    [
        ("sg-0123456789abcdef0", "[]", ["region", "config"]),
        ("sg-0123456789abcdef0", "{}", ["region", "config.port"]),
        ("default", "{}", ["region", "config.port", "resourceIdentifier"]),
        ("sg-0123456789ABCDEF0", """{ "port": 22 }""", ["region", "resourceIdentifier"]),
        ("sg-0123456789abcdef0", """{ "port": 0, "proto": "tcp" }""", ["region", "config.port", "config.proto"]),
        ("sg-0123456789abcdef0", """{ "port": 65536 }""", ["region", "config.port"]),
        ("sg-0123456789abcdef0", """{ "port": 22.5, "protocol": "sctp", "quota": 0 }""", ["region", "config.port", "config.protocol", "config.quota"]),
        ("sg-0123456789abcdef0", """{ "ports": [] }""", ["region", "config.ports"]),
        ("sg-0123456789abcdef0", """{ "ports": 22 }""", ["region", "config.ports"]),
        ("sg-0123456789abcdef0", """{ "ports": [22, "6010-6000", "x", -1] }""", ["region", "config.ports[1]", "config.ports[2]", "config.ports[3]"]),
        ("sg-0123456789abcdef0", """{ "fromPort": 5440, "toPort": 5432 }""", ["region", "config.toPort"]),
        ("sg-0123456789abcdef0", """{ "fromPort": 5440 }""", ["region", "config.toPort"]),
        ("sg-0123456789abcdef0", """{ "fromPort": "a", "toPort": null }""", ["region", "config.fromPort", "config.toPort"]),
        ("sg-0123456789abcdef0", """{ "port": 22, "ports": [23] }""", ["region", "config.ports"]),
        ("sg-0123456789abcdef0", """{ "port": 22, "protocol": "icmp" }""", ["region", "config.port"]),
        ("sg-0123456789abcdef0", """{ "port": 22, "protocol": 6 }""", ["region", "config.protocol"]),
    ];

    public override async Task StartAsync()
    {
        Server = await Ec2Server.StartAsync(Time);
        Key = Server.Keys.Add(Account);
        Group = Server.AddGroup(GroupId, Account, Region);
        Group.Quota = 1000;
        Aws = NewProvider(new EndpointLimits([], [Cidr.Parse("127.0.0.0/8")]));
        once = new RefusingOnce(Aws);
    }

    /// <summary>Another one, of a server with other settings.</summary>
    public AwsSecurityGroupProvider NewProvider(EndpointLimits limits, params OrganizationId[] chainAllowed) =>
        new(limits, chainAllowed, Time, loggers.CreateLogger<AwsSecurityGroupProvider>(), _ =>
            Own is { } own ? Task.FromResult(new ImmutableCredentials(own.Id, own.Secret, own.Token)) : throw new AmazonClientException("There is no instance metadata service."));

    public override ProviderContext Context(int ipVersion = 4) => Context(JsonSerializer.Serialize(new { port = 5432, quota }));

    /// <summary>With other settings, and with the allow-list as it was verified if there is a key.</summary>
    public ProviderContext Context(string settings, AllowListKey? key = null) => new(
        Organization, new ResourceId(Guid.NewGuid()), new ResourceConfig(GroupId, Region, JsonSerializer.Deserialize<JsonElement>(settings)), key, Credential());

    /// <summary>A credential at the fake.</summary>
    public ProviderCredential Credential(string type = "ACCESS_KEY", object? secret = null, string externalId = ExternalId) =>
        new(credential, type, JsonSerializer.Serialize(secret ?? new { accessKeyId = Key.Id, secretAccessKey = Key.Secret, endpointUrl = Server.Url }), externalId);

    public override Task<bool> LetsInAsync(string address) => Task.FromResult(Group.Rules.Any(r => r.LetsIn(address, "tcp", 5432)));

    public override void AddForeign(string address) => Group.AddForeign(Cidr.Parse(address).ToCidrString());

    public override bool LimitTo(int entries)
    {
        (quota, Group.Quota) = (entries, entries);
        return true;
    }

    public override bool Next(CallFault fault)
    {
        switch (fault)
        {
            case CallFault.Throttled: Server.Next(null, Ec2Exception.Throttled()); break;
            case CallFault.ThrottledFor17Seconds: Server.Next(null, Ec2Exception.Throttled("17")); break;
            case CallFault.LostBefore: Server.Next(null, Ec2Trouble.LostBefore); break;
            case CallFault.LostAfter: Server.Next(null, Ec2Trouble.LostAfter); break;
            case CallFault.Refused: once!.IsArmed = true; break;
            case CallFault.Unavailable: Server.Next(null, new Ec2Exception("Unavailable", 503, "The server is overloaded and can't handle the request.")); break;
            case CallFault.Garbage: Server.Next(null, Ec2Trouble.Garbage); break;
            case CallFault.Hang: Server.Next(null, Ec2Trouble.Hang); break;
        }

        return true;
    }

    public override Task HangingAsync() => Server.Hanging;

    public override string Poison()
    {
        Server.Refuses = "127.0.66.6/32";
        return "127.0.66.6";
    }

    public override Task<IReadOnlyDictionary<string, string>?> RawEntriesAsync() =>
        Task.FromResult<IReadOnlyDictionary<string, string>?>(Group.Rules.ToDictionary(r => r.Id, r => r.ToString()));

    /// <summary>What every test of the contract rests on: the policy that admins are given allows all that was called.</summary>
    public override async ValueTask DisposeAsync()
    {
        string[] free = ["GetCallerIdentity", "AssumeRole"];
        Server?.Journal.Select(c => c.Action).Distinct().Except(free).Except(AwsPolicy.Looking.Concat(AwsPolicy.Changing).Select(a => a["ec2:".Length..])).ShouldBeEmpty();
        Aws?.Dispose();
        loggers.Dispose();
        if (Server is not null)
            await Server.DisposeAsync();
        await base.DisposeAsync();
    }

    /// <summary>Sends the next change to a port on which nobody listens.</summary>
    private sealed class RefusingOnce(AwsSecurityGroupProvider aws) : IResourceProvider
    {
        public bool IsArmed { get; set; }

        public ResourceType Type => aws.Type;

        public ProviderCapabilities Capabilities => aws.Capabilities;

        public ProviderDescription Description => aws.Description;

        public ConfigReading Read(ResourceConfig config) => aws.Read(config);

        public string? CheckCredential(OrganizationId organization, string credentialType, string secret) => aws.CheckCredential(organization, credentialType, secret);

        public AllowListKeys KeysOf(ResourceConfig config, string identity) => aws.KeysOf(config, identity);

        public Task<VerifyReport> VerifyAsync(ProviderContext context, CancellationToken ct) => aws.VerifyAsync(context, ct);

        public Task<ListResult> ListAsync(ProviderContext context, CancellationToken ct) => aws.ListAsync(context, ct);

        public Task<ApplyResult> ApplyAsync(ProviderContext context, RuleChanges changes, CancellationToken ct)
        {
            if (IsArmed)
            {
                IsArmed = false;
                var secret = new { accessKeyId = "AKIANOBODY", secretAccessKey = "none", endpointUrl = $"http://127.0.0.1:{GateHarness.FreePort()}" };
                context = context with { Credential = context.Credential! with { Secret = JsonSerializer.Serialize(secret) } };
            }

            return aws.ApplyAsync(context, changes, ct);
        }
    }
}
