using System.Runtime.Versioning;
using System.Text.Json;
using System.Text.RegularExpressions;
using EntryGuard.Contracts;
using EntryGuard.Testing.FakeEc2;
using Microsoft.Playwright;

namespace EntryGuard.EndToEnd.Tests.Console;

/// <summary>
/// Every page, wide and narrow, light and dark: nothing complains, nothing is asked elsewhere, axe-core finds nothing serious, nothing overflows.
/// Pictures of all of them are left in <c>artifacts/screens/</c>, to be looked at.
/// </summary>
[SupportedOSPlatform("linux")]
[Trait("Category", "Slow")]
[Collection("one at a time: each measures")]
public sealed partial class EveryPageTests(ConsoleServer server, ITestOutputHelper output) : IClassFixture<ConsoleServer>, IAsyncLifetime
{
    private readonly HashSet<string> taken = [];
    private Ec2Server ec2 = null!;

    public async ValueTask InitializeAsync() => ec2 = await Ec2Server.StartAsync();

    public ValueTask DisposeAsync() => ec2.DisposeAsync();

    private static readonly (string Name, int Width, bool IsDark)[] Looks = [("wide-light", 1440, false), ("wide-dark", 1440, true), ("narrow-light", 360, false), ("narrow-dark", 360, true)];

    // Seen without a sign-in: no connection is held for them.
    private static readonly string[] Doors = ["/sign-in", "/forgot-password", "/register", "/reset-password?token=x"];

    [Fact]
    public async Task Every_page_is_fit_to_be_seen()
    {
        var axe = await AxeAsync();
        var (rooms, invitation) = await FurnishAsync();
        string[] doors = [.. Doors, $"/accept-invitation?token={invitation}"];
        var faults = new List<string>();
        var seen = 0;
        foreach (var (look, width, isDark) in Looks)
        {
            await using var nobody = await server.Chromium.VisitorAsync(server.Url, width, width < 600 ? 740 : 900, isDark);
            foreach (var path in doors)
            {
                await nobody.Page.GotoAsync(path);
                faults.AddRange(await LookAsync(nobody, path, look, axe));
                seen++;
            }

            await using var admin = await server.AdminAsync(width, isDark);
            foreach (var path in rooms)
            {
                await admin.GoAsync(path);
                await admin.Page.WaitForTimeoutAsync(150);   // tables that are asked for when the page is alive
                faults.AddRange(await LookAsync(admin, path, look, axe));
                seen++;
            }
        }

        output.WriteLine($"{seen} looks at {doors.Length + rooms.Count} pages");
        faults.ForEach(output.WriteLine);
        faults.ShouldBeEmpty();
    }

    // An organization that has nothing yet: every page says what to do first.
    [Fact]
    public async Task Every_page_is_fit_to_be_seen_empty()
    {
        await using var first = await server.Chromium.VisitorAsync(server.Url);
        await first.Page.GotoAsync("/register");
        await first.Page.GetByLabel("Organization").FillAsync("Nothing Yet");
        await first.Page.GetByLabel("E-mail").FillAsync("nina@nothing.example");
        await first.Page.GetByLabel("Password").FillAsync(ConsoleServer.Password);
        await first.Page.Locator("button.button").ClickAsync();
        await first.AliveAsync();
        await LookTwiceAsync("empty", await first.StateAsync(),
            "/", "/sessions", "/first-run", "/overview", "/all-sessions", "/health-events", "/audit", "/resources", "/credentials", "/static-ips", "/iam-policy", "/users", "/roles",
            "/service-accounts", "/api-keys", "/settings");
    }

    [Theory]
    [InlineData("MEMBER", "/", "/sessions", "/security", "/api-keys", "/overview")]
    [InlineData("AUDITOR", "/", "/overview", "/all-sessions", "/resources", "/credentials", "/roles", "/users", "/static-ips", "/audit", "/settings", "/first-run")]
    public async Task Every_page_is_fit_to_be_seen_by_whoever_is_no_administrator(string authority, params string[] paths)
    {
        await using var somebody = await server.JoinAsync($"{authority}@home.example", authority);
        await LookTwiceAsync(authority, await somebody.StateAsync(), paths);
    }

    // What opens on a page: it is looked at open.
    [Fact]
    public async Task Whatever_opens_on_a_page_is_fit_to_be_seen()
    {
        var opened = new (string Name, string Path, Func<IPage, Task> Open)[]
        {
            ("palette", "/", page => page.Keyboard.PressAsync("Control+K")),
            ("red-button", "/overview", page => page.GetByRole(AriaRole.Button, new() { NameRegex = StopEverything() }).ClickAsync()),
            ("tip", "/resources", async page =>
            {
                await page.Locator("table.grid .badge[data-tip]").First.HoverAsync();
                await page.GetByRole(AriaRole.Tooltip).WaitForAsync();
            }),
            ("many-users", "/users/new/many", _ => Task.CompletedTask),
            ("new-aws", "/resources/new?kind=AWS%2FSECURITY_GROUP", _ => Task.CompletedTask),
            ("new-credential", "/credentials/new", page => page.GetByLabel("Provider").ClickAsync()),
        };
        var axe = await AxeAsync();
        var faults = new List<string>();
        foreach (var (look, width, isDark) in TwoLooks)
        {
            await using var who = await server.AdminAsync(width, isDark);
            foreach (var (name, path, open) in opened)
            {
                await who.GoAsync(path);
                await open(who.Page);
                await who.Page.WaitForTimeoutAsync(300);
                faults.AddRange(await LookAsync(who, "/open-" + name, look, axe));
            }
        }

        faults.ForEach(output.WriteLine);
        faults.ShouldBeEmpty();
    }

    [Fact]
    public async Task Every_link_of_the_menu_leads_somewhere_for_everybody_who_has_it()
    {
        await using var dora = await server.JoinAsync("dora@home.example");
        await using var admin = await server.AdminAsync();
        foreach (var (who, least) in new[] { (dora, 3), (admin, 10) })
        {
            await who.GoAsync("/");
            var links = await who.Page.Locator("nav a[href]").EvaluateAllAsync<string[]>("all => all.map(a => a.getAttribute('href'))");
            links.Length.ShouldBeGreaterThanOrEqualTo(least);
            foreach (var link in links)
            {
                var answer = await who.Page.GotoAsync(link);
                answer!.Status.ShouldBe(200, link);
                (await who.Page.Locator("h1").First.TextContentAsync()).ShouldNotBe("There is nothing here", link);
            }
        }

        (await dora.Page.GotoAsync("/nowhere"))!.Status.ShouldBe(404);
        (await dora.Page.Locator("h1").First.TextContentAsync()).ShouldBe("There is nothing here");
    }

    // A script that comes under two addresses runs, and listens, twice.
    [Fact]
    public async Task A_page_asks_for_each_of_its_files_once()
    {
        await using var admin = await server.AdminAsync();
        var asked = new List<string>();
        admin.Page.Request += (_, request) => asked.Add(Fingerprint().Replace(new Uri(request.Url).AbsolutePath, "."));
        await admin.GoAsync("/");
        await admin.Page.WaitForLoadStateAsync(LoadState.NetworkIdle);
        asked.ShouldContain("/console.js");
        asked.ShouldBeUnique();
    }

    // Those that differ most.
    private static readonly (string Name, int Width, bool IsDark)[] TwoLooks = [Looks[0], Looks[3]];

    private async Task LookTwiceAsync(string name, string state, params string[] paths)
    {
        var axe = await AxeAsync();
        var faults = new List<string>();
        foreach (var (look, width, isDark) in TwoLooks)
        {
            await using var who = await server.Chromium.VisitorAsync(server.Url, width, width < 600 ? 740 : 900, isDark, state);
            foreach (var path in paths)
            {
                await who.GoAsync(path);
                await who.Page.WaitForTimeoutAsync(150);
                faults.AddRange(await LookAsync(who, $"/{name}{(path == "/" ? "/start" : path)}", look, axe));
            }
        }

        faults.ForEach(output.WriteLine);
        faults.ShouldBeEmpty();
    }

    private async Task<List<string>> LookAsync(Visitor who, string path, string look, string axe)
    {
        var faults = new List<string>();
        var page = who.Page;
        var name = Name(path);
        for (var nth = 2; !taken.Add($"{name}-{look}"); nth++)   // several of a kind
            name = $"{Name(path)}-{nth}";
        await page.ScreenshotAsync(new() { Path = Path.Combine(Screens(), $"{name}-{look}.png"), FullPage = true });
        faults.AddRange(who.Complaints.Select(c => $"{path} {look}: {c}"));
        who.Complaints.Clear();
        var over = await page.EvaluateAsync<int>("document.documentElement.scrollWidth - innerWidth");
        if (over > 0)
            faults.Add($"{path} {look}: {over} px wider than the window");
        var headings = await page.Locator("h1").CountAsync();
        if (headings != 1)
            faults.Add($"{path} {look}: {headings} main headings");
        await page.EvaluateAsync(axe);
        var found = await page.EvaluateAsync<JsonElement>("axe.run(document, { resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }).then(r => r.violations)");
        foreach (var violation in found.EnumerateArray().Where(v => v.GetProperty("impact").GetString() is "serious" or "critical"))
        {
            var where = violation.GetProperty("nodes").EnumerateArray().Select(n => n.GetProperty("html").GetString()![..Math.Min(160, n.GetProperty("html").GetString()!.Length)]).Take(3);
            faults.Add($"{path} {look}: {violation.GetProperty("id").GetString()}, {violation.GetProperty("help").GetString()}: {string.Join(" | ", where)}");
        }

        return faults;
    }

    // Something of everything, so that no page is looked at only empty.
    private async Task<(IReadOnlyList<string> Rooms, string Invitation)> FurnishAsync()
    {
        var (api, none) = (server.Api, CancellationToken.None);
        var demo = (await api.ListResourcesAsync(null, none)).Value[0];
        var user = (await api.CreateUserAsync(new CreateUserRequest { Email = "eve@home.example", Name = "Eve" }, none)).Value;
        var role = (await api.CreateRoleAsync(new CreateRoleRequest
        {
            Name = "on call",
            Description = "Whoever is on call",
            MaxSessionMinutes = 120,
            ResourceIds = [$"{demo.Id}"],
            UserIds = [$"{user.Id}"],
            Conditions = new RoleConditions { ReasonRequired = true, Hours = "MON,TUE,WED,THU,FRI 08:00-18:00", TimeZone = "Europe/Berlin" },
        }, none)).Value;
        var rule = (await api.CreateStaticRuleAsync(new CreateStaticRuleRequest { Label = "office", IpAddress = "127.0.0.9", ResourceIds = [$"{demo.Id}"] }, null, none)).Value;
        (await api.CreateServiceAccountAsync(new CreateServiceAccountRequest { Name = "deploy" }, none)).Problem.ShouldBeNull();
        var clouds = await CloudsAsync(await server.UserAsync("admin@localhost"));
        var over = (await api.StartSessionAsync(new StartSessionRequest { DurationMinutes = 10, ResourceIds = [$"{demo.Id}"] }, null, none)).Value;
        var session = (await api.StartSessionAsync(new StartSessionRequest { DurationMinutes = 60, ResourceIds = [$"{demo.Id}"] }, null, none)).Value;
        await StatusAsync(session, "ACTIVE");
        await api.StopSessionAsync(over.Id, anybodys: false, none);
        return (
        [
            "/", "/sessions", $"/sessions/{session.Id}", $"/sessions/{clouds.Partial}", $"/sessions/{clouds.Closing}", "/security", "/overview", "/all-sessions", "/health-events", "/audit", "/resources", "/resources/new", $"/resources/{demo.Id}", $"/resources/{clouds.Orders}",
            "/credentials", "/credentials/new", $"/credentials/{clouds.Credential}", "/static-ips", "/static-ips/new", $"/static-ips/{rule.Id}", "/iam-policy", "/users", "/users/new", $"/users/{user.Id}", "/roles", "/roles/new", $"/roles/{role.Id}",
            "/service-accounts", "/service-accounts/new", "/api-keys", "/api-keys/new", "/settings", "/first-run",
        ], user.Invitation!.Token!);
    }

    // Three groups at a cloud: one that works, one that may not be opened any more, one that may not be closed any more. Sessions that show it.
    private async Task<(Guid Credential, Guid Orders, Guid Partial, Guid Closing)> CloudsAsync(UserResponse user)
    {
        var (api, none) = (server.Api, CancellationToken.None);
        var made = new List<(Ec2Key Key, Guid Credential, Guid Resource)>();
        foreach (var (name, port, number) in new[] { ("orders database", 5432, 0), ("vault", 8200, 1), ("billing host", 22, 2) })
        {
            var key = ec2.Keys.Add("123456789012");
            var group = ec2.AddGroup($"sg-0123456789abcde{number:x2}", "123456789012", "eu-central-1");
            group.AddForeign("198.51.100.0/24");
            var data = JsonSerializer.SerializeToElement(new { accessKeyId = key.Id, secretAccessKey = key.Secret, endpointUrl = ec2.Url });
            var credential = (await api.CreateCredentialAsync(new CreateCredentialRequest { Name = $"{name} key", Provider = "AWS", CredentialType = "ACCESS_KEY", CredentialData = data }, none)).Value;
            var resource = (await api.CreateResourceAsync(new CreateResourceRequest
            {
                Name = name,
                CredentialId = $"{credential.Id}",
                Provider = "AWS",
                ResourceType = "SECURITY_GROUP",
                ResourceIdentifier = group.Id,
                Region = "eu-central-1",
                Config = JsonSerializer.SerializeToElement(new { port }),
            }, none)).Value;
            made.Add((key, credential.Id, resource.Id));
        }

        await api.CreateRoleAsync(new CreateRoleRequest { Name = "clouds", UserIds = [$"{user.Id}"], ResourceIds = [.. made.Select(m => $"{m.Resource}")] }, none);
        await api.UpdateUserAsync(user.Id, new UpdateUserRequest { MayNameAddress = true }, null, none);   // clouds take public addresses alone
        made[1].Key.Denied.Add("AuthorizeSecurityGroupIngress");
        var partial = (await api.StartSessionAsync(new StartSessionRequest { DurationMinutes = 90, Ipv4Address = "93.184.216.34", ResourceIds = [$"{made[0].Resource}", $"{made[1].Resource}"] }, null, none)).Value;
        var closing = (await api.StartSessionAsync(new StartSessionRequest { DurationMinutes = 90, Ipv4Address = "93.184.216.34", ResourceIds = [$"{made[2].Resource}"] }, null, none)).Value;
        await StatusAsync(partial, "PARTIAL");
        await StatusAsync(closing, "ACTIVE");
        made[2].Key.Denied.Add("RevokeSecurityGroupIngress");
        await api.StopSessionAsync(closing.Id, anybodys: false, none);
        return (made[0].Credential, made[0].Resource, partial.Id, closing.Id);
    }

    private async Task StatusAsync(SessionResponse session, string status) =>
        await Until.TrueAsync(TimeSpan.FromSeconds(20), async () => (await server.Api.GetSessionAsync(session.Id, CancellationToken.None)).Value.Status == status);

    private static async Task<string> AxeAsync()
    {
        var file = Environment.GetEnvironmentVariable("ENTRYGUARD_TEST_AXE");
        Assert.SkipWhen(string.IsNullOrEmpty(file), "ENTRYGUARD_TEST_AXE does not say where axe.min.js of the npm package axe-core is");
        return await File.ReadAllTextAsync(file!);
    }

    [GeneratedRegex("^Stop everything")]
    private static partial Regex StopEverything();

    [GeneratedRegex(@"\.[0-9a-z]{10}\.")]
    private static partial Regex Fingerprint();

    private static string Name(string path) => path == "/" ? "start" : new Uri("http://x" + path).AbsolutePath.Trim('/').Replace('/', '-') is var name && Guid.TryParse(name[^Math.Min(36, name.Length)..], out _) ? name[..^37] + "-one" : name;

    private static string Screens()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "EntryGuard.slnx")))
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The tests do not run inside the repository.");
        return Directory.CreateDirectory(Path.Combine(folder, "artifacts", "screens")).FullName;
    }
}
