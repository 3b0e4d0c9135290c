using System.Diagnostics;
using System.Runtime.Versioning;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;
using Caller = EntryGuard.Server.Walkthrough.Visitor;

namespace EntryGuard.EndToEnd.Tests.Console;

/// <summary>From nothing, a form for a new organization, to the first open door.</summary>
[SupportedOSPlatform("linux")]
[Trait("Category", "Slow")]
[Collection("one at a time: each measures")]
public sealed class FirstDoorTests(ConsoleServer server, ITestOutputHelper output) : IClassFixture<ConsoleServer>
{
    [Fact]
    public async Task A_new_organization_has_its_first_door_open_in_under_two_minutes()
    {
        await using var eve = await server.Chromium.VisitorAsync(server.Url);
        var target = (await server.Api.ListResourcesAsync("limit=1", CancellationToken.None)).Value[0].Config.GetProperty("target").GetString()!;
        var gate = $"127.0.0.1:{RunningServer.FreePort()}";
        var hand = new Hand(eve.Page);
        var begun = Stopwatch.GetTimestamp();

        await eve.Page.GotoAsync("/sign-in");
        await hand.PressAsync(eve.Page.GetByRole(AriaRole.Link, new() { NameRegex = new Regex("organization") }));
        await hand.TypeAsync("Organization", "Acme Corp");
        await hand.TypeAsync("E-mail", "eve@acme.example");
        await hand.TypeAsync("Password", ConsoleServer.Password);
        await hand.PressAsync(eve.Button("Create it and sign in"));
        await eve.AliveAsync();

        await hand.PressAsync(Link(eve, "Show me how"));
        await hand.PressAsync(Link(eve, "Add a Resource"));
        await hand.PressAsync(eve.Page.GetByLabel("Provider"));
        await hand.PressAsync(eve.Page.GetByRole(AriaRole.Option, new() { NameRegex = new Regex("gate", RegexOptions.IgnoreCase) }));
        await hand.TypeAsync("Listen on", gate);
        await hand.TypeAsync("Leads to", target);
        await hand.TypeAsync("Name", "Database");
        await hand.PressAsync(eve.Button("Save"));
        await Expect(eve.Page.GetByRole(AriaRole.Heading, new() { Name = "Database", Exact = true })).ToBeVisibleAsync();

        await hand.PressAsync(Link(eve, "First steps"));
        await Expect(eve.Page.GetByText("Verified: Database.")).ToBeVisibleAsync();   // saving had it verified
        await hand.PressAsync(eve.Button("Assign Database to me"));
        await hand.PressAsync(Link(eve, "Go to Start"));
        (await new Caller(gate, "127.0.0.1").KnockAsync(CancellationToken.None)).IsOpen.ShouldBeFalse();
        await hand.PressAsync(eve.Button("Start session"));
        await Expect(eve.Page.Locator(".running .badge", new() { HasTextString = "Active" })).ToBeVisibleAsync();
        (await new Caller(gate, "127.0.0.1").KnockAsync(CancellationToken.None)).IsOpen.ShouldBeTrue("the door is open");
        var taken = Stopwatch.GetElapsedTime(begun);

        output.WriteLine($"{taken.TotalSeconds:0.0} s of the machine and {hand.Human.TotalSeconds:0} s of a person: {hand.Presses} presses and {hand.Characters} characters");
        (taken + hand.Human).ShouldBeLessThan(TimeSpan.FromMinutes(2));
        await eve.GoAsync("/first-run");
        await Expect(eve.Page.GetByText("All done")).ToBeVisibleAsync();
        eve.Complaints.ShouldBeEmpty();
    }

    private static ILocator Link(Visitor who, string name) => who.Page.GetByRole(AriaRole.Link, new() { Name = name, Exact = true });

    /// <summary>Does what a person does, and counts what it would cost them, by the keystroke-level model of Card, Moran and Newell.</summary>
    private sealed class Hand(IPage page)
    {
        private static readonly TimeSpan Think = TimeSpan.FromSeconds(1.35);
        private static readonly TimeSpan Point = TimeSpan.FromSeconds(1.1 + 0.2);
        private static readonly TimeSpan Key = TimeSpan.FromSeconds(0.28);   // of somebody who does not type for a living

        public int Presses { get; private set; }

        public int Characters { get; private set; }

        public TimeSpan Human => ((Think + Point) * Presses) + (Key * Characters);

        public Task PressAsync(ILocator what)
        {
            Presses++;
            return what.ClickAsync();
        }

        public async Task TypeAsync(string label, string text)
        {
            var field = page.Locator("form").GetByLabel(new Regex($"^{label}"));
            await PressAsync(field);
            Characters += text.Length;
            await field.FillAsync(text);
        }
    }
}
