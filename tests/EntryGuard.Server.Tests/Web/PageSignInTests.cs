using System.Net;
using AngleSharp.Html.Parser;
using EntryGuard.Contracts;
using EntryGuard.Testing;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Tests.Web;

/// <summary>Who a page is shown to, and what it costs to come back.</summary>
public sealed class PageSignInTests
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly Dictionary<string, string> Pages = new() { ["EntryGuard:Console"] = "true" };

    [Theory, EveryDatabase]
    public async Task Whoever_is_nobody_is_asked_to_sign_in_and_comes_back(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database, Pages);
        using var browser = app.Browser();
        var answer = await GetAsync(browser, "/sessions?status=ACTIVE");
        answer.StatusCode.ShouldBe(HttpStatusCode.Redirect);
        answer.Headers.Location!.ToString().ShouldBe("/sign-in?returnUrl=%2Fsessions%3Fstatus%3DACTIVE");
        (await GetAsync(browser, "/sign-in")).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Theory, EveryDatabase]
    public async Task A_page_allows_no_script_but_ours_and_is_kept_by_nobody(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database, Pages);
        using var browser = await SignedInAsync(app);
        foreach (var path in new[] { "/", "/sign-in" })
        {
            var answer = await GetAsync(browser, path);
            var policy = answer.Headers.GetValues("Content-Security-Policy").ShouldHaveSingleItem();
            policy.ShouldContain("default-src 'none'; script-src 'self';");
            policy.ShouldContain("connect-src 'self'");
            answer.Headers.CacheControl!.NoStore.ShouldBeTrue();
            (await answer.Content.ReadAsStringAsync()).ShouldNotContain("<script>");
        }
    }

    [Theory, EveryDatabase]
    public async Task A_page_is_shown_as_whoever_signed_in_with_what_the_API_says(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database, Pages);
        using var browser = await SignedInAsync(app);
        var answer = await GetAsync(browser, "/");
        var page = await answer.Content.ReadAsStringAsync();
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, page[..Math.Min(2000, page.Length)] + string.Join('\n', app.Errors));
        page.ShouldContain("198.51.100.1");
        page.ShouldContain("Nothing is open to you yet");
        app.Errors.ShouldBeEmpty();
    }

    [Theory, EveryDatabase]
    public async Task A_browser_that_comes_back_with_the_refresh_cookie_alone_gets_the_page_and_the_next_pair(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database, Pages);
        using var browser = await SignedInAsync(app);
        var (old, access) = (browser.Cookies["__Host-eg-refresh"], browser.Cookies["__Host-eg-access"]);
        await app.Advance(TimeSpan.FromHours(3));
        (await GetAsync(browser, "/")).StatusCode.ShouldBe(HttpStatusCode.OK);
        browser.Cookies["__Host-eg-refresh"].ShouldNotBe(old);
        browser.Cookies["__Host-eg-access"].ShouldNotBe(access);
        (await browser.Api.GetMeAsync(None)).Value.Email.ShouldBe("ann@acme.example");
    }

    [Theory, EveryDatabase]
    public async Task Tabs_that_wake_together_are_all_shown_and_the_sign_in_stays(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database, Pages);
        using var browser = await SignedInAsync(app);
        await app.Advance(TimeSpan.FromHours(3));
        var answers = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => GetAsync(browser, "/")));
        answers.ShouldAllBe(a => a.StatusCode == HttpStatusCode.OK);
        (await browser.Api.GetMeAsync(None)).Problem.ShouldBeNull();
        await app.Seed.Change(async db => (await db.SignIns.CountAsync(s => s.EndedAt != null)).ShouldBe(0));
    }

    [Theory, EveryDatabase]
    public async Task A_refresh_cookie_that_was_used_long_ago_opens_no_page(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database, Pages);
        using var browser = await SignedInAsync(app);
        using var thief = app.Browser();
        await app.Advance(TimeSpan.FromHours(3));
        var stolen = browser.Cookies["__Host-eg-refresh"];
        await GetAsync(browser, "/");
        await app.Advance(TimeSpan.FromSeconds(11));
        var request = new HttpRequestMessage(HttpMethod.Get, "/");
        request.Headers.Add("Cookie", $"__Host-eg-refresh={stolen}");
        (await thief.Api.Http.SendAsync(request, None)).StatusCode.ShouldBe(HttpStatusCode.Redirect);
    }

    [Theory, EveryDatabase]
    public async Task A_sign_in_that_was_ended_opens_no_page_whatever_cookies_are_left(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database, Pages);
        using var browser = await SignedInAsync(app);
        await app.Seed.Change(async db => await db.SignIns.ExecuteUpdateAsync(set => set.SetProperty(s => s.EndedAt, app.Time.GetUtcNow())));
        (await GetAsync(browser, "/")).StatusCode.ShouldBe(HttpStatusCode.Redirect);
        await app.Advance(TimeSpan.FromHours(1));
        (await GetAsync(browser, "/")).StatusCode.ShouldBe(HttpStatusCode.Redirect);
    }

    [Theory, EveryDatabase]
    public async Task An_API_key_opens_no_page(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database, Pages);
        var ann = app.As("ann");
        await ann.JoinedApi();
        using var http = app.Client();
        http.DefaultRequestHeaders.Add("X-API-Key", "eg_" + new string('a', 64));
        var answer = await http.GetAsync("/");
        answer.StatusCode.ShouldBe(HttpStatusCode.Redirect);
    }

    [Theory, EveryDatabase]
    public async Task An_address_that_leads_nowhere_is_a_page_for_people_and_a_problem_for_programs(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database, Pages);
        using var browser = await SignedInAsync(app);
        var shown = await GetAsync(browser, "/nowhere");
        shown.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await shown.Content.ReadAsStringAsync()).ShouldContain("There is nothing here");
        using var program = app.Client();
        var told = await program.GetAsync("/nowhere");
        told.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        told.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        (await GetAsync(browser, "/api/v1/nowhere")).Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
    }

    [Theory, EveryDatabase]
    public async Task A_link_that_sets_a_password_says_for_whom_and_what_it_must_have_and_when_it_does_not_work_any_more(TestDatabase database)
    {
        const string Broken = "This link does not work";
        await using var app = await TestApp.StartAsync(database, Pages);
        var boss = await app.AsAdmin().JoinedApi();
        await boss.UpdateOrganizationSettingsAsync(new UpdateOrganizationSettingsRequest { PasswordRequireDigit = true }, null, None);
        var invited = (await boss.CreateUserAsync(new CreateUserRequest { Email = "new@acme.example" }, None)).Value;
        using var browser = app.Browser();
        var (page, form) = await ReadAsync(await GetAsync(browser, $"/accept-invitation?token={invited.Invitation!.Token}"));
        page.ShouldContain("by acme, as new@acme.example.");
        page.ShouldContain("12 characters or more, with a digit;");

        form["Form.Password"] = "no digits are in this one";
        (page, form) = await ReadAsync(await PostAsync(form));
        page.ShouldContain("has no digit");
        await boss.ResendInvitationAsync(invited.Id, None);   // while the page stays open
        form["Form.Password"] = "3 digits, 2 are in this 1";
        (page, _) = await ReadAsync(await PostAsync(form));
        page.ShouldContain(Broken);
        foreach (var path in new[] { "/accept-invitation", "/accept-invitation?token=", "/accept-invitation?token=x", $"/reset-password?token={invited.Invitation.Token}" })
        {
            (page, form) = await ReadAsync(await GetAsync(browser, path));
            page.ShouldContain(Broken);
            form.ShouldBeEmpty();
        }

        app.Errors.ShouldBeEmpty();

        Task<HttpResponseMessage> PostAsync(Dictionary<string, string> fields) => browser.Api.Http.PostAsync(
            new Uri("/accept-invitation", UriKind.Relative), new FormUrlEncodedContent(fields), None);

        // What it says, and what its form sends.
        static async Task<(string Text, Dictionary<string, string> Form)> ReadAsync(HttpResponseMessage answer)
        {
            answer.StatusCode.ShouldBe(HttpStatusCode.OK);
            var page = await new HtmlParser().ParseDocumentAsync(await answer.Content.ReadAsStringAsync(None));
            return (page.QuerySelector("main")!.TextContent, page.QuerySelectorAll("form input").ToDictionary(i => i.GetAttribute("name")!, i => i.GetAttribute("value") ?? ""));
        }
    }

    private static async Task<Browser> SignedInAsync(TestApp app)
    {
        var ann = app.As("ann");
        await ann.JoinedApi();
        var browser = app.Browser();
        (await browser.Api.LoginAsync(new LoginRequest { OrganizationSlug = "acme", Email = "ann@acme.example", Password = TestUser.Password, UseCookies = true }, None)).Problem.ShouldBeNull();
        return browser;
    }

    private static Task<HttpResponseMessage> GetAsync(Browser browser, string path)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Accept.ParseAdd("text/html");
        return browser.Api.Http.SendAsync(request, None);
    }
}
