using System.Net;
using System.Net.Http.Headers;
using EntryGuard.Contracts;
using EntryGuard.Domain.Providers;
using EntryGuard.Server.Data;
using EntryGuard.Server.Hosting;
using EntryGuard.Testing;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Tests.Api;

public sealed class AccessTests
{
    private const string Address = "203.0.113.7";
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly Uri Sessions = new("/api/v1/sessions", UriKind.Relative);

    [Theory, EveryDatabase]
    public async Task A_key_is_taken_from_either_header(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var key = (await app.As("ann").SignIn()).Key;
        (await Get(app, h => h.Add("X-API-Key", key))).ShouldBe(HttpStatusCode.OK);
        (await Get(app, h => h.Authorization = new AuthenticationHeaderValue("ApiKey", key))).ShouldBe(HttpStatusCode.OK);
        (await Get(app, h => h.Authorization = new AuthenticationHeaderValue("Bearer", key))).ShouldBe(HttpStatusCode.OK);
        (await Get(app, h => h.TryAddWithoutValidation("Authorization", $"bearer {key}"))).ShouldBe(HttpStatusCode.OK);
        (await Get(app, h => h.Authorization = new AuthenticationHeaderValue("Basic", key))).ShouldBe(HttpStatusCode.Unauthorized);
        (await Get(app, h => h.Add("X-API-Key", key[..^1] + (key[^1] == 'A' ? 'B' : 'A')))).ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Theory]
    [EveryDatabase("revoked")]
    [EveryDatabase("expired")]
    [EveryDatabase("deactivated")]
    [EveryDatabase("suspended")]
    public async Task A_key_that_has_ended_opens_nothing_and_does_not_say_why(TestDatabase database, string what)
    {
        await using var app = await TestApp.StartAsync(database);
        var me = await app.As("ann").SignIn();
        (await Get(app, h => h.Add("X-API-Key", me.Key))).ShouldBe(HttpStatusCode.OK);
        await app.Seed.Change(async db =>
        {
            var key = await db.ApiKeys.SingleAsync(k => k.UserId == me.User);
            (key.RevokedAt, key.ExpiresAt) = (what == "revoked" ? app.Time.GetUtcNow() : null, what == "expired" ? app.Time.GetUtcNow() : null);
            (await db.Users.SingleAsync(u => u.Id == me.User)).IsActive = what != "deactivated";
            (await db.Organizations.SingleAsync(o => o.Id == me.Organization)).IsActive = what != "suspended";
        });
        var answer = await (await app.As("ann").Http()).GetAsync(Sessions);
        answer.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        var text = await answer.Content.ReadAsStringAsync();
        text.ShouldContain("No valid API key");
        text.ShouldNotContain(what, Case.Insensitive);
    }

    [Theory, EveryDatabase]
    public async Task The_same_request_with_the_same_Idempotency_Key_starts_one_session(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = app.As("ann");
        var first = await ann.TryStartSession(["web"], [Address], idempotencyKey: "k1");
        var again = await ann.TryStartSession(["web"], [Address], idempotencyKey: "k1");
        (first.Status, again.Status, again.Value.Id).ShouldBe((HttpStatusCode.Created, HttpStatusCode.OK, first.Value.Id));
        var other = await ann.TryStartSession(["web"], ["203.0.113.8"], idempotencyKey: "k1");
        (other.Status, other.Problem!.Error).ShouldBe((HttpStatusCode.Conflict, ErrorCodes.IdempotencyKeyReused));
        (await app.As("bob").TryStartSession(["web"], [Address], idempotencyKey: "k1")).Status.ShouldBe(HttpStatusCode.Created, "keys are the user's own");
        (await (await ann.Api()).ListSessionsAsync(null, false, None)).Value.Count.ShouldBe(1);
    }

    [Theory, EveryDatabase]
    public async Task The_same_request_at_the_same_moment_starts_one_session(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        await app.As("ann").Reach("web");
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => app.As("ann").TryStartSession(["web"], [Address], idempotencyKey: "k1")));
        answers.Select(a => a.Value.Id).Distinct().Count().ShouldBe(1);
        answers.Count(a => a.Status == HttpStatusCode.Created).ShouldBe(1);
        (await (await app.As("ann").Api()).ListSessionsAsync(null, false, None)).Value.Count.ShouldBe(1);
    }

    [Theory, EveryDatabase]
    public async Task A_dry_run_tells_and_stores_nothing(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        await app.As("ann").StartSession("web", Address);
        await app.RunUntilQuiet();
        var api = await app.As("ann").Api();
        var before = await Rows.OfAsync(database);
        var preview = (await api.PreviewSessionAsync(new StartSessionRequest { Ipv4Address = Address, DurationHours = 2 }, None)).Value;
        preview.ExpiresAt.ShouldBe(app.Time.GetUtcNow().AddHours(2));
        preview.ResourceIps.Single().ShouldSatisfyAllConditions(r => r.Shared.ShouldBeTrue(), r => r.Rules.ShouldBe(["tcp/443"]), r => r.Grant.ShouldBe("DIRECT"));
        (await Rows.OfAsync(database)).ShouldBe(before);
    }

    [Theory, EveryDatabase]
    public async Task Only_who_may_name_an_address_opens_another_than_the_observed_one(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var api = await Modest(app, "198.51.100.9");
        var refused = await api.StartSessionAsync(new StartSessionRequest { Ipv4Address = Address }, null, None);
        (refused.Status, refused.Problem!.Error).ShouldBe((HttpStatusCode.Forbidden, ErrorCodes.AddressNotPermitted));
        (await api.StartSessionAsync(new StartSessionRequest { Ipv4Address = "198.51.100.9" }, null, None)).Status.ShouldBe(HttpStatusCode.Created);
        (await api.StartSessionAsync(new StartSessionRequest(), null, None)).Value.Ipv4Address.ShouldBe("198.51.100.9");
    }

    [Theory, EveryDatabase]
    public async Task Who_was_seen_with_both_families_opens_both_by_the_proof_of_the_other(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var api = await Modest(app, "198.51.100.9");
        var elsewhere = new ApiClient(app.Client("2001:db8::7"));
        var proof = (await elsewhere.DetectIpAsync(None)).Value.Proof;
        var both = (await api.StartSessionAsync(new StartSessionRequest { AddressProof = proof }, null, None)).Value;
        (both.Ipv4Address, both.Ipv6Address).ShouldBe(("198.51.100.9", "2001:db8::7"));
        (await api.StartSessionAsync(new StartSessionRequest { Ipv6Address = "2001:db8::7", AddressProof = proof }, null, None)).Value.Ipv4Address.ShouldBeNull();
        (await api.StartSessionAsync(new StartSessionRequest { Ipv6Address = "2001:db8::8", AddressProof = proof }, null, None)).Problem!.Error.ShouldBe(ErrorCodes.AddressNotPermitted);

        // One of the same family lets nobody in who is not here.
        var neighbour = (await new ApiClient(app.Client("198.51.100.10")).DetectIpAsync(None)).Value.Proof;
        (await api.StartSessionAsync(new StartSessionRequest { AddressProof = neighbour }, null, None)).Value.Ipv4Address.ShouldBe("198.51.100.9");
        (await api.StartSessionAsync(new StartSessionRequest { Ipv4Address = "198.51.100.10", AddressProof = neighbour }, null, None)).Problem!.Error.ShouldBe(ErrorCodes.AddressNotPermitted);

        var heard = (await api.StartSessionAsync(new StartSessionRequest { AddressProof = proof }, "once", None)).Value;
        app.Time.Advance(AddressProofs.Life);
        (await api.StartSessionAsync(new StartSessionRequest { AddressProof = proof }, "once", None)).Value.Id.ShouldBe(heard.Id, "it was started, and is open");
        foreach (var worthless in new[] { proof, proof[..^2], "", "2001:db8::7", new string('A', 5000) })
            (await api.StartSessionAsync(new StartSessionRequest { AddressProof = worthless }, null, None)).Problem!.ValidationErrors!["addressProof"].ShouldStartWith("proves nothing");
    }

    [Theory, EveryDatabase]
    public async Task What_may_be_opened_is_told_for_every_address_that_a_start_would_open(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database, capabilities: new ProviderCapabilities { SuccessIsProof = true, CredentialTypes = ["TOKEN"], IPv6 = false });
        await app.As("ann").Reach("web");
        var api = await app.As("ann").Api("2001:db8::7");
        var alone = (await api.GetAccessAsync(None)).Value.Resources.Single();
        (alone.CanOpen, alone.LatestEnd, alone.WhyNot).ShouldBe((false, null, "it cannot hold IPv6 addresses"));
        var proof = (await new ApiClient(app.Client("198.51.100.9")).DetectIpAsync(None)).Value.Proof;
        (await api.GetAccessAsync(proof, None)).Value.Resources.Single().ShouldSatisfyAllConditions(
            r => r.CanOpen.ShouldBeTrue(), r => r.MaxMinutes.ShouldBe(24 * 60), r => r.WhyNot.ShouldBeNull());
        (await api.StartSessionAsync(new StartSessionRequest { AddressProof = proof }, null, None)).Value.ResourceIps.Single().IpAddress.ShouldBe("198.51.100.9");
        (await api.GetAccessAsync("nothing", None)).Problem!.ValidationErrors!["addressProof"].ShouldStartWith("proves nothing");
        app.Time.Advance(AddressProofs.Life);
        (await api.GetAccessAsync(proof, None)).Problem!.ValidationErrors!["addressProof"].ShouldStartWith("proves nothing");
    }

    [Theory, EveryDatabase]
    public async Task A_second_factor_that_would_open_it_for_one_of_two_addresses_is_asked_for(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        await app.AsAdmin().CreateRole("v6", ["web"], [app.As("ann")], new RoleConditions { SourceNetworks = ["2001:db8::/32"], MfaWithinMinutes = 10 });
        var api = await app.As("ann").Api("198.51.100.9");
        (await api.GetAccessAsync(None)).Value.Resources.Single().NeedsSecondFactor.ShouldBeFalse("from here none helps");
        var proof = (await new ApiClient(app.Client("2001:db8::7")).DetectIpAsync(None)).Value.Proof;
        var told = (await api.GetAccessAsync(proof, None)).Value.Resources.Single();
        (told.CanOpen, told.NeedsSecondFactor).ShouldBe((false, true));
    }

    [Theory, EveryDatabase]
    public async Task What_is_invalid_cannot_be_opened_and_whoever_asks_is_told_why(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        await app.As("ann").Reach("web");
        await app.Seed.Change(db => db.Resources.ExecuteUpdateAsync(set => set.SetProperty(r => r.Health, ResourceHealth.Invalid).SetProperty(r => r.HealthMessage, "There is no such list.")));
        var told = (await (await app.As("ann").Api()).GetAccessAsync(None)).Value.Resources.Single();
        (told.CanOpen, told.Health, told.WhyNot).ShouldBe((false, "INVALID", "There is no such list."));
    }

    [Theory, EveryDatabase]
    public async Task Only_pages_from_where_people_reach_the_server_may_read_the_address_under_its_other_names(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database, new Dictionary<string, string> { ["EntryGuard:PublicUrl"] = "https://entryguard.example.org/" });
        using var http = app.Client();
        using var answer = await http.GetAsync(new Uri("/api/v1/detect-ip", UriKind.Relative));
        answer.Headers.GetValues("Access-Control-Allow-Origin").ShouldBe(["https://entryguard.example.org"]);
        answer.Headers.Contains("Access-Control-Allow-Credentials").ShouldBeFalse();
        answer.Headers.CacheControl!.NoStore.ShouldBeTrue();
        await using var unknown = await TestApp.StartAsync(database);
        using var other = unknown.Client();
        using var silent = await other.GetAsync(new Uri("/api/v1/detect-ip", UriKind.Relative));
        silent.Headers.Contains("Access-Control-Allow-Origin").ShouldBeFalse();
    }

    [Theory]
    [EveryDatabase(null, "203.0.113.7", "198.51.100.9")]                             // nobody is a proxy: a header is only words
    [EveryDatabase("198.51.100.0/24", "203.0.113.7", "203.0.113.7")]
    [EveryDatabase("198.51.100.0/24", "192.0.2.66, 203.0.113.7", "203.0.113.7")]      // what the client wrote itself stays to the left
    [EveryDatabase("198.51.100.0/24", "192.0.2.66, 203.0.113.7, 198.51.100.8", "203.0.113.7")]
    [EveryDatabase("198.51.100.0/24", "192.0.2.66, unknown", "198.51.100.9")]
    [EveryDatabase("198.51.100.0/24", "0.0.0.0/0", "198.51.100.9")]
    [EveryDatabase("10.0.0.0/8", "203.0.113.7", "198.51.100.9")]                     // another proxy than this peer
    public async Task A_forwarded_address_counts_only_from_a_configured_proxy(TestDatabase database, string? proxy, string header, string seen)
    {
        await using var app = await TestApp.StartAsync(database, proxy is null ? null : new Dictionary<string, string> { ["EntryGuard:Proxies:0"] = proxy });
        var api = await Modest(app, "198.51.100.9");
        api.Http.DefaultRequestHeaders.TryAddWithoutValidation("X-Forwarded-For", header);
        api.Http.DefaultRequestHeaders.TryAddWithoutValidation("X-Real-IP", "192.0.2.77");
        api.Http.DefaultRequestHeaders.TryAddWithoutValidation("Forwarded", "for=192.0.2.78");
        (await api.DetectIpAsync(None)).Value.Ip.ShouldBe(seen);
        (await api.StartSessionAsync(new StartSessionRequest(), null, None)).Value.ResourceIps.Single().IpAddress.ShouldBe(seen);
    }

    [Theory]
    [SqliteOnly("https://entryguard.example", "198.51.100.0/24", null, true)]
    [SqliteOnly("https://entryguard.example", "198.51.100.0/24", "https", true)]
    [SqliteOnly("https://entryguard.example", "198.51.100.0/24", "http", false)]    // the proxy lets plain http through as well
    [SqliteOnly("https://entryguard.example", "10.0.0.0/8", "https", false)]        // not by a proxy of ours: whoever asks says so
    [SqliteOnly("http://entryguard.example", "198.51.100.0/24", "https", false)]
    [SqliteOnly(null, "198.51.100.0/24", "https", false)]
    public async Task Browsers_are_told_to_come_by_TLS_alone_and_never_over_plain_http(TestDatabase database, string? url, string proxy, string? protocol, bool isTold)
    {
        var settings = new Dictionary<string, string> { ["EntryGuard:Proxies:0"] = proxy };
        if (url is not null)
            settings["EntryGuard:PublicUrl"] = url;
        await using var app = await TestApp.StartAsync(database, settings);
        using var http = app.Client("198.51.100.9");
        if (protocol is not null)
            http.DefaultRequestHeaders.Add("X-Forwarded-Proto", protocol);
        foreach (var path in new[] { "/api/v1/detect-ip", "/docs/", "/nowhere" })
        {
            using var answer = await http.GetAsync(new Uri(path, UriKind.Relative));
            (answer.Headers.TryGetValues("Strict-Transport-Security", out var told) ? told.Single() : null).ShouldBe(isTold ? "max-age=31536000" : null, path);
        }

        using var byTls = await http.GetAsync(new Uri("https://entryguard.example/api/v1/detect-ip"));
        byTls.Headers.GetValues("Strict-Transport-Security").ShouldBe(["max-age=31536000"]);
    }

    [Theory]
    [EveryDatabase("PerKeyPerMinute")]
    [EveryDatabase("PerAddressPerMinute")]
    public async Task Too_many_requests_of_a_key_or_an_address_are_429_with_a_time_to_come_back(TestDatabase database, string limit)
    {
        await using var app = await TestApp.StartAsync(database, new Dictionary<string, string> { [$"EntryGuard:RateLimits:{limit}"] = "2" });
        var (one, two) = ((await app.As("ann").Api("198.51.100.1")).Http, (await app.As("bob").Api("198.51.100.2")).Http);
        var sameKeyElsewhere = (await app.As("ann").Api("198.51.100.3")).Http;
        (await one.GetAsync(Sessions)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await one.GetAsync(Sessions)).StatusCode.ShouldBe(HttpStatusCode.OK);
        var refused = await one.GetAsync(Sessions);
        refused.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
        refused.Headers.RetryAfter!.Delta!.Value.ShouldBeInRange(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60));
        (await refused.Content.ReadAsStringAsync()).ShouldContain(ErrorCodes.RateLimited);
        (await two.GetAsync(Sessions)).StatusCode.ShouldBe(HttpStatusCode.OK, "another key from another address");
        (await sameKeyElsewhere.GetAsync(Sessions)).StatusCode.ShouldBe(limit == "PerKeyPerMinute" ? HttpStatusCode.TooManyRequests : HttpStatusCode.OK);
    }

    [Theory, EveryDatabase]
    public async Task Session_lists_are_paged_and_filtered(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var started = new List<Guid>();
        for (var i = 0; i < 5; i++)
        {
            started.Add((await app.As("ann").StartSession("web", Address, hours: 10)).Id);
            await app.Advance(TimeSpan.FromHours(1));
        }

        var bob = await app.As("bob").StartSession("web", "203.0.113.8", hours: 10);
        await app.As("ann").Stop((await (await app.As("ann").Api()).GetSessionAsync(started[0], None)).Value);
        await app.RunUntilQuiet();
        var (ann, admin) = (await app.As("ann").Api(), await app.AsAdmin().Api());
        var (ids, cursor) = (new List<Guid>(), "");
        do
        {
            var page = await ann.ListSessionsAsync($"limit=2{(cursor.Length > 0 ? $"&cursor={cursor}" : "")}", false, None);
            ids.AddRange(page.Value.Select(s => s.Id));
            cursor = page.NextCursor;
        }
        while (cursor is not null);
        ids.ShouldBe(Enumerable.Reverse(started));
        (await ann.ListSessionsAsync("status=CANCELLED", false, None)).Value.Single().Id.ShouldBe(started[0]);
        (await ann.ListSessionsAsync("status=CANCELLED,ACTIVE", false, None)).Value.Count.ShouldBe(5);
        (await ann.ListSessionsAsync("from=2026-03-02T09:00:00Z&to=2026-03-02T11:00:00Z", false, None)).Value.Select(s => s.Id).ShouldBe([started[2], started[1]]);
        (await admin.ListSessionsAsync(null, true, None)).Value.Count.ShouldBe(6);
        (await admin.ListSessionsAsync($"userId={bob.UserId}", true, None)).Value.Single().Id.ShouldBe(bob.Id);

        (await ann.ListSessionsAsync("overdue=true", false, None)).Value.ShouldBeEmpty();
        app.Provider.OnApply = (_, changes) => changes.Removals.Count > 0 ? Testing.Providers.Script.Unavailable : null;
        await app.As("bob").Stop(bob);
        await app.Advance(TimeSpan.FromMinutes(10));
        (await admin.ListSessionsAsync("overdue=true", true, None)).Value.Single().ShouldSatisfyAllConditions(s => s.Id.ShouldBe(bob.Id), s => s.OpenRules.ShouldBe(1));
        (await admin.ListSessionsAsync("overdue=false", true, None)).Value.Count.ShouldBe(5);
    }

    [Theory, EveryDatabase]
    public async Task A_failed_session_says_that_no_access_was_granted_and_whom_to_ask(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        app.Provider.OnApply = (_, _) => Testing.Providers.Script.Forbidden;
        var session = await app.As("ann").StartSession("web", Address);
        await app.Advance(TimeSpan.FromMinutes(5));
        var failed = await app.Session(session);
        failed.Status.ShouldBe("FAILED");
        failed.StatusMessage.ShouldBe("No access was granted. Ask an administrator of your organization; the Resource IPs say what went wrong.");
        failed.ResourceIps[0].ErrorMessage.ShouldNotBeNullOrWhiteSpace();
        await app.AsAdmin("globex").SignIn();
        await app.AsAdmin().SignIn();
        (await app.Session(session)).StatusMessage.ShouldContain("organization, admin@acme.example;");
    }

    [Theory, EveryDatabase]
    public async Task The_page_at_docs_asks_nobody_but_us(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        using var http = app.Client();
        using var answer = await http.GetAsync(new Uri("/docs/", UriKind.Relative));
        answer.EnsureSuccessStatusCode();
        var page = await answer.Content.ReadAsStringAsync();
        page.ShouldContain("<script");
        page.ShouldNotContain("http://");
        page.ShouldNotContain("https://");
        page.ShouldNotContain("src=\"//");
        var policy = answer.Headers.GetValues("Content-Security-Policy").Single();
        policy.ShouldStartWith("default-src 'self'");
        policy.ShouldNotContain("http");
        policy.ShouldNotContain("*");
        (await http.GetAsync(new Uri("/openapi/v1.json", UriKind.Relative))).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    // May not name addresses; from this one.
    private static async Task<ApiClient> Modest(TestApp app, string from)
    {
        var organization = await app.Seed.Organization("acme");
        var dan = await app.Seed.User(organization, "dan@acme.example", mayNameAddress: false);
        await app.Seed.Assignment(organization, dan, await app.Seed.Resource(organization, "web"));
        var api = new ApiClient(app.Client(from));
        api.UseKey((await app.Seed.ApiKey(organization, dan)).Text);
        return api;
    }

    private static async Task<HttpStatusCode> Get(TestApp app, Action<HttpRequestHeaders> sign)
    {
        using var http = app.Client();
        sign(http.DefaultRequestHeaders);
        return (await http.GetAsync(Sessions)).StatusCode;
    }
}
