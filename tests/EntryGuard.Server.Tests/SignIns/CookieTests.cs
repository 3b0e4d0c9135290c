using System.Net;
using EntryGuard.Contracts;
using EntryGuard.Testing;

namespace EntryGuard.Server.Tests.SignIns;

public sealed class CookieTests
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly StartSessionRequest Preview = new() { DurationMinutes = 5, Ipv4Address = "203.0.113.7" };

    [Theory, EveryDatabase]
    public async Task A_browser_signs_in_by_cookies_that_no_script_reads_and_proves_what_it_changes(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = app.As("ann");
        await ann.Join();
        await ann.Reach("web");
        using var browser = app.Browser();
        var answer = await Login(browser, ann);
        (answer.Value.AccessToken, answer.Value.RefreshToken, answer.Value.User!.Email).ShouldBe((null, null, ann.Email));
        browser.Cookies.Keys.Order().ShouldBe(["__Host-eg-access", "__Host-eg-csrf", "__Host-eg-refresh"]);
        browser.Cookies["__Host-eg-csrf"].ShouldBe(answer.Value.CsrfToken);
        foreach (var cookie in browser.SetCookies)
        {
            cookie.ShouldContain("; path=/; secure; samesite=strict");
            cookie.Contains("; httponly", StringComparison.Ordinal).ShouldBe(!cookie.StartsWith("__Host-eg-csrf", StringComparison.Ordinal), cookie);
            cookie.ShouldNotContain("domain=");
        }

        (await browser.Api.GetMeAsync(None)).Value.Email.ShouldBe(ann.Email);
        (await browser.Api.StartSessionAsync(Preview, null, None)).Status.ShouldBe(HttpStatusCode.Created);
        browser.RepeatsCsrfToken = false;
        var forged = await browser.Api.StartSessionAsync(Preview, null, None);
        (forged.Status, forged.Problem!.Error).ShouldBe((HttpStatusCode.Forbidden, ErrorCodes.CsrfTokenMissing));
        (await browser.Api.GetMeAsync(None)).Status.ShouldBe(HttpStatusCode.OK, "reading changes nothing");
        (await browser.Api.RefreshAsync(null, None)).Problem!.Error.ShouldBe(ErrorCodes.CsrfTokenMissing);
        (await browser.Api.LogoutAsync(null, None)).Problem!.Error.ShouldBe(ErrorCodes.CsrfTokenMissing);
        browser.Api.Http.DefaultRequestHeaders.Add("X-CSRF-Token", "wrong");
        (await browser.Api.StartSessionAsync(Preview, null, None)).Status.ShouldBe(HttpStatusCode.Forbidden);
        browser.Api.Http.DefaultRequestHeaders.Remove("X-CSRF-Token");
        browser.RepeatsCsrfToken = true;

        var old = browser.Cookies["__Host-eg-refresh"];
        app.Time.Advance(TimeSpan.FromMinutes(20));
        (await browser.Api.GetMeAsync(None)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await browser.Api.RefreshAsync(null, None)).Value.RefreshToken.ShouldBeNull();
        browser.Cookies["__Host-eg-refresh"].ShouldNotBe(old);
        (await browser.Api.StartSessionAsync(Preview, null, None)).Status.ShouldBe(HttpStatusCode.Created);
        (await browser.Api.LogoutAsync(null, None)).Status.ShouldBe(HttpStatusCode.OK);
        browser.Cookies.ShouldBeEmpty();
        (await browser.Api.GetMeAsync(None)).Status.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Theory, EveryDatabase]
    public async Task A_link_to_an_export_works_when_only_the_refresh_cookie_is_left(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database, new Dictionary<string, string> { ["EntryGuard:Console"] = "true" });
        var admin = app.AsAdmin();
        await admin.Join();
        using var browser = app.Browser();
        await Login(browser, admin);
        var old = browser.Cookies["__Host-eg-refresh"];
        app.Time.Advance(TimeSpan.FromMinutes(20));
        (await browser.Api.ListAuditAsync(null, None)).Status.ShouldBe(HttpStatusCode.Unauthorized, "a script renews its tokens itself");
        using var export = await browser.Api.Http.GetAsync(new Uri("/api/v1/audit-logs/export", UriKind.Relative));
        export.StatusCode.ShouldBe(HttpStatusCode.OK);
        export.Content.Headers.ContentDisposition!.FileName!.Trim('"').ShouldBe("audit.csv");
        browser.Cookies["__Host-eg-refresh"].ShouldNotBe(old);
        (await browser.Api.ListAuditAsync("eventType=AUDIT_EXPORT", None)).Value.Content.Single().ActorEmail.ShouldBe(admin.Email);
        (await browser.Api.LogoutAsync(null, None)).Status.ShouldBe(HttpStatusCode.OK);
        (await browser.Api.Http.GetAsync(new Uri("/api/v1/audit-logs/export", UriKind.Relative))).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Theory, EveryDatabase]
    public async Task The_value_of_another_sign_in_proves_nothing(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var (ann, bob) = (app.As("ann"), app.As("bob"));
        await ann.Join();
        await bob.Join();
        using var browser = app.Browser();
        using var other = app.Browser();
        await Login(browser, ann);
        var csrf = (await Login(other, bob)).Value.CsrfToken;
        browser.RepeatsCsrfToken = false;
        browser.Api.Http.DefaultRequestHeaders.Add("X-CSRF-Token", csrf);
        (await browser.Api.EndOtherSignInsAsync(None)).Status.ShouldBe(HttpStatusCode.Forbidden);
    }

    [Theory, EveryDatabase]
    public async Task Over_plain_http_cookies_are_for_this_machine_alone(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = app.As("ann");
        await ann.Join();
        foreach (var (address, host) in ((string, string)[])[("198.51.100.1", "http://entryguard.example"), ("198.51.100.1", "http://localhost"), ("127.0.0.1", "http://entryguard.example")])
        {
            using var browser = app.Browser(address, host);
            (await Login(browser, ann)).Problem!.Error.ShouldBe(ErrorCodes.CookiesNeedHttps);
        }

        using var here = app.Browser("127.0.0.1", "http://localhost");
        (await Login(here, ann)).Status.ShouldBe(HttpStatusCode.OK);
        here.Cookies.Keys.Order().ShouldBe(["eg-access", "eg-csrf", "eg-refresh"]);
        here.SetCookies.ShouldAllBe(c => !c.Contains("secure"));
        (await here.Api.GetMeAsync(None)).Status.ShouldBe(HttpStatusCode.OK);
        (await here.Api.EndOtherSignInsAsync(None)).Status.ShouldBe(HttpStatusCode.NoContent);
    }

    [Theory, EveryDatabase]
    public async Task Where_the_public_address_is_https_a_proxy_may_speak_http_to_us(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database, new Dictionary<string, string> { ["EntryGuard:PublicUrl"] = "https://entryguard.example" });
        var ann = app.As("ann");
        await ann.Join();
        using var browser = app.Browser("10.0.0.1", "http://entryguard.example");
        (await Login(browser, ann)).Status.ShouldBe(HttpStatusCode.OK);
        browser.SetCookies.ShouldAllBe(c => c.StartsWith("__Host-") && c.Contains("; secure"));
    }

    [Theory, EveryDatabase]
    public async Task A_header_goes_before_a_cookie(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = app.As("ann");
        await ann.Join();
        using var browser = app.Browser();
        await Login(browser, ann);
        browser.Api.UseKey("eg_nothing");
        (await browser.Api.GetMeAsync(None)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        browser.Api.UseKey("nothing");
        (await browser.Api.GetMeAsync(None)).Status.ShouldBe(HttpStatusCode.Unauthorized);
    }

    private static Task<ApiAnswer<LoginResponse>> Login(Browser browser, TestUser user) =>
        browser.Api.LoginAsync(new LoginRequest { OrganizationSlug = "acme", Email = user.Email, Password = TestUser.Password, UseCookies = true }, None);
}
