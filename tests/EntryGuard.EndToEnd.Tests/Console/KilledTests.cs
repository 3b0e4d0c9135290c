using System.Runtime.Versioning;
using System.Text.RegularExpressions;
using EntryGuard.Contracts;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace EntryGuard.EndToEnd.Tests.Console;

/// <summary>The server is killed under an open page: what the page says is what the door does.</summary>
[SupportedOSPlatform("linux")]
[Trait("Category", "Slow")]
public sealed class KilledTests(ConsoleServer server) : IClassFixture<ConsoleServer>
{
    private static readonly LocatorAssertionsToBeVisibleOptions Soon = new() { Timeout = 60_000 };

    [Fact]
    public async Task Killed_with_a_live_session_and_again_while_its_removal_is_in_flight()
    {
        await using var ann = await server.AdminAsync();
        await ann.GoAsync("/");
        await ann.Button("Start session").ClickAsync();
        await Expect(Badge(ann, "Active")).ToBeVisibleAsync(Soon);
        using (var live = await server.Caller().StayAsync(CancellationToken.None))
        {
            await server.StopAsync();   // with SIGKILL
            (await Server.Walkthrough.Visitor.CutAsync(live, TimeSpan.FromSeconds(15), CancellationToken.None)).IsCut.ShouldBeTrue("nobody guards the door: it is shut");
        }

        await Expect(Lost(ann)).ToBeVisibleAsync(Soon);
        await server.StartAsync("--EntryGuard:Gate:RemovalDelay=00:00:14");   // longer than this test needs to kill it
        await Expect(Lost(ann)).ToBeHiddenAsync(new() { Timeout = 60_000 });
        await ann.AliveAsync();
        await Expect(Badge(ann, "Active")).ToBeVisibleAsync(Soon);
        (await server.IsOpenAsync()).ShouldBeTrue("its session lives: the door is open again, without anybody's doing");

        await ann.Button("Stop").ClickAsync();
        await Expect(Badge(ann, "Expiring")).ToBeVisibleAsync(Soon);
        await Until.TrueAsync(TimeSpan.FromSeconds(15), async () => (await OneAsync()).ResourceIps[0] is { Status: "REMOVING", Attempts: > 0 });
        (await OneAsync()).EndedAt.ShouldBeNull("it does not read ended before it is");
        await server.StopAsync();
        await Expect(Lost(ann)).ToBeVisibleAsync(Soon);

        await server.StartAsync();
        await Expect(Lost(ann)).ToBeHiddenAsync(new() { Timeout = 60_000 });
        await ann.AliveAsync();
        await Expect(ann.Page.Locator(".running")).ToHaveCountAsync(0, new() { Timeout = 60_000 });
        (await server.IsOpenAsync()).ShouldBeFalse("the door is shut");
        (await OneAsync()).Status.ShouldBe("CANCELLED");

        // And the whole story is told, oldest first.
        await ann.Page.GetByRole(AriaRole.Link, new() { Name = "My sessions" }).ClickAsync();
        await Expect(ann.Page.Locator("table.grid .badge", new() { HasTextString = "Cancelled" }).First).ToBeVisibleAsync(Soon);
        await ann.Page.GetByRole(AriaRole.Link, new() { NameRegex = new Regex("^Open the session") }).First.ClickAsync();
        const string HeldUp = "The server was held up; nothing was sent.";   // a machine so busy that a call did not go out in time; any other retry is a fault
        var story = ann.Page.Locator(".timeline > li", new() { HasNotTextString = HeldUp }).Locator("strong");
        await Expect(story.First).ToBeVisibleAsync(Soon);
        (await story.AllTextContentsAsync()).ShouldBe([
            "Started", "demo page opened", "Active: every Resource is open", "Stopped", "Over: its rules are being taken off",
            "demo page closed: its rule was seen gone", "Cancelled: every rule was seen gone"]);
    }

    private static ILocator Lost(Visitor who) => who.Page.GetByText("The connection is lost");

    private static ILocator Badge(Visitor who, string text) => who.Page.Locator(".running .badge", new() { HasTextString = text });

    private async Task<SessionResponse> OneAsync() => (await server.Api.ListSessionsAsync("limit=1", false, CancellationToken.None)).Value[0];
}
