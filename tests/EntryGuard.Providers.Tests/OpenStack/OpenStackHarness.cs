using System.Net.Sockets;
using System.Text.Json;
using EntryGuard.Domain;
using EntryGuard.Domain.Net;
using EntryGuard.Domain.Providers;
using EntryGuard.Providers.Http;
using EntryGuard.Providers.OpenStack;
using EntryGuard.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EntryGuard.Providers.Tests.OpenStack;

/// <summary>
/// A security group of its own on the real servers, reached with an application credential that has exactly the access rules the provider asks
/// for, over wires that can be spoilt.
/// </summary>
public sealed class OpenStackHarness(TimeProvider? clock = null) : ProviderHarness
{
    public const int Port = 5432;

    private readonly List<string> credentials = [];
    private readonly List<string> groups = [];
    private readonly DeadEnd deadEnd = new();
    private ServiceProvider services = null!;
    private OpenStackSecurityGroups provider = null!;

    public static EndpointLimits Limits { get; } = new([], [Cidr.Parse("127.0.0.0/8")]);

    public static OpenStackCloud Cloud => OpenStackCloud.Here;

    public override IResourceProvider Provider => provider;

    /// <summary>Between the provider and Neutron.</summary>
    public FaultyWire Neutron { get; private set; } = null!;

    /// <summary>Between the provider and Keystone.</summary>
    public FaultyWire Keystone { get; private set; } = null!;

    public string Group { get; private set; } = "";

    public OrganizationId Organization { get; } = new(Guid.NewGuid());

    public CredentialId CredentialId { get; } = new(Guid.NewGuid());

    /// <summary>The secret that <see cref="Context(int)"/> uses.</summary>
    public string Secret { get; set; } = "";

    public TestLog Log { get; } = new();

    public override IReadOnlyList<(string Identifier, string Settings, string[] Fields)> Refused =>
    [
        (Group, "[]", ["config"]), ("web", "[]", ["resourceIdentifier", "config"]), (Group, "{}", ["config.port"]),
        (Group.ToUpperInvariant(), """{ "port": 0 }""", ["resourceIdentifier", "config.port"]),
        (Group, """{ "port": "5432", "protocol": "TCP", "direction": "egress" }""", ["config.port", "config.protocol", "config.direction"]),
        (Group, """{ "port": 1, "ports": [2], "fromPort": 3 }""", ["config.ports", "config.fromPort"]),
        (Group, """{ "ports": [] }""", ["config.ports"]),
        (Group, """{ "ports": [5432, "6010-6000", 65536, "22", "5000-6000"] }""", ["config.ports[1]", "config.ports[2]", "config.ports[3]", "config.ports[4]"]),
        (Group, """{ "fromPort": 10 }""", ["config.toPort"]), (Group, """{ "fromPort": 0, "toPort": 10 }""", ["config.fromPort"]),
        (Group, """{ "fromPort": 10, "toPort": 9, "protocol": "sctp" }""", ["config.toPort", "config.protocol"]),
        (Group, """{ "protocol": "icmp", "port": 8 }""", ["config.port"]),
    ];

    public override async Task StartAsync()
    {
        var cloud = Cloud;
        Group = cloud.NewGroup();
        groups.Add(Group);
        Neutron = await FaultyWire.StartAsync(cloud.NetworkUrl);
        Keystone = await FaultyWire.StartAsync(cloud.AuthUrl);
        var registered = new ServiceCollection();
        registered.AddSingleton(Limits);
        registered.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(Log));
        registered.AddHttpClient(OpenStackHttp.ClientName).AddHttpMessageHandler(() => deadEnd);   // outermost
        registered.AddOpenStackHttp();
        services = registered.BuildServiceProvider();
        provider = NewProvider();
        Secret = NewSecret();
    }

    /// <summary>Another process's provider: it has no token yet.</summary>
    public OpenStackSecurityGroups NewProvider(EndpointLimits? limits = null) => new(
        services.GetRequiredService<IHttpClientFactory>(), limits ?? Limits, clock ?? TimeProvider.System, services.GetRequiredService<ILogger<OpenStackSecurityGroups>>());

    /// <summary>A fresh application credential for the group, as <c>credentialData</c>.</summary>
    /// <param name="rules">Its access rules; null: those that the provider says it needs.</param>
    public string NewSecret(string? rules = null, DateTimeOffset? expiresAt = null)
    {
        var (id, secret) = Cloud.NewCredential(rules ?? LeastRights(), expiresAt);
        credentials.Add(id);
        return SecretOf(id, secret);
    }

    public string LeastRights() => provider.For([new PrivilegedResource(Config(), $"{Cloud.ProjectId}@127.0.0.1:1")])!.DocumentJson;

    public string SecretOf(string id, string secret, bool withNetwork = true) => JsonSerializer.Serialize(new Dictionary<string, string?>
    {
        ["authUrl"] = $"{Keystone.Url}/v3/",
        ["applicationCredentialId"] = id,
        ["applicationCredentialSecret"] = secret,
        ["networkUrl"] = withNetwork ? Neutron.Url : null,
    });

    /// <summary>The newest of the credentials made here.</summary>
    public string NewestCredential => credentials[^1];

    public ResourceConfig Config(string settings = """{ "port": 5432 }""", string? group = null, string? region = null) =>
        new(group ?? Group, region, JsonDocument.Parse(settings).RootElement);

    public override ProviderContext Context(int ipVersion = 4) => Context(Config());

    public ProviderContext Context(ResourceConfig config, string? secret = null, string type = "APPLICATION_CREDENTIAL") =>
        new(Organization, new ResourceId(Guid.NewGuid()), config, null, new ProviderCredential(CredentialId, type, secret ?? Secret, "external"));

    /// <summary>With the key that a good verification gives the allow-list.</summary>
    public ProviderContext Verified(ResourceConfig? config = null, string? secret = null)
    {
        var context = Context(config ?? Config(), secret);
        var identity = $"{Cloud.ProjectId}@{new Uri(Neutron.Url).Authority}";
        return context with { Key = provider.KeysOf(context.Config, identity).Serialization };
    }

    public override Task<bool> LetsInAsync(string address) => Task.FromResult(Cloud.RulesOf(Group).Any(rule => LetsIn(rule, Cidr.Parse(address))));

    public override void AddForeign(string address) => Cloud.NewRule(Group, new()
    {
        ["ethertype"] = Cidr.Parse(address).IpVersion == 4 ? "IPv4" : "IPv6",
        ["protocol"] = "tcp",
        ["port_range_min"] = Port,
        ["port_range_max"] = Port,
        ["remote_ip_prefix"] = address,
        ["description"] = "by hand",
    });

    public override bool LimitTo(int entries)
    {
        // What else stands in the project counts too: two outgoing rules for each group, at least.
        var used = Cloud.Network("GET", $"quotas/{Cloud.ProjectId}/details.json").GetProperty("quota").GetProperty("security_group_rule").GetProperty("used").GetInt32();
        Cloud.Network("PUT", $"quotas/{Cloud.ProjectId}", new { quota = new { security_group_rule = used + entries } });
        return true;
    }

    public override Task HangingAsync() => Neutron.Hanging.Task;

    public override string Poison() => Neutron.Refuses = "127.0.66.6";

    public override bool Next(CallFault fault)
    {
        if (fault == CallFault.Refused)
            deadEnd.IsNext = true;
        else
            Neutron.Next = fault;
        return true;
    }

    public override Task<IReadOnlyDictionary<string, string>?> RawEntriesAsync() => Task.FromResult<IReadOnlyDictionary<string, string>?>(
        Cloud.RulesOf(Group).ToDictionary(r => r.GetProperty("id").GetString()!, r => r.GetRawText()));

    public override async ValueTask DisposeAsync()
    {
        if (services is not null)
        {
            credentials.ForEach(Cloud.DeleteCredential);
            groups.ForEach(group => Cloud.Network("DELETE", $"security-groups/{group}", expected: System.Net.HttpStatusCode.NotFound));
            Cloud.Network("DELETE", $"quotas/{Cloud.ProjectId}", expected: System.Net.HttpStatusCode.NotFound);
            await services.DisposeAsync();
            await Neutron.DisposeAsync();
            await Keystone.DisposeAsync();
        }

        deadEnd.Dispose();
        await base.DisposeAsync();
    }

    // As Neutron's documents say what a rule means, not as the provider reads it.
    private static bool LetsIn(JsonElement rule, Cidr address)
    {
        if (rule.GetProperty("direction").GetString() != "ingress" || rule.GetProperty("ethertype").GetString() != $"IPv{address.IpVersion}")
            return false;
        if (rule.GetProperty("remote_group_id").ValueKind != JsonValueKind.Null || rule.GetProperty("protocol").GetString() is not (null or "tcp" or "6"))
            return false;
        var (min, max) = (rule.GetProperty("port_range_min"), rule.GetProperty("port_range_max"));
        var inPorts = min.ValueKind == JsonValueKind.Null || (min.GetInt32() <= Port && max.GetInt32() >= Port);
        return inPorts && (rule.GetProperty("normalized_cidr").GetString() is not { } range || Cidr.Parse(range).Contains(address));
    }

    /// <summary>Sends one change to where nobody listens.</summary>
    private sealed class DeadEnd : DelegatingHandler
    {
        // Bound, and never listening: nobody else can get the port meanwhile.
        private readonly Socket nobody = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

        public DeadEnd() => nobody.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));

        public bool IsNext { get; set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken ct)
        {
            if (IsNext && request.Method != HttpMethod.Get && !request.RequestUri!.AbsolutePath.Contains("/auth/", StringComparison.Ordinal))
            {
                IsNext = false;
                request.RequestUri = new UriBuilder(request.RequestUri) { Port = ((System.Net.IPEndPoint)nobody.LocalEndPoint!).Port }.Uri;
            }

            return base.SendAsync(request, ct);
        }

        protected override void Dispose(bool disposing)
        {
            nobody.Dispose();
            base.Dispose(disposing);
        }
    }
}
