using System.Globalization;
using System.Runtime.Versioning;
using System.Text.RegularExpressions;
using EntryGuard.Contracts;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace EntryGuard.EndToEnd.Tests.Console;

/// <summary>What badges mean and when it was: told by one tooltip, to pointer, keyboard and finger (WCAG 2.2, 1.4.13).</summary>
[SupportedOSPlatform("linux")]
[Trait("Category", "Slow")]
[Collection("one at a time: each measures")]
public sealed partial class TipTests(ConsoleServer server) : IClassFixture<ConsoleServer>, IAsyncLifetime
{
    private const string Open = "Every Resource of the session is open.";
    private SessionResponse session = null!;

    public async ValueTask InitializeAsync()
    {
        if (server.Api is null)
            return;
        session = (await server.Api.StartSessionAsync(new StartSessionRequest { DurationMinutes = 60, Reason = "tips" }, null, CancellationToken.None)).Value;
        await Until.TrueAsync(TimeSpan.FromSeconds(20), async () => (await server.Api.GetSessionAsync(session.Id, CancellationToken.None)).Value.Status == "ACTIVE");
    }

    public async ValueTask DisposeAsync()
    {
        if (server.Api is not null)
            await server.Api.StopSessionAsync(session.Id, anybodys: false, CancellationToken.None);
    }

    [Fact]
    public async Task The_pointer_has_it_shown_may_go_into_it_and_Escape_takes_it_away()
    {
        await using var ann = await server.AdminAsync();
        await ann.GoAsync($"/sessions/{session.Id}");
        var (tip, badge) = (Tip(ann), Badge(ann));
        await Expect(tip).ToBeHiddenAsync();
        await badge.HoverAsync();
        await Expect(tip).ToHaveTextAsync(Open);
        await tip.HoverAsync();
        await Expect(tip).ToBeVisibleAsync();

        await badge.HoverAsync();
        await ann.Page.Keyboard.PressAsync("Escape");
        await Expect(tip).ToBeHiddenAsync();
        await badge.HoverAsync(new() { Position = new() { X = 3, Y = 3 } });
        await Expect(tip).ToBeHiddenAsync();
        await ann.Page.Locator("h1").HoverAsync();
        await badge.HoverAsync();
        await Expect(tip).ToBeVisibleAsync();
        await ann.Page.Locator("h1").HoverAsync();
        await Expect(tip).ToBeHiddenAsync();

        // Another page comes into this one.
        await badge.HoverAsync();
        await Expect(tip).ToBeVisibleAsync();
        await ann.Page.GetByRole(AriaRole.Link, new() { Name = "Overview" }).First.ClickAsync();
        await Expect(ann.Page.GetByRole(AriaRole.Heading, new() { Name = "Overview" })).ToBeVisibleAsync();
        await Expect(tip).ToBeHiddenAsync();
        await ann.Page.Locator("table.grid .badge").First.HoverAsync();
        await Expect(tip).ToBeVisibleAsync();
        ann.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task The_keyboard_reaches_what_is_said_nowhere_else_and_no_row_of_a_list()
    {
        await using var ann = await server.AdminAsync();
        await ann.GoAsync($"/sessions/{session.Id}");
        var tip = Tip(ann);
        await TabToAsync(ann, "main .badge");
        await Expect(tip).ToHaveTextAsync(Open);
        await Expect(Badge(ann)).ToHaveAccessibleDescriptionAsync(Open);
        await ann.Page.Keyboard.PressAsync("Escape");
        await Expect(tip).ToBeHiddenAsync();
        await Expect(Badge(ann)).ToBeFocusedAsync();
        await Expect(Badge(ann)).ToHaveAccessibleDescriptionAsync("");

        // A badge of a Resource IP, then when it was applied: the tooltip goes along, also where the page has to scroll.
        await ann.Page.SetViewportSizeAsync(1440, 320);
        await TabToAsync(ann, ".claim-grid .badge");
        await Expect(tip).ToHaveTextAsync("Access granted.");

        // Zoomed in to read it: it stays, beside what it tells of.
        await ResizeAsync(ann, 720, 320);
        await ann.Page.Locator(":focus").ScrollIntoViewIfNeededAsync();
        await Expect(tip).ToHaveTextAsync("Access granted.");
        await FitsAsync(ann);
        await ResizeAsync(ann, 1440, 320);
        await ann.Page.Keyboard.PressAsync("Tab");
        await Expect(tip).ToHaveTextAsync(Instant());
        await ann.Page.Locator("h1").ClickAsync();
        await Expect(tip).ToBeHiddenAsync();

        await ann.GoAsync("/sessions");
        await Expect(ann.Page.Locator("table.grid .badge").First).ToBeVisibleAsync();
        (await ann.Page.Locator("table.grid :is(.badge, time)[tabindex]").CountAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task A_finger_has_it_shown_within_a_narrow_window_and_a_tap_elsewhere_takes_it_away()
    {
        await using var somebody = await server.AdminAsync();
        await using var ann = await server.Chromium.VisitorAsync(server.Url, 360, 480, state: await somebody.StateAsync(), hasTouch: true, zone: "Asia/Kolkata");   // so low that one row is enough to scroll
        await ann.GoAsync("/sessions");
        var tip = Tip(ann);
        await ann.Page.Locator("table.grid .badge", new() { HasTextString = "Active" }).First.TapAsync();
        await Expect(tip).ToHaveTextAsync(Open);
        await FitsAsync(ann);
        await ann.Page.Locator("h1").TapAsync();
        await Expect(tip).ToBeHiddenAsync();

        // Two clocks, half an hour and five hours apart.
        await ann.Page.Locator("table.grid td[data-label=Started] time").First.TapAsync();
        await Expect(tip).ToHaveTextAsync(Instant());
        await FitsAsync(ann);
        var lines = (await tip.InnerTextAsync()).Split('\n');
        var utc = DateTime.ParseExact(lines[0], "yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);
        DateTime.Parse(lines[1].Replace(" here", "", StringComparison.Ordinal).Replace('\u202f', ' '), CultureInfo.InvariantCulture).ShouldBe(utc.AddMinutes(330));
        await ann.Page.EvaluateAsync("scrollBy(0, 60)");
        await Expect(tip).ToBeHiddenAsync();

        // In words, where a row is opened.
        await ann.Page.Locator("table.grid .expander").First.TapAsync();
        await Expect(ann.Page.Locator("tr.inner local-time").First).ToHaveTextAsync(new Regex(" here$"));
        await FitsAsync(ann);
        ann.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task What_it_says_follows_the_page()
    {
        await using var ann = await server.AdminAsync();
        await ann.GoAsync($"/sessions/{session.Id}");
        await Badge(ann).HoverAsync();
        await Expect(Tip(ann)).ToHaveTextAsync(Open);
        await server.Api.StopSessionAsync(session.Id, anybodys: false, CancellationToken.None);
        await Expect(Tip(ann)).ToHaveTextAsync("It was ended early, and every rule was seen gone.", new() { Timeout = 15_000 });
    }

    private static ILocator Tip(Visitor who) => who.Page.GetByRole(AriaRole.Tooltip);

    private static ILocator Badge(Visitor who) => who.Page.Locator("main .badge").First;

    private static async Task TabToAsync(Visitor who, string selector)
    {
        for (var presses = 0; presses < 60; presses++)
        {
            await who.Page.Keyboard.PressAsync("Tab");
            if (await who.Page.EvaluateAsync<bool>("selector => document.activeElement.matches(selector)", selector))
                return;
        }

        throw new InvalidOperationException($"Tab does not lead to {selector}.");
    }

    /// <summary>Makes the window another size, and returns when the page was told.</summary>
    private static async Task ResizeAsync(Visitor who, int width, int height)
    {
        await who.Page.EvaluateAsync("() => { window.resized = new Promise(then => addEventListener('resize', then, { once: true })); }");
        await who.Page.SetViewportSizeAsync(width, height);
        await who.Page.EvaluateAsync("async () => { await window.resized; }");
    }

    private static async Task FitsAsync(Visitor who) => (await who.Page.EvaluateAsync<bool>("""
        async () => {
            await new Promise(requestAnimationFrame);   // the page is told of a scroll with the next one
            const tip = document.getElementById("tip").getBoundingClientRect();
            return document.documentElement.scrollWidth <= innerWidth && tip.left >= 0 && tip.top >= 0 && tip.right <= innerWidth && tip.bottom <= innerHeight;
        }
        """)).ShouldBeTrue();

    [GeneratedRegex(@"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\s.+ here$")]
    private static partial Regex Instant();
}
