using System.Text.RegularExpressions;
using EntryGuard.Domain;
using EntryGuard.Server.Hosting;
using EntryGuard.Testing;

namespace EntryGuard.Server.Tests.Api;

/// <summary>An organization, acme, with one of everything; and a stranger, the admin of globex, who has full access there.</summary>
internal sealed partial class World
{
    private readonly Dictionary<string, Guid> ids = [];
    private readonly TestApp app;

    private World(TestApp app) => this.app = app;

    public IEnumerable<Guid> Ids => ids.Values;

    public static async Task<World> MakeAsync(TestApp app)
    {
        var world = new World(app);
        var (ann, admin, bob) = (await app.As("ann").SignIn(), await app.AsAdmin().SignIn(), await app.As("bob").SignIn());
        await app.AsAdmin("globex").SignIn();
        var session = await app.As("ann").StartSession("web", "203.0.113.7", hours: 2);
        var rule = await app.AsAdmin().CreateStaticRule("acme's office", "203.0.113.32", "web");
        await app.RunUntilQuiet();
        var role = await app.AsAdmin().CreateRole("acme's role", ["web"], [app.As("ann")]);
        var account = (await (await app.AsAdmin().Api()).CreateServiceAccountAsync(new Contracts.CreateServiceAccountRequest { Name = "acme-ci" }, default)).Value;
        var credential = await app.Credential(ann.Organization, "acme's");
        var key = await app.Seed.ApiKey(ann.Organization, ann.User);
        world.ids["organization"] = ann.Organization.Value;
        world.ids["session"] = session.Id;
        world.ids["resourceIp"] = session.ResourceIps[0].Id;
        world.ids["resource"] = session.ResourceIps[0].ResourceId;
        world.ids["staticRule"] = rule.Id;
        world.ids["otherResource"] = (await app.As("bob").Reach("db"))[0].Value;
        world.ids["role"] = role.Id;
        world.ids["serviceAccount"] = account.Id;
        world.ids["user"] = ann.User.Value;
        world.ids["otherUser"] = bob.User.Value;
        world.ids["auditor"] = (await app.Seed.User(ann.Organization, "audit@acme.example", authority: Server.Data.Authority.Auditor)).Value;
        world.ids["admin"] = admin.User.Value;
        world.ids["credential"] = credential.Value;
        world.ids["apiKey"] = key.Id.Value;
        return world;
    }

    public string Id(string name) => ids[name].ToString();

    public string Fill(string text) => Names().Replace(text, match => Id(match.Groups[1].Value));

    /// <summary>Speaks with a new key of a user of acme.</summary>
    public async Task<HttpClient> With(string user, params string[] scopes)
    {
        var (_, text) = await app.Seed.ApiKey(new OrganizationId(ids["organization"]), new UserId(ids[user]), scopes);
        var http = app.Client();
        http.DefaultRequestHeaders.Add("X-API-Key", text);
        return http;
    }

    /// <summary>Every scope but those that allow this one.</summary>
    public static string[] AllBut(string scope) => [.. ApiScopes.Known.Where(s => !ApiScopes.Allow([s], scope))];

    [GeneratedRegex(@"\{([a-zA-Z]+)\}")]
    public static partial Regex Names();
}
