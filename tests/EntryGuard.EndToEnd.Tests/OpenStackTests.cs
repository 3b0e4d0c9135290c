using System.Net.Http.Json;
using System.Runtime.Versioning;
using System.Text;
using System.Text.Json;
using EntryGuard.Contracts;

namespace EntryGuard.EndToEnd.Tests;

/// <summary>The README's second example, on a real Keystone and Neutron.</summary>
[SupportedOSPlatform("linux")]
[Trait("Category", "Slow")]
[Collection("one at a time: each measures")]
public sealed class OpenStackTests : IDisposable
{
    private const string Address = "203.0.113.7";
    private readonly string folder = Directory.CreateTempSubdirectory("entryguard-e2e-").FullName;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task A_session_opens_a_security_group_and_its_end_shuts_it()
    {
        if (Environment.GetEnvironmentVariable("ENTRYGUARD_TEST_OPENSTACK") is not { Length: > 0 } line)
        {
            Assert.Skip("ENTRYGUARD_TEST_OPENSTACK is not set; see script/openstack.");
            return;
        }

        using var json = JsonDocument.Parse(line);
        string Of(string name) => json.RootElement.GetProperty(name).GetString()!;
        await using var server = await RunningServer.StartAsync(
            folder, RunningServer.FreePort(), Path.Combine(folder, "eg.env"), "--EntryGuard:PrivateEndpoints:0=127.0.0.0/8");
        using var http = new HttpClient { BaseAddress = new Uri(server.Variables["EG_URL"]) };
        var api = new ApiClient(http);
        api.UseKey(server.Variables["EG_API_KEY"]);

        var credential = (await api.CreateCredentialAsync(new CreateCredentialRequest
        {
            Name = "cloud",
            Provider = "OPENSTACK",
            CredentialType = "APPLICATION_CREDENTIAL",
            CredentialData = JsonSerializer.SerializeToElement(new Dictionary<string, string>
            {
                ["authUrl"] = Of("authUrl"),
                ["applicationCredentialId"] = Of("applicationCredentialId"),
                ["applicationCredentialSecret"] = Of("applicationCredentialSecret"),
            }),
        }, Ct)).Value;
        var resource = (await api.CreateResourceAsync(new CreateResourceRequest
        {
            Name = "orders database",
            Provider = "OPENSTACK",
            ResourceType = "SECURITY_GROUP",
            CredentialId = credential.Id.ToString(),
            ResourceIdentifier = Of("group"),
            Config = JsonSerializer.SerializeToElement(new { port = 5432 }),
            AllowedAddresses = ["DOCUMENTATION"],
        }, Ct)).Value;
        resource.Health.ShouldBe("VALID", resource.HealthMessage);

        var session = (await api.StartSessionAsync(new StartSessionRequest { Ipv4Address = Address, ResourceIds = [resource.Id.ToString()] }, null, Ct)).Value;
        (await BecomesAsync(http, session.Id, "ACTIVE")).ResourceIps.ShouldHaveSingleItem().ProviderRuleId.ShouldNotBeNull();
        (await RulesAsync(Of)).ShouldBe([$"{Address}/32"]);
        await api.StopSessionAsync(session.Id, false, Ct);
        (await BecomesAsync(http, session.Id, "CANCELLED")).OpenRules.ShouldBe(0);
        (await RulesAsync(Of)).ShouldBeEmpty();
    }

    // Told by the stream of events, or already so.
    private static async Task<SessionResponse> BecomesAsync(HttpClient http, Guid id, string status)
    {
        using var answer = await http.GetAsync(new Uri("/api/v1/events", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, Ct);
        using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync(Ct));
        while (true)
        {
            var now = (await http.GetFromJsonAsync<SessionResponse>($"/api/v1/sessions/{id}", Ct))!;
            if (now.Status == status)
                return now;
            await lines.ReadLineAsync(Ct);
        }
    }

    // As their owner sees them, past the server.
    private static async Task<List<string>> RulesAsync(Func<string, string> of)
    {
        using var http = new HttpClient(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.Zero });
        var signIn = new
        {
            auth = new
            {
                identity = new { methods = new[] { "password" }, password = new { user = new { name = of("user"), domain = new { id = "default" }, password = of("password") } } },
                scope = new { project = new { name = of("project"), domain = new { id = "default" } } },
            },
        };
        using var body = new StringContent(JsonSerializer.Serialize(signIn), Encoding.UTF8, "application/json");   // says its length: the test keystone needs it
        using var signedIn = await http.PostAsync(new Uri($"{of("authUrl")}/auth/tokens"), body, Ct);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{of("networkUrl")}/v2.0/security-group-rules?security_group_id={of("group")}&direction=ingress");
        request.Headers.Add("X-Auth-Token", signedIn.Headers.GetValues("X-Subject-Token").Single());
        using var answer = await http.SendAsync(request, Ct);
        var rules = (await answer.Content.ReadFromJsonAsync<JsonElement>(Ct)).GetProperty("security_group_rules");
        return [.. rules.EnumerateArray().Select(r => r.GetProperty("remote_ip_prefix").GetString()!)];
    }
}
