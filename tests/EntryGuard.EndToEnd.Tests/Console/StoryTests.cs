using System.Diagnostics;
using System.Runtime.Versioning;
using System.Text.RegularExpressions;
using EntryGuard.Contracts;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;
using Caller = EntryGuard.Server.Walkthrough.Visitor;

namespace EntryGuard.EndToEnd.Tests.Console;

/// <summary>The life of a session by mouse and keyboard, in a real browser, against the real server and its gate.</summary>
[SupportedOSPlatform("linux")]
[Trait("Category", "Slow")]
[Collection("one at a time: each measures")]
public sealed class StoryTests(ConsoleServer server, ITestOutputHelper output) : IClassFixture<ConsoleServer>, IAsyncLifetime
{
    private static readonly LocatorAssertionsToBeVisibleOptions Soon = new() { Timeout = 15_000 };

    // Whatever a test before left open.
    public async ValueTask InitializeAsync()
    {
        if (server.Api is null)
            return;
        foreach (var session in (await ListAsync()).Where(s => s.Status is "PENDING" or "ACTIVE" or "PARTIAL"))
            await server.Api.StopSessionAsync(session.Id, anybodys: false, CancellationToken.None);
        await Until.TrueAsync(TimeSpan.FromSeconds(20), async () => (await ListAsync()).All(s => s.EndedAt is not null));
    }

    public ValueTask DisposeAsync() => default;

    [Fact]
    public async Task A_session_is_started_extended_and_stopped_and_the_door_follows()
    {
        await using var ann = await server.AdminAsync();
        await ann.GoAsync("/");
        (await server.IsOpenAsync()).ShouldBeFalse("before a session the door is shut");

        await Expect(ann.Button("Start session")).ToBeEnabledAsync();

        // By keyboard alone: the button is reached with Tab and pressed with Enter.
        await ann.Page.GetByRole(AriaRole.Radio, new() { Name = "30 min" }).PressAsync("Space");
        await ann.Page.Keyboard.PressAsync("Tab");
        await Expect(ann.Button("Start session")).ToBeFocusedAsync();
        await ann.Page.Keyboard.PressAsync("Enter");
        await Expect(Badge(ann, "Active")).ToBeVisibleAsync(Soon);
        await Expect(ann.Page.GetByRole(AriaRole.Timer)).ToContainTextAsync(":");
        (await server.IsOpenAsync()).ShouldBeTrue("the door is open");
        (await server.IsOpenAsync("127.0.0.2")).ShouldBeFalse("but not for another address");

        var before = (await ListAsync())[0];
        await ann.Button("15 min").ClickAsync();
        await Until.TrueAsync(TimeSpan.FromSeconds(15), async () => (await ListAsync())[0].ExpiresAt == before.ExpiresAt.AddMinutes(15));

        // A second one for the same address makes no second rule; stopping the first leaves the door open. What is open is not opened again by itself.
        await Expect(ann.Page.GetByText("Open now")).ToBeVisibleAsync();
        await Expect(ann.Button("Start session")).ToBeDisabledAsync();
        await ann.Page.GetByRole(AriaRole.Checkbox, new() { NameRegex = new Regex("demo") }).CheckAsync();
        await ann.Button("Start session").ClickAsync();
        await Expect(Badge(ann, "Active")).ToHaveCountAsync(2, new() { Timeout = 15_000 });
        await ann.Button("Stop").First.ClickAsync();
        await Expect(ann.Button("Stop")).ToHaveCountAsync(1, new() { Timeout = 15_000 });
        (await server.IsOpenAsync()).ShouldBeTrue("the other session still needs the door");

        using var live = await server.Caller().StayAsync(CancellationToken.None);
        var at = Stopwatch.GetTimestamp();
        await ann.Button("Stop").ClickAsync();
        (await Caller.CutAsync(live, TimeSpan.FromSeconds(15), CancellationToken.None)).IsCut.ShouldBeTrue("who is in is put out");
        output.WriteLine($"the live connection was cut {Stopwatch.GetElapsedTime(at).TotalMilliseconds:0} ms after the press");
        await Until.TrueAsync(TimeSpan.FromSeconds(15), async () => !await server.IsOpenAsync());
        output.WriteLine($"shut {Stopwatch.GetElapsedTime(at).TotalMilliseconds:0} ms after the press");
        await Expect(ann.Button("Stop")).ToHaveCountAsync(0, new() { Timeout = 15_000 });
        ann.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task The_time_is_up_and_the_page_says_so_by_itself()
    {
        await using var ann = await server.AdminAsync();
        await ann.GoAsync("/");
        var brief = (await server.Api.StartSessionAsync(new StartSessionRequest { DurationSeconds = 8 }, null, CancellationToken.None)).Value;
        await Expect(Badge(ann, "Active")).ToBeVisibleAsync(Soon);
        await Expect(ann.Page.GetByText("Extend by").First).ToBeVisibleAsync(Soon);
        await Expect(Badge(ann, "Active")).ToHaveCountAsync(0, new() { Timeout = 25_000 });
        (await server.IsOpenAsync()).ShouldBeFalse();
        await Until.TrueAsync(TimeSpan.FromSeconds(15), async () => (await ListAsync()).Single(s => s.Id == brief.Id).Status == "EXPIRED");
    }

    [Fact]
    public async Task Two_people_see_within_half_a_second_of_the_press_that_a_session_is_being_closed()
    {
        var dee = await server.JoinAsync("dee@home.example");
        await using var one = dee;
        await using var two = await server.AdminAsync();
        var id = (await server.UserAsync("dee@home.example")).Id;
        var demo = (await server.Api.ListResourcesAsync("limit=1", CancellationToken.None)).Value[0];
        (await server.Api.AssignUserAsync(demo.Id, id, CancellationToken.None)).Problem.ShouldBeNull();
        await one.GoAsync("/");
        await two.GoAsync($"/all-sessions?status=RUNNING&user={id}");
        await one.Button("Start session").ClickAsync();
        await Expect(Badge(one, "Active")).ToBeVisibleAsync(Soon);
        await Expect(two.Page.Locator("table.grid .badge", new() { HasTextString = "Active" })).ToBeVisibleAsync(Soon);

        // All by the clock of this machine: the press, and what either page shows.
        var seen = Task.WhenAll(GoneAsync(one), GoneAsync(two));
        await one.Page.EvaluateAsync("() => document.addEventListener('click', () => { window.pressedAt = Date.now(); }, { capture: true, once: true })");
        await one.Button("Stop").ClickAsync();
        var at = await one.Page.EvaluateAsync<double>("() => window.pressedAt");
        var lags = (await seen).Select(t => t - at).ToList();
        output.WriteLine($"after the press {lags[0]:0} ms to whoever pressed, {lags[1]:0} ms to the other");
        lags.ShouldAllBe(lag => lag >= 0 && lag < 500);

        // Fails where it never goes.
        static Task<double> GoneAsync(Visitor who) => who.Page.EvaluateAsync<double>("""
            () => new Promise((done, fail) => {
                const isThere = () => [...document.querySelectorAll("main .badge")].some(b => b.textContent === "Active");
                if (!isThere())
                    return fail(new Error("it was gone before the press"));
                setTimeout(() => fail(new Error("it still says Active after 15 s")), 15000);
                new MutationObserver((_, watcher) => { if (!isThere()) { watcher.disconnect(); done(Date.now()); } }).observe(document.body, { subtree: true, childList: true, characterData: true });
            })
            """);
    }

    [Fact]
    public async Task Whoever_works_elsewhere_is_warned_before_the_end_and_extends_with_one_press()
    {
        await using var ann = await server.AdminAsync();
        await ann.GoAsync("/roles");
        var brief = (await server.Api.StartSessionAsync(new StartSessionRequest { DurationMinutes = 4 }, null, CancellationToken.None)).Value;
        var warning = ann.Page.GetByText(new Regex("closes in less than 5 minutes"));
        await Expect(warning).ToBeVisibleAsync(new() { Timeout = 25_000 });
        await ann.Button("Extend by 15 min").ClickAsync();
        await Expect(warning).ToHaveCountAsync(0, new() { Timeout = 5_000 });
        (await ListAsync()).Single(s => s.Id == brief.Id).ExpiresAt.ShouldBe(brief.ExpiresAt.AddMinutes(15));

        // One that is stopped is not warned of any more.
        var other = (await server.Api.StartSessionAsync(new StartSessionRequest { DurationMinutes = 4 }, null, CancellationToken.None)).Value;
        await Expect(warning).ToBeVisibleAsync(new() { Timeout = 25_000 });
        await server.Api.StopSessionAsync(other.Id, anybodys: false, CancellationToken.None);
        await Expect(warning).ToHaveCountAsync(0, new() { Timeout = 5_000 });
    }

    [Fact]
    public async Task A_session_is_moved_to_the_address_of_now_and_the_old_one_is_stopped_after_it()
    {
        await using var ann = await server.AdminAsync();
        var old = (await server.Api.StartSessionAsync(new StartSessionRequest { DurationMinutes = 30, Ipv4Address = "127.0.0.2" }, null, CancellationToken.None)).Value;
        await ann.GoAsync("/");
        await ann.Button("Move it here").ClickAsync();
        await Until.TrueAsync(TimeSpan.FromSeconds(15), async () => (await ListAsync()).Single(s => s.Id == old.Id).Status == "CANCELLED");
        var moved = (await ListAsync()).Single(s => s.EndedAt is null);
        (moved.Ipv4Address, moved.Status).ShouldBe(("127.0.0.1", "ACTIVE"));
        (await server.IsOpenAsync("127.0.0.2")).ShouldBeFalse();
        (await server.IsOpenAsync()).ShouldBeTrue();
    }

    [Fact]
    public async Task A_restarted_server_is_found_again_with_what_was_typed_and_the_truth()
    {
        await using var ann = await server.AdminAsync();
        await ann.GoAsync("/roles/new");
        await ann.Page.GetByLabel("Name", new() { Exact = true }).FillAsync("half a name");
        await server.StopAsync();
        await Expect(ann.Page.GetByText("The connection is lost")).ToBeVisibleAsync(new() { Timeout = 40_000 });
        await server.StartAsync();
        await Expect(ann.Page.GetByText("The connection is lost")).ToBeHiddenAsync(new() { Timeout = 60_000 });
        await ann.AliveAsync();
        await Expect(ann.Page.GetByLabel("Name", new() { Exact = true })).ToHaveValueAsync("half a name", new() { Timeout = 15_000 });

        await ann.GoAsync("/");
        await ann.Button("Start session").ClickAsync();
        await Expect(Badge(ann, "Active")).ToBeVisibleAsync(Soon);
        await server.StopAsync();
        await server.StartAsync();
        var running = (await ListAsync()).First(s => s.EndedAt is null);
        await server.Api.StopSessionAsync(running.Id, anybodys: false, CancellationToken.None);
        await Expect(Badge(ann, "Active")).ToHaveCountAsync(0, new() { Timeout = 60_000 });
    }

    [Fact]
    public async Task A_sign_in_that_is_over_comes_back_to_where_it_was()
    {
        await using var bea = await server.JoinAsync("bea@home.example");
        await bea.GoAsync("/sessions?status=ACTIVE");
        using var http = new HttpClient { BaseAddress = new Uri(server.Url.Replace("localhost", "127.0.0.1", StringComparison.Ordinal)) };
        var api = new ApiClient(http);
        var login = (await api.LoginAsync(new LoginRequest { OrganizationSlug = "home", Email = "bea@home.example", Password = ConsoleServer.Password }, CancellationToken.None)).Value;
        api.UseKey(login.AccessToken!);
        (await api.EndOtherSignInsAsync(CancellationToken.None)).Problem.ShouldBeNull();

        await Expect(bea.Page).ToHaveURLAsync(new Regex("/sign-in"), new() { Timeout = 30_000 });
        await Expect(bea.Page.GetByText("Your sign-in is over")).ToBeVisibleAsync();
        await ConsoleServer.SignInAsync(bea, "bea@home.example");
        new Uri(bea.Page.Url).PathAndQuery.ShouldBe("/sessions?status=ACTIVE");
    }

    [Fact]
    public async Task However_slow_the_server_a_button_says_that_it_was_pressed_and_takes_no_second_press()
    {
        await using var line = SlowLine.To(new Uri(server.Url).Port);
        await using var ann = await server.AdminAsync(through: line.Port);
        await ann.GoAsync("/");
        var before = (await ListAsync()).Count;
        line.IsSlow = true;
        await ann.Button("Start session").ClickAsync();
        await Expect(ann.Button("Start session")).ToHaveAttributeAsync("aria-busy", "true", new() { Timeout = 300 });
        for (var i = 0; i < 3; i++)
            await ann.Button("Start session").ClickAsync(new() { Force = true });
        await Expect(Badge(ann, "Active")).ToBeVisibleAsync(new() { Timeout = 30_000 });
        (await ListAsync()).Count.ShouldBe(before + 1);
        await server.Api.StopSessionAsync((await ListAsync())[0].Id, anybodys: false, CancellationToken.None);
    }

    [Fact]
    public async Task A_passkey_is_made_and_signs_in()
    {
        await using var cat = await server.JoinAsync("cat@home.example");
        var cdp = await cat.Context.NewCDPSessionAsync(cat.Page);
        await cdp.SendAsync("WebAuthn.enable");
        await cdp.SendAsync("WebAuthn.addVirtualAuthenticator", new()
        {
            ["options"] = new Dictionary<string, object>
            {
                ["protocol"] = "ctap2",
                ["transport"] = "internal",
                ["hasResidentKey"] = true,
                ["hasUserVerification"] = true,
                ["isUserVerified"] = true,
                ["automaticPresenceSimulation"] = true,
            },
        });
        await cat.GoAsync("/security");
        await cat.Page.GetByLabel("Name of the new passkey").FillAsync("my laptop");
        await cat.Button("Add passkey").ClickAsync();
        await Expect(cat.Page.GetByRole(AriaRole.Cell, new() { Name = "my laptop", Exact = true })).ToBeVisibleAsync(Soon);
        await cat.Button("Sign out").ClickAsync();
        await cat.Button("Sign in with a passkey").ClickAsync();
        await cat.AliveAsync();
        await Expect(cat.Page.GetByRole(AriaRole.Heading, new() { Name = "Start", Exact = true })).ToBeVisibleAsync();
    }

    private static ILocator Badge(Visitor who, string text) => who.Page.Locator(".running .badge", new() { HasTextString = text });

    private async Task<IReadOnlyList<SessionResponse>> ListAsync() => (await server.Api.ListSessionsAsync("limit=50", false, CancellationToken.None)).Value;
}
