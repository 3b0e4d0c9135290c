using System.Net;
using System.Text;
using System.Text.Json;

namespace EntryGuard.Providers.Tests.OpenStack;

/// <summary>The real keystone and neutron-server that script/openstack started, as their admin sees them. Nothing here goes through the provider.</summary>
public sealed class OpenStackCloud
{
    private static readonly Lazy<OpenStackCloud?> Only = new(() =>
        Environment.GetEnvironmentVariable("ENTRYGUARD_TEST_OPENSTACK") is { Length: > 0 } line ? new OpenStackCloud(line) : null);

    private readonly HttpClient http = NewClient();
    private readonly JsonElement facts;
    private readonly Lazy<string> admin;
    private readonly Lazy<string> user;

    private OpenStackCloud(string line)
    {
        facts = JsonDocument.Parse(line).RootElement;
        admin = new(() => SignIn(this["adminUser"], this["adminPassword"], this["adminProject"]));
        user = new(() => SignIn(this["user"], this["password"], this["project"]));
    }

    /// <summary>The test keystone hangs up after each answer without saying so: no connection is used twice.</summary>
    public static HttpClient NewClient() => new(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.Zero }) { Timeout = TimeSpan.FromMinutes(2) };

    /// <summary>Skips the test where there is none.</summary>
    public static OpenStackCloud Here
    {
        get
        {
            if (Only.Value is null)
                Assert.Skip("ENTRYGUARD_TEST_OPENSTACK is not set; see script/openstack.");
            return Only.Value;
        }
    }

    /// <summary>A fact that script/openstack printed.</summary>
    public string this[string name] => facts.GetProperty(name).GetString()!;

    public string AuthUrl => this["authUrl"];

    public string NetworkUrl => this["networkUrl"];

    public string ProjectId => this["projectId"];

    /// <summary>May do everything in every project.</summary>
    public string AdminToken => admin.Value;

    /// <summary>Of the user whose project is guarded.</summary>
    public string UserToken => user.Value;

    /// <summary>Calls the cloud. Fails the test on an answer that is no success, unless <paramref name="expected"/> names it.</summary>
    public JsonElement Call(string method, string url, object? body = null, string? token = null, HttpStatusCode? expected = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), url);
        request.Headers.Add("X-Auth-Token", token ?? AdminToken);
        if (body is not null)
            request.Content = new StringContent(JsonSerializer.Serialize(body), Encoding.UTF8, "application/json");
        using var response = http.Send(request);
        using var reader = new StreamReader(response.Content.ReadAsStream());
        var text = reader.ReadToEnd();
        (response.IsSuccessStatusCode || response.StatusCode == expected).ShouldBeTrue($"{method} {url}: {response.StatusCode} {text}");
        return text.Length == 0 ? default : JsonDocument.Parse(text).RootElement;
    }

    /// <summary>Neutron, as admin.</summary>
    public JsonElement Network(string method, string path, object? body = null, string? token = null, HttpStatusCode? expected = null) =>
        Call(method, $"{NetworkUrl}/v2.0/{path}", body, token, expected);

    public string NewGroup(string? project = null) => Network("POST", "security-groups", new { security_group = new { name = "web", project_id = project ?? ProjectId } })
        .GetProperty("security_group").GetProperty("id").GetString()!;

    /// <summary>Somebody else's rule, with whatever fields.</summary>
    public string NewRule(string group, Dictionary<string, object?> fields)
    {
        fields["security_group_id"] = group;
        fields["direction"] = fields.GetValueOrDefault("direction", "ingress");
        fields["project_id"] = ProjectId;
        return Network("POST", "security-group-rules", new { security_group_rule = fields }).GetProperty("security_group_rule").GetProperty("id").GetString()!;
    }

    public IReadOnlyList<JsonElement> RulesOf(string group) =>
        [.. Network("GET", $"security-group-rules?security_group_id={group}").GetProperty("security_group_rules").EnumerateArray()];

    /// <param name="accessRules">A JSON array; null: none, which allows every call.</param>
    /// <param name="expiresAt">Null: never.</param>
    public (string Id, string Secret) NewCredential(string? accessRules, DateTimeOffset? expiresAt = null)
    {
        var wish = new Dictionary<string, object?>
        {
            ["name"] = Guid.NewGuid().ToString(),
            ["roles"] = new[] { new { name = "member" } },
            ["unrestricted"] = false,
        };
        if (accessRules is not null)
            wish["access_rules"] = JsonDocument.Parse(accessRules).RootElement;
        if (expiresAt is not null)
            wish["expires_at"] = expiresAt.Value.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.ffffff", System.Globalization.CultureInfo.InvariantCulture);
        var made = Call("POST", $"{AuthUrl}/users/{this["userId"]}/application_credentials", new { application_credential = wish }, UserToken)
            .GetProperty("application_credential");
        return (made.GetProperty("id").GetString()!, made.GetProperty("secret").GetString()!);
    }

    public void DeleteCredential(string id) =>
        Call("DELETE", $"{AuthUrl}/users/{this["userId"]}/application_credentials/{id}", token: UserToken, expected: HttpStatusCode.NotFound);

    private string SignIn(string name, string password, string project)
    {
        var domain = new { id = "default" };
        var identity = new { methods = new[] { "password" }, password = new { user = new { name, password, domain } } };
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{AuthUrl}/auth/tokens");
        request.Content = new StringContent(
            JsonSerializer.Serialize(new { auth = new { identity, scope = new { project = new { name = project, domain } } } }), Encoding.UTF8, "application/json");
        using var response = http.Send(request);
        response.StatusCode.ShouldBe(HttpStatusCode.Created);
        return response.Headers.GetValues("X-Subject-Token").Single();
    }
}
