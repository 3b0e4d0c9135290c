using Bunit;
using EntryGuard.Contracts;
using EntryGuard.Server.Web;
using EntryGuard.Server.Web.Parts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace EntryGuard.Server.Tests.Web;

/// <summary>One entry of the audit log, as a row.</summary>
public sealed class AuditLineTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 3, 2, 8, 0, 0, TimeSpan.Zero);
    private readonly BunitContext page = new();

    public AuditLineTests() => page.Services.AddSingleton(new Ticker(new FakeTimeProvider(Now)));

    public void Dispose() => page.Dispose();

    [Fact]
    public void An_entry_says_when_to_the_second_and_how_long_ago() =>
        Show(Entry).Find("td[data-label^=Time]").TextContent.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).ShouldBe(["2026-03-02 07:59:20", "40 s ago"]);

    // Ids begin with their time: sessions of one minute all begin alike.
    [Fact]
    public void A_session_is_told_from_others_by_the_end_of_its_id_and_leads_to_its_page()
    {
        var link = Show(Entry).Find("td[data-label=About] a");
        link.TextContent.ShouldBe("Session 80004ac1");
        link.GetAttribute("href").ShouldBe("/sessions/01a21c00-3444-7d4e-bb49-3fb080004ac1");
    }

    [Fact]
    public void What_is_deleted_has_no_page() =>
        Show(Entry with { EventType = "ROLE_DELETE", ResourceType = "ROLE", ResourceName = "on call" }).FindAll("td[data-label=About] a").ShouldBeEmpty();

    [Fact]
    public void Only_a_failure_wears_a_badge()
    {
        Show(Entry).FindAll("td[data-label=Result] .badge").ShouldBeEmpty();
        Show(Entry with { Result = "FAILURE" }).Find("td[data-label=Result] .badge").ClassList.ShouldContain("red");
    }

    [Theory]
    [InlineData("USER", "203.0.113.7", "203.0.113.7")]
    [InlineData("API_KEY", "203.0.113.7", "with an API key · 203.0.113.7")]
    [InlineData("API_KEY", null, "with an API key")]
    public void How_and_from_where_are_told_apart(string by, string? address, string expected) =>
        Show(Entry with { ActorType = by, IpAddress = address }).Find("td[data-label=Who] .muted").TextContent.ShouldBe(expected);

    [Theory]
    [InlineData("STATIC_IP_RULE", "Static IP")]
    [InlineData("API_KEY", "API key")]
    [InlineData("SERVICE_ACCOUNT", "Service account")]
    [InlineData("", "")]
    public void A_kind_is_called_as_the_menu_calls_it(string wire, string expected) => Words.Title(wire).ShouldBe(expected);

    private static AuditEntryResponse Entry => new()
    {
        Id = 7,
        EventType = "SESSION_START",
        ActorType = "USER",
        ActorEmail = "ann@acme.example",
        ResourceType = "SESSION",
        ResourceId = "01a21c00-3444-7d4e-bb49-3fb080004ac1",
        Result = "SUCCESS",
        CreatedAt = Now.AddSeconds(-40),
        OrganizationName = "acme",
    };

    private IRenderedComponent<AuditLine> Show(AuditEntryResponse entry) => page.Render<AuditLine>(p => p.Add(l => l.Entry, entry));
}
