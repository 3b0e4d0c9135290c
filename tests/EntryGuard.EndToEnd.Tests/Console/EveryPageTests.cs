using System.Runtime.Versioning;
using System.Text.Json;
using System.Text.RegularExpressions;
using EntryGuard.Contracts;
using Microsoft.Playwright;

namespace EntryGuard.EndToEnd.Tests.Console;

/// <summary>
/// Every page, wide and narrow, light and dark: nothing complains, nothing is asked elsewhere, axe-core finds nothing serious, nothing overflows.
/// Pictures of all of them are left in <c>artifacts/screens/</c>, to be looked at.
/// </summary>
[SupportedOSPlatform("linux")]
[Trait("Category", "Slow")]
[Collection("one at a time: each measures")]
public sealed partial class EveryPageTests(ConsoleServer server, ITestOutputHelper output) : IClassFixture<ConsoleServer>
{
    private static readonly (string Name, int Width, bool IsDark)[] Looks = [("wide-light", 1440, false), ("wide-dark", 1440, true), ("narrow-light", 360, false), ("narrow-dark", 360, true)];

    // Seen without a sign-in: no connection is held for them.
    private static readonly string[] Doors = ["/sign-in", "/forgot-password", "/register", "/accept-invitation?token=x", "/reset-password?token=x"];

    [Fact]
    public async Task Every_page_is_fit_to_be_seen()
    {
        var axe = await AxeAsync();
        var rooms = await FurnishAsync();
        var faults = new List<string>();
        var seen = 0;
        foreach (var (look, width, isDark) in Looks)
        {
            await using var nobody = await server.Chromium.VisitorAsync(server.Url, width, width < 600 ? 740 : 900, isDark);
            foreach (var path in Doors)
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

        output.WriteLine($"{seen} looks at {Doors.Length + rooms.Count} pages");
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

    private static async Task<List<string>> LookAsync(Visitor who, string path, string look, string axe)
    {
        var faults = new List<string>();
        var page = who.Page;
        await page.ScreenshotAsync(new() { Path = Path.Combine(Screens(), $"{Name(path)}-{look}.png"), FullPage = true });
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
    private async Task<IReadOnlyList<string>> FurnishAsync()
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
        var over = (await api.StartSessionAsync(new StartSessionRequest { DurationMinutes = 10 }, null, none)).Value;
        var session = (await api.StartSessionAsync(new StartSessionRequest { DurationMinutes = 60 }, null, none)).Value;
        await Until.TrueAsync(TimeSpan.FromSeconds(20), async () => (await api.GetSessionAsync(session.Id, none)).Value.Status == "ACTIVE");
        await api.StopSessionAsync(over.Id, anybodys: false, none);
        return
        [
            "/", "/sessions", $"/sessions/{session.Id}", "/security", "/overview", "/all-sessions", "/health-events", "/audit", "/resources", "/resources/new", $"/resources/{demo.Id}",
            "/credentials", "/credentials/new", "/static-ips", "/static-ips/new", $"/static-ips/{rule.Id}", "/iam-policy", "/users", "/users/new", $"/users/{user.Id}", "/roles", "/roles/new", $"/roles/{role.Id}",
            "/service-accounts", "/service-accounts/new", "/api-keys", "/api-keys/new", "/settings", "/first-run",
        ];
    }

    private static async Task<string> AxeAsync()
    {
        var file = Environment.GetEnvironmentVariable("ENTRYGUARD_TEST_AXE");
        Assert.SkipWhen(string.IsNullOrEmpty(file), "ENTRYGUARD_TEST_AXE does not say where axe.min.js of the npm package axe-core is");
        return await File.ReadAllTextAsync(file!);
    }

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
