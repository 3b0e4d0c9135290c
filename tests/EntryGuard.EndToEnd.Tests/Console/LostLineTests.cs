using System.Runtime.Versioning;
using System.Text.RegularExpressions;
using EntryGuard.Contracts;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace EntryGuard.EndToEnd.Tests.Console;

/// <summary>What becomes of what somebody types when the line is lost, the server begins anew, the sign-in ends or somebody else was faster.</summary>
[SupportedOSPlatform("linux")]
[Trait("Category", "Slow")]
public sealed class LostLineTests(ConsoleServer server) : IClassFixture<ConsoleServer>
{
    private static readonly LocatorAssertionsToBeVisibleOptions Soon = new() { Timeout = 30_000 };
    private static readonly LocatorAssertionsToBeHiddenOptions SoonGone = new() { Timeout = 30_000 };

    [Fact]
    public async Task While_the_line_is_lost_nothing_can_be_typed_and_what_was_typed_before_arrives()
    {
        await using var line = SlowLine.To(new Uri(server.Url).Port);
        await using var ann = await server.AdminAsync(through: line.Port);
        await ann.GoAsync("/roles/new");
        await Field(ann.Page, "Name").PressSequentiallyAsync("on call");   // still in the field
        await line.CutAsync();
        await Expect(Lost(ann.Page)).ToBeVisibleAsync(Soon);
        await ann.Page.Keyboard.PressAsync("Escape");
        await ann.Page.Keyboard.TypeAsync("nobody hears this");
        await Expect(Lost(ann.Page)).ToBeVisibleAsync();
        await Expect(Field(ann.Page, "Name")).ToHaveValueAsync("on call");
        line.Mend();
        await Expect(Lost(ann.Page)).ToBeHiddenAsync(SoonGone);
        await ann.Button("Add role").ClickAsync();
        await Expect(ann.Page.GetByRole(AriaRole.Heading, new() { Name = "on call", Exact = true })).ToBeVisibleAsync(Soon);
    }

    [Fact]
    public async Task Whoever_comes_back_from_another_address_is_told_so_and_opens_that_one()
    {
        await using var line = SlowLine.To(new Uri(server.Url).Port);
        await using var ann = await server.AdminAsync(through: line.Port);
        await ann.GoAsync("/");
        await Expect(ann.Page.GetByText("127.0.0.1").First).ToBeVisibleAsync(Soon);
        line.From = "127.0.0.2";
        await line.CutAsync();
        await Expect(Lost(ann.Page)).ToBeVisibleAsync(Soon);
        line.Mend();
        await Expect(ann.Page.GetByText("127.0.0.2").First).ToBeVisibleAsync(new() { Timeout = 12_000 });   // sooner than the next look
        await ann.Button("Start session").ClickAsync();
        await Until.TrueAsync(TimeSpan.FromSeconds(15), () => server.IsOpenAsync("127.0.0.2"));
        (await server.IsOpenAsync()).ShouldBeFalse("nobody is there any more");
    }

    [Fact]
    public async Task A_restarted_server_gives_back_the_whole_form()
    {
        await using var ann = await server.AdminAsync();
        await ann.GoAsync("/static-ips/new");
        await Field(ann.Page, "Label").FillAsync("office");
        var resource = ann.Page.Locator("fieldset.pick input[type=checkbox]").First;
        await resource.CheckAsync();
        await Field(ann.Page, "Address or range").PressSequentiallyAsync("127.0.0.7");   // still in the field

        var roles = await ann.Context.NewPageAsync();
        await roles.GotoAsync("/roles/new");
        await roles.Locator("html[data-alive]").WaitForAsync(new() { State = WaitForSelectorState.Attached });
        await Field(roles, "Name").FillAsync("night shift");
        await roles.GetByRole(AriaRole.Button, new() { Name = "Only at certain hours" }).ClickAsync();
        await roles.GetByLabel("From, hours 1").FillAsync("22:00");
        await roles.GetByLabel("Sat, hours 1").CheckAsync();
        await roles.GetByLabel("Require a reason").CheckAsync();

        await server.StopAsync();
        await Expect(Lost(roles)).ToBeVisibleAsync(Soon);
        await server.StartAsync();
        await Expect(Lost(roles)).ToBeHiddenAsync(new() { Timeout = 60_000 });
        await Expect(Field(roles, "Name")).ToHaveValueAsync("night shift", new() { Timeout = 30_000 });
        await Expect(roles.GetByLabel("From, hours 1")).ToHaveValueAsync("22:00", new() { Timeout = 15_000 });
        await Expect(roles.GetByLabel("Sat, hours 1")).ToBeCheckedAsync();
        await Expect(roles.GetByLabel("Require a reason")).ToBeCheckedAsync();
        await Expect(Field(ann.Page, "Label")).ToHaveValueAsync("office", new() { Timeout = 60_000 });
        await Expect(Field(ann.Page, "Address or range")).ToHaveValueAsync("127.0.0.7", new() { Timeout = 15_000 });
        await Expect(resource).ToBeCheckedAsync();
        await ann.Button("Add static IP").ClickAsync();   // and the server knows of all of it
        await Expect(ann.Page.GetByRole(AriaRole.Heading, new() { Name = "office", Exact = true })).ToBeVisibleAsync(Soon);
    }

    [Fact]
    public async Task A_restarted_server_gives_back_what_was_chosen_from_lists()
    {
        await using var ann = await server.AdminAsync();
        var gate = (await server.Api.ListResourcesAsync("limit=1", CancellationToken.None)).Value[0];
        await ann.GoAsync($"/resources/{gate.Id}");
        await ChooseAsync(ann.Page, "On drift", "Observe");
        await Field(ann.Page, "Name").PressAsync("End");
        await Field(ann.Page, "Name").PressSequentiallyAsync("x");   // still in the field

        var made = await OpenAsync(ann, $"/resources/new?kind={gate.Provider}%2F{gate.ResourceType}");
        await Field(made, "Name").FillAsync("another gate");
        await ChooseAsync(made, "On drift", "Exclusive");
        await made.Locator("fieldset.pick input[type=checkbox]").First.CheckAsync();

        var red = await OpenAsync(ann, "/overview?stop=true");
        await red.GetByText("One Resource", new() { Exact = true }).ClickAsync();
        await ChooseAsync(red, "Resource to stop", gate.Name);
        await red.GetByLabel("Freeze the Resource").UncheckAsync();
        await Field(red, "Why you stop it").FillAsync("it leaks");

        var start = await OpenAsync(ann, "/");
        await start.GetByRole(AriaRole.Radio, new() { Name = "15 min" }).CheckAsync(new() { Force = true });
        await start.Locator("fieldset.pick input[type=checkbox]").First.UncheckAsync();

        await server.StopAsync();
        await Expect(Lost(start)).ToBeVisibleAsync(Soon);
        await server.StartAsync();
        await Expect(Lost(start)).ToBeHiddenAsync(new() { Timeout = 60_000 });
        await Expect(Back(start)).ToBeVisibleAsync(Soon);
        await Expect(start.GetByRole(AriaRole.Radio, new() { Name = "15 min" })).ToBeCheckedAsync();
        await Expect(start.Locator("fieldset.pick input[type=checkbox]").First).Not.ToBeCheckedAsync();
        await Expect(Back(red)).ToBeVisibleAsync(Soon);
        await Expect(red.GetByRole(AriaRole.Button, new() { Name = $"Stop {gate.Name} …" })).ToBeEnabledAsync();
        await Expect(Field(red, "Why you stop it")).ToHaveValueAsync("it leaks");
        await Expect(Back(made)).ToBeVisibleAsync(Soon);
        await Expect(Field(made, "Name")).ToHaveValueAsync("another gate");
        await Expect(made.GetByText("As Repair, and rules of others are taken off too")).ToBeVisibleAsync();
        await Expect(made.Locator("fieldset.pick input[type=checkbox]").First).ToBeCheckedAsync();
        await Expect(Field(ann.Page, "Name")).ToHaveValueAsync($"{gate.Name}x", new() { Timeout = 30_000 });
        await Field(ann.Page, "Name").FillAsync(gate.Name);
        await ann.Button("Save").ClickAsync();   // and the server knows of what was chosen
        await Expect(Back(ann.Page)).ToHaveCountAsync(0, new() { Timeout = 15_000 });
        (await server.Api.GetResourceAsync(gate.Id, CancellationToken.None)).Value.Policy.ShouldBe("OBSERVE");
    }

    [Fact]
    public async Task A_reload_gives_back_what_was_typed_until_it_is_sent_or_given_up()
    {
        await using var ann = await server.JoinAsync("fay@home.example", "ADMIN");   // signs out, which would end everybody's who shares it
        await ann.GoAsync("/roles/new");
        await Field(ann.Page, "Name").FillAsync("early shift");
        await Field(ann.Page, "Description").PressSequentiallyAsync("from six");   // still in the field
        await ann.GoAsync("/roles/new");
        await Expect(Back(ann.Page)).ToBeVisibleAsync(Soon);
        await Expect(Field(ann.Page, "Name")).ToHaveValueAsync("early shift");
        await Expect(Field(ann.Page, "Description")).ToHaveValueAsync("from six");

        await ann.Button("Discard").ClickAsync();
        await Expect(Field(ann.Page, "Name")).ToHaveValueAsync("");
        await Expect(Back(ann.Page)).ToHaveCountAsync(0);
        await KeepsAsync(ann.Page, null);

        await Field(ann.Page, "Name").FillAsync("late shift");
        await Field(ann.Page, "Description").FillAsync("until two");
        await KeepsAsync(ann.Page, "late shift");
        await ann.Page.GetByRole(AriaRole.Link, new() { Name = "Users", Exact = true }).ClickAsync();   // to look something up
        await ann.Page.GetByRole(AriaRole.Heading, new() { Name = "Users", Exact = true }).WaitForAsync();
        await ann.Page.GoBackAsync();
        await Expect(Field(ann.Page, "Name")).ToHaveValueAsync("late shift");
        await ann.Page.GetByRole(AriaRole.Link, new() { Name = "Cancel" }).ClickAsync();
        await ann.Page.GetByRole(AriaRole.Heading, new() { Name = "Roles", Exact = true }).WaitForAsync();
        await KeepsAsync(ann.Page, null);

        await ann.GoAsync("/roles/new");
        await Field(ann.Page, "Name").FillAsync("night watch");
        await ann.Button("Add role").ClickAsync();
        await ann.Page.GetByRole(AriaRole.Heading, new() { Name = "night watch", Exact = true }).WaitForAsync();
        await KeepsAsync(ann.Page, null);

        await Field(ann.Page, "Description").FillAsync("at night");
        await ann.Page.Keyboard.PressAsync("Tab");
        await KeepsAsync(ann.Page, "at night");
        await ann.GoAsync(new Uri(ann.Page.Url).AbsolutePath);
        await Expect(Field(ann.Page, "Description")).ToHaveValueAsync("at night");
        await ann.Button("Sign out").ClickAsync();
        await Expect(ann.Page).ToHaveURLAsync(new Regex("/sign-in"), new() { Timeout = 30_000 });
        await KeepsAsync(ann.Page, null);
    }

    [Fact]
    public async Task What_was_typed_outlives_a_sign_in_and_is_for_nobody_else()
    {
        await using var bea = await server.JoinAsync("bea@home.example");
        (await server.JoinAsync("cyd@home.example")).ShouldNotBeNull();
        await TypeAsync(bea.Page);
        await EndSignInsAsync("bea@home.example");
        await Expect(bea.Page).ToHaveURLAsync(new Regex("/sign-in"), new() { Timeout = 30_000 });
        await ConsoleServer.SignInAsync(bea, "bea@home.example");
        await Expect(Field(bea.Page, "Name")).ToHaveValueAsync("nightly job", new() { Timeout = 15_000 });
        await Expect(bea.Page.GetByRole(AriaRole.Radio, new() { Name = "30 days" })).ToBeCheckedAsync();
        await Expect(Scope(bea.Page)).ToBeCheckedAsync();

        await TypeAsync(bea.Page);
        await EndSignInsAsync("bea@home.example");
        await Expect(bea.Page).ToHaveURLAsync(new Regex("/sign-in"), new() { Timeout = 30_000 });
        await ConsoleServer.SignInAsync(bea, "cyd@home.example");
        await Expect(bea.Page.GetByRole(AriaRole.Radio, new() { Name = "90 days" })).ToBeCheckedAsync();
        await bea.Page.WaitForFunctionAsync("sessionStorage.length === 0");   // it was taken up: what it gives back, it gives back at once
        await Expect(Field(bea.Page, "Name")).ToHaveValueAsync("");

        static async Task TypeAsync(IPage page)
        {
            await page.GotoAsync("/api-keys/new");
            await page.Locator("html[data-alive]").WaitForAsync(new() { State = WaitForSelectorState.Attached });
            await page.GetByRole(AriaRole.Radio, new() { Name = "30 days" }).CheckAsync();
            await Scope(page).CheckAsync();
            await Field(page, "Name").PressSequentiallyAsync("nightly job");
        }

        static ILocator Scope(IPage page) => page.Locator("fieldset.scope").First.GetByLabel("Read", new() { Exact = true });
    }

    [Fact]
    public async Task What_somebody_deleted_meanwhile_stays_in_sight_with_what_was_typed()
    {
        await using var ann = await server.AdminAsync();
        var role = (await server.Api.CreateRoleAsync(new CreateRoleRequest { Name = "short-lived" }, CancellationToken.None)).Value;
        await ann.GoAsync($"/roles/{role.Id}");
        await Field(ann.Page, "Description").FillAsync("a long story");
        await server.Api.DeleteRoleAsync(role.Id, CancellationToken.None);
        await Expect(ann.Page.GetByText("It was deleted meanwhile.")).ToBeVisibleAsync(Soon);
        await Expect(Field(ann.Page, "Description")).ToHaveValueAsync("a long story");
        await Expect(ann.Button("Save")).ToHaveCountAsync(0);
        await ann.GoAsync($"/roles/{role.Id}");
        await Expect(ann.Page.GetByText("There is no such role, or not any more.")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Rights_that_are_given_meanwhile_are_in_the_menu_at_once()
    {
        await using var dan = await server.JoinAsync("dan@home.example");
        await Expect(dan.Page.GetByRole(AriaRole.Link, new() { Name = "Users", Exact = true })).ToHaveCountAsync(0);
        var user = await server.UserAsync("dan@home.example");
        (await server.Api.UpdateUserAsync(user.Id, new UpdateUserRequest { Authority = "ADMIN" }, null, CancellationToken.None)).Problem.ShouldBeNull();
        await Expect(dan.Page.GetByRole(AriaRole.Link, new() { Name = "Users", Exact = true })).ToBeVisibleAsync(Soon);
    }

    [Fact]
    public async Task Copying_works_without_a_secure_context_and_a_sign_out_that_fails_says_so()
    {
        await using var ann = await server.AdminAsync();
        await ann.Page.AddInitScriptAsync("Object.defineProperty(navigator, 'clipboard', { value: undefined });");
        var user = await server.UserAsync("admin@localhost");
        await ann.GoAsync($"/users/{user.Id}");
        await ann.Page.EvaluateAsync("document.addEventListener('copy', () => window.copied = document.activeElement.value)");
        await ann.Page.GetByRole(AriaRole.Button, new() { Name = "Copy e-mail" }).ClickAsync();
        await Expect(ann.Page.Locator("#console-says")).ToHaveTextAsync("Copied: e-mail");
        (await ann.Page.EvaluateAsync<string>("window.copied")).ShouldBe("admin@localhost");

        await ann.Page.RouteAsync("**/auth/logout", route => route.FulfillAsync(new() { Status = 503, Body = "" }));
        await ann.Button("Sign out").ClickAsync();
        await Expect(ann.Page.GetByText("You are still signed in.")).ToBeVisibleAsync();
        await Expect(ann.Button("Sign out")).ToBeEnabledAsync();
    }

    private static ILocator Lost(IPage page) => page.GetByText("The connection is lost");

    private static ILocator Back(IPage page) => page.GetByText("What you had typed is back.");

    // Null: nothing at all.
    private static async Task KeepsAsync(IPage page, string? text) => await Until.TrueAsync(TimeSpan.FromSeconds(10), () => page.EvaluateAsync<bool>(
        "text => { const kept = Object.entries(sessionStorage).filter(e => e[0].startsWith('eg-')); return text === null ? kept.length === 0 : kept.some(e => e[1].includes(text)); }", text));

    private static async Task<IPage> OpenAsync(Visitor visitor, string path)
    {
        var page = await visitor.Context.NewPageAsync();
        await page.GotoAsync(path);
        await page.Locator("html[data-alive]").WaitForAsync(new() { State = WaitForSelectorState.Attached });
        return page;
    }

    private static async Task ChooseAsync(IPage page, string label, string choice)
    {
        await page.Locator("main").GetByLabel(label, new() { Exact = true }).ClickAsync();
        await page.Locator(".mud-popover-open").GetByText(choice, new() { Exact = true }).ClickAsync();
        await page.Locator(".mud-popover-open").WaitForAsync(new() { State = WaitForSelectorState.Hidden });
    }

    private static ILocator Field(IPage page, string label) => page.Locator("main").GetByLabel(label, new() { Exact = true });

    private async Task EndSignInsAsync(string email)
    {
        using var http = new HttpClient { BaseAddress = new Uri(server.Url.Replace("localhost", "127.0.0.1", StringComparison.Ordinal)) };
        var api = new ApiClient(http);
        var login = (await api.LoginAsync(new LoginRequest { OrganizationSlug = "home", Email = email, Password = ConsoleServer.Password }, CancellationToken.None)).Value;
        api.UseKey(login.AccessToken!);
        (await api.EndOtherSignInsAsync(CancellationToken.None)).Problem.ShouldBeNull();
    }
}
