using System.Text.RegularExpressions;
using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Server.Hosting;
using EntryGuard.Testing;

namespace EntryGuard.Server.Tests.Api;

/// <summary>An organization, acme, with one of everything; and a stranger, the admin of globex, who has full access there.</summary>
internal sealed partial class World
{
    private readonly Dictionary<string, Guid> ids = [];
    private readonly Dictionary<string, string> tokens = [];
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
        foreach (var (name, who) in ((string, TestUser)[])[("user", app.As("ann")), ("otherUser", app.As("bob")), ("admin", app.AsAdmin()), ("stranger", app.AsAdmin("globex"))])
            world.tokens[name] = (await who.Join()).AccessToken!;
        var signedIn = app.As("ann").With(world.tokens["user"]);
        world.ids["signIn"] = (await signedIn.ListSignInsAsync(null, CancellationToken.None)).Value[0].Id;
        using var device = new SoftAuthenticator();
        var options = (await signedIn.AskToMakePasskeyAsync(CancellationToken.None)).Value;
        world.ids["passkey"] = (await signedIn.AddPasskeyAsync(
            new AddPasskeyRequest { PasskeyToken = options.PasskeyToken, Credential = device.Make(options.Options), Name = "acme's" }, CancellationToken.None)).Value.Id;
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

    /// <summary>Speaks with a password's sign-in of a user of acme, or of the stranger.</summary>
    public HttpClient SignedIn(string user) => app.As(user).With(tokens[user]).Http;

    /// <summary>Speaks as a user of acme, in a way that the operation takes.</summary>
    public async Task<HttpClient> As(string user, Operation operation) => operation.IsForSignedIn ? SignedIn(user) : await With(user, "*");

    /// <summary>Every scope but those that allow this one.</summary>
    public static string[] AllBut(string scope) => [.. ApiScopes.Known.Where(s => !ApiScopes.Allow([s], scope))];

    [GeneratedRegex(@"\{([a-zA-Z]+)\}")]
    public static partial Regex Names();
}
