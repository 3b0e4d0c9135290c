using AngleSharp.Dom;
using Bunit;
using EntryGuard.Contracts;
using EntryGuard.Server.Web;
using EntryGuard.Server.Web.Pages.Watch;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using MudBlazor.Services;

namespace EntryGuard.Server.Tests.Web;

/// <summary>What the overview says of closings that fail, and what it lets somebody do about each.</summary>
public sealed class TroublesTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Now = new(2026, 3, 2, 8, 0, 0, TimeSpan.Zero);
    private static readonly Guid Web = Guid.NewGuid();
    private readonly BunitContext page = new();
    private readonly HttpClient http = new() { BaseAddress = new Uri("http://here/") };

    public ValueTask InitializeAsync()
    {
        page.Services.AddSingleton(new Ticker(new FakeTimeProvider(Now)));
        page.Services.AddMudServices();
        page.JSInterop.Mode = JSRuntimeMode.Loose;
        return default;
    }

    public ValueTask DisposeAsync()
    {
        http.Dispose();
        return page.DisposeAsync();
    }

    [Fact]
    public void Each_has_its_address_whose_it_is_and_its_own_actions_though_several_are_of_one_Resource()
    {
        var rows = Rows(Show(3, "ADMIN"));
        rows.Select(r => r.QuerySelector(".mono")!.TextContent).ShouldBe(["203.0.113.66", "203.0.113.7", "203.0.113.32"]);
        rows.Select(r => r.QuerySelector("a")!).Select(a => (a.TextContent, a.GetAttribute("href"))).ShouldBe(
            [("found by a comparison", $"/resources/{Web}"), ("Ann", $"/sessions/{Web}"), ("static IP office", $"/static-ips/{Web}")]);
        rows.Select(r => r.QuerySelector(".twin strong")!.TextContent).ShouldBe(["overdue for 10 min 00 s", "overdue for 5 min 00 s", "closing for 1 min 00 s"]);
        rows.Select(r => string.Join(" | ", r.QuerySelectorAll("button").Select(b => b.GetAttribute("aria-label")))).ShouldBe(
            ["Try again: web 203.0.113.66 | Declare gone: web 203.0.113.66", "Try again: web 203.0.113.7 | Declare gone: web 203.0.113.7", "Try again: web 203.0.113.32"]);
    }

    [Fact]
    public void An_auditor_sees_them_and_can_do_nothing()
    {
        var rows = Rows(Show(3, "AUDITOR"));
        rows.Count.ShouldBe(3);
        rows.ShouldAllBe(r => r.QuerySelector("button") == null);
    }

    [Fact]
    public void Those_that_are_not_shown_are_counted()
    {
        var shown = Show(70, "ADMIN");
        shown.Find("h2").TextContent.ShouldBe("70 closings fail: an address may still be let in");
        shown.Find("section > p").TextContent.ShouldBe("The oldest 3 of 70 are shown; the others follow as these are done.");
        page.Render<Troubles>(p => p.Add(t => t.All, []).Add(t => t.Count, 0).Add(t => t.Client, new ApiClient(http))).Find("p").TextContent
            .ShouldBe("Every door that should be shut is shut, or is being shut now.");
    }

    private IRenderedComponent<Troubles> Show(int count, string authority)
    {
        var all = new[]
        {
            Claim("203.0.113.66", 10, new ResourceIpOwner { Kind = "DRIFT" }),
            Claim("203.0.113.7", 5, new ResourceIpOwner { Kind = "SESSION", SessionId = Web, UserId = Web, UserName = "Ann", UserEmail = "ann@acme.example" }),
            Claim("203.0.113.32", 1, new ResourceIpOwner { Kind = "STATIC_RULE", StaticRuleId = Web, StaticRuleLabel = "office" }) with { Status = "REMOVING", OverdueSince = null },
        };
        var user = new SignedInUser
        {
            Id = Guid.NewGuid(),
            Email = "me@acme.example",
            Authority = authority,
            IsOrgAdmin = authority == "ADMIN",
            OrganizationId = Guid.Empty,
            OrganizationName = "acme",
            OrganizationSlug = "acme",
            MfaEnabled = false,
            TotpEnabled = false,
            RecoveryCodesLeft = 0,
        };
        return page.Render<Troubles>(p => p.Add(t => t.All, [.. all.Select(Trouble.Of)]).Add(t => t.Count, count).Add(t => t.Client, new ApiClient(http)).AddCascadingValue(user));
    }

    private static List<IElement> Rows(IRenderedComponent<Troubles> shown) => [.. shown.FindAll("tbody tr")];

    private static ResourceIpResponse Claim(string address, int minutes, ResourceIpOwner owner) => new()
    {
        Id = Guid.NewGuid(),
        ResourceId = Web,
        ResourceName = "web",
        IpVersion = 4,
        IpAddress = address,
        Status = "FAILED",
        Grant = "DIRECT",
        LatestEnd = Now,
        EndsAt = Now.AddHours(1),
        Attempts = 4,
        NextAttemptAt = Now.AddMinutes(2),
        ClosingSince = Now.AddMinutes(-minutes),
        OverdueSince = Now.AddMinutes(-minutes),
        ErrorCode = "UNAVAILABLE",
        ErrorMessage = "The provider answered 503.",
        Owner = owner,
    };
}
