using System.Runtime.Versioning;
using EntryGuard.Contracts;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace EntryGuard.EndToEnd.Tests.Console;

/// <summary>Lists that are longer than a page.</summary>
[SupportedOSPlatform("linux")]
[Trait("Category", "Slow")]
[Collection("one at a time: each measures")]
public sealed class ListTests(ConsoleServer server) : IClassFixture<ConsoleServer>
{
    private static readonly LocatorAssertionsToHaveCountOptions Soon = new() { Timeout = 15_000 };

    [Fact]
    public async Task What_is_older_than_a_page_is_found_live_and_only_what_is_seen_is_stopped()
    {
        await using var ann = await server.AdminAsync();
        await StartAsync("needle 100%");
        for (var i = 0; i < 50; i++)
            await StartAsync($"hay {i}");
        await ann.GoAsync("/all-sessions");
        var rows = ann.Page.Locator("table.grid > tbody > tr");
        await Expect(rows).ToHaveCountAsync(50);
        await Expect(ann.Button("Show more")).ToBeVisibleAsync();
        await ann.Button("Select all running (50)").ClickAsync();
        await Expect(ann.Page.GetByText("50 selected")).ToBeVisibleAsync();

        await ann.Page.GetByLabel("Search").FillAsync("0% NEEDLE");
        await Expect(rows).ToHaveCountAsync(1, Soon);
        await Expect(ann.Page.GetByText("selected")).ToHaveCountAsync(0);

        // One that begins now and fits is there by itself.
        var second = await StartAsync("another needle, of 100%");
        await Expect(rows).ToHaveCountAsync(2, Soon);
        await server.Api.StopSessionAsync(second.Id, anybodys: false, CancellationToken.None);
        await ann.Button("Select all running (1)").ClickAsync();
        await ann.Button("Stop 1").ClickAsync();
        await ann.Button("Stop them").ClickAsync();
        await Expect(ann.Page.Locator("table.grid .badge", new() { HasTextString = "Cancelled" })).ToHaveCountAsync(2, Soon);
        (await server.Api.ListSessionsAsync("status=ACTIVE&search=hay&limit=200", true, CancellationToken.None)).Value.Count.ShouldBe(50);

        await ann.Page.GetByLabel("Search").FillAsync("nothing like it");
        await Expect(ann.Page.GetByRole(AriaRole.Heading, new() { Name = "No session is like that" })).ToBeVisibleAsync();
        ann.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_list_grows_by_a_page_and_stays_as_long()
    {
        await using var ann = await server.AdminAsync();
        for (var i = 0; i < 110; i++)
            await AddAsync($"u{i}@long.example");
        await ann.GoAsync("/users?search=long.example");
        var rows = ann.Page.Locator("table.grid > tbody > tr");
        await Expect(rows).ToHaveCountAsync(50);
        await ann.Button("Show more").ClickAsync();
        await Expect(rows).ToHaveCountAsync(100, Soon);
        await ann.Button("Show more").ClickAsync();
        await Expect(rows).ToHaveCountAsync(110, Soon);
        await AddAsync("one-more@long.example");
        await Expect(rows).ToHaveCountAsync(111, Soon);
        await Expect(ann.Button("Show more")).ToHaveCountAsync(0);
        ann.Complaints.ShouldBeEmpty();
    }

    private async Task AddAsync(string email) => (await server.Api.CreateUserAsync(new CreateUserRequest { Email = email }, CancellationToken.None)).Problem.ShouldBeNull();

    private async Task<SessionResponse> StartAsync(string reason) =>
        (await server.Api.StartSessionAsync(new StartSessionRequest { DurationMinutes = 60, Reason = reason }, null, CancellationToken.None)).Value;
}
