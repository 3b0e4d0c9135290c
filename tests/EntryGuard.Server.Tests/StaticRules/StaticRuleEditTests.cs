using System.Net;
using EntryGuard.Contracts;
using EntryGuard.Server.Tests.Engine;
using EntryGuard.Testing;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Tests.StaticRules;

/// <summary>What may be said about a static rule, and what comes of saying it again otherwise.</summary>
public sealed class StaticRuleEditTests
{
    private const string Office = "203.0.113.64/28";

    [Theory, EveryDatabase]
    public async Task Another_address_is_opened_and_the_old_one_closed(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var rule = await app.AsAdmin().CreateStaticRule("office", Office, "web", "db");
        await app.RunUntilQuiet();
        var edited = (await app.AsAdmin().TryUpdate(rule, new UpdateStaticRuleRequest { IpAddress = "2001:db8::/64" })).Value;
        (edited.IpAddress, edited.OpenRules, edited.Resources.Count).ShouldBe(("2001:db8::/64", 2, 4));
        await app.RunUntilQuiet();
        app.Rules("web", "db").ShouldBe("web 2001:db8::/64; db 2001:db8::/64");
        var after = await app.AsAdmin().Get(rule);
        (after.Status, after.OpenRules, after.Resources.Count).ShouldBe(("ACTIVE", 0, 2));
    }

    [Theory, EveryDatabase]
    public async Task Other_Resources_are_opened_and_closed_and_those_on_both_lists_are_not_touched(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var rule = await app.AsAdmin().CreateStaticRule("office", Office, "web", "db");
        await app.RunUntilQuiet();
        var kept = (await app.AsAdmin().Get(rule)).Resources.Single(r => r.ResourceName == "db").ResourceIpId;
        app.Provider.ForgetCalls();
        (await app.AsAdmin().TryUpdate(rule, new(), ["db", "log"])).Problem.ShouldBeNull();
        await app.RunUntilQuiet();
        app.Rules("web", "db", "log").ShouldBe($"web; db {Office}; log {Office}");
        app.Provider.Calls.Count.ShouldBe(2);
        var after = await app.AsAdmin().Get(rule);
        after.Status.ShouldBe("ACTIVE");
        after.Resources.Select(r => r.ResourceName).ShouldBe(["db", "log"], ignoreOrder: true);
        after.Resources.Single(r => r.ResourceName == "db").ResourceIpId.ShouldBe(kept);
        (await app.Audit(rule)).Count(a => a == "STATIC_IP_RULE_UPDATE").ShouldBe(1);
        (await app.AsAdmin().TryUpdate(rule, new(), ["log", "db"])).Problem.ShouldBeNull();
        (await app.Audit(rule)).Count(a => a == "STATIC_IP_RULE_UPDATE").ShouldBe(1, "nothing changed");
    }

    [Theory, EveryDatabase]
    public async Task Words_and_dates_change_without_a_call(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var rule = await app.AsAdmin().CreateStaticRule("office", Office, "web");
        await app.RunUntilQuiet();
        app.Provider.ForgetCalls();
        var (end, review) = (app.Time.GetUtcNow().AddDays(30), app.Time.GetUtcNow().AddDays(7));
        var edited = (await app.AsAdmin().TryUpdate(rule, new UpdateStaticRuleRequest
        {
            Label = "main office",
            ExpiresAt = end.ToString("O"),
            ReviewAt = review.ToString("O"),
        })).Value;
        (edited.Label, edited.ExpiresAt, edited.ReviewAt).ShouldBe(("main office", end, review));
        edited = (await app.AsAdmin().TryUpdate(rule, new UpdateStaticRuleRequest { ReviewAt = "never" })).Value;
        (edited.ReviewAt, edited.ExpiresAt).ShouldBe((null, end));
        await app.RunUntilQuiet();
        app.Provider.Calls.ShouldBeEmpty();
        await app.Advance(TimeSpan.FromDays(30));
        (await app.AsAdmin().Get(rule)).Status.ShouldBe("EXPIRED");
        (await app.AsAdmin().TryUpdate(rule, new UpdateStaticRuleRequest { ExpiresAt = "never" })).Problem!.Error.ShouldBe(ErrorCodes.StaticRuleEnded);
    }

    [Theory, EveryDatabase]
    public async Task An_edit_of_an_older_version_is_refused_and_what_the_engine_does_makes_no_version(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var admin = app.AsAdmin();
        var made = await admin.TryCreateStaticRule(new CreateStaticRuleRequest { Label = "office", IpAddress = Office }, ["web"]);
        await app.RunUntilQuiet();
        var read = await (await admin.Api()).GetStaticRuleAsync(made.Value.Id, default);
        read.ETag.ShouldBe(made.ETag.ShouldNotBeNull());
        var edited = await admin.TryUpdate(made.Value, new UpdateStaticRuleRequest { IpAddress = "203.0.113.9" }, etag: read.ETag);
        edited.ETag.ShouldNotBe(read.ETag);
        (await admin.TryUpdate(made.Value, new UpdateStaticRuleRequest { Label = "late" }, etag: read.ETag)).Status.ShouldBe(HttpStatusCode.PreconditionFailed);
        (await admin.TryUpdate(made.Value, new(), ["web", "db"], etag: edited.ETag)).Problem.ShouldBeNull();
    }

    [Theory, EveryDatabase]
    public async Task The_same_request_with_the_same_Idempotency_Key_makes_one_rule(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var (admin, wish) = (app.AsAdmin(), new CreateStaticRuleRequest { Label = "office", IpAddress = Office });
        var first = await admin.TryCreateStaticRule(wish, ["web"], "k1");
        var again = await admin.TryCreateStaticRule(wish, ["web"], "k1");
        (first.Status, again.Status, again.Value.Id).ShouldBe((HttpStatusCode.Created, HttpStatusCode.OK, first.Value.Id));
        (await admin.TryCreateStaticRule(wish with { Label = "other" }, ["web"], "k1")).Problem!.Error.ShouldBe(ErrorCodes.IdempotencyKeyReused);
        (await admin.TryCreateStaticRule(wish, ["web"], "k2")).Value.Id.ShouldNotBe(first.Value.Id, "labels need not be unique");
    }

    [Theory, EveryDatabase]
    public async Task What_cannot_be_made_says_why(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var admin = app.AsAdmin();
        var good = new CreateStaticRuleRequest { Label = "office", IpAddress = Office };
        var past = app.Time.GetUtcNow().AddSeconds(-1).ToString("O");
        await app.Edit("off", new UpdateResourceRequest { IsActive = false });
        var (web, off) = ((await app.Seed.Resource((await admin.SignIn()).Organization, "web")).Value.ToString(), (await app.Seed.Resource((await admin.SignIn()).Organization, "off")).Value.ToString());
        (CreateStaticRuleRequest Wish, string[] Resources, string Code, string? Field)[] table =
        [
            (good with { Label = null }, [web], ErrorCodes.Validation, "label"),
            (good with { Label = new string('x', 201) }, [web], ErrorCodes.Validation, "label"),
            (good with { Label = "two\nlines" }, [web], ErrorCodes.Validation, "label"),
            (good with { IpAddress = null }, [web], ErrorCodes.Validation, "ipAddress"),
            (good with { IpAddress = "office" }, [web], ErrorCodes.Validation, "ipAddress"),
            (good with { IpAddress = "203.0.113.7/28" }, [web], ErrorCodes.Validation, "ipAddress"),
            (good with { IpAddress = "0.0.0.0/0" }, [web], ErrorCodes.PrefixTooWide, "ipAddress"),
            (good with { IpAddress = "::/0" }, [web], ErrorCodes.PrefixTooWide, "ipAddress"),
            (good with { IpAddress = "203.0.112.0/23" }, [web], ErrorCodes.PrefixTooWide, "ipAddress"),
            (good with { IpAddress = "2001:db8::/55" }, [web], ErrorCodes.PrefixTooWide, "ipAddress"),
            (good with { IpAddress = "10.0.0.0/24" }, [web], ErrorCodes.AddressNotAllowed, "ipAddress"),
            (good, [], ErrorCodes.Validation, "resourceIds"),
            (good, ["web"], ErrorCodes.Validation, "resourceIds[0]"),
            (good, [web, Guid.NewGuid().ToString()], ErrorCodes.ResourceNotFound, "resourceIds"),
            (good, [off], ErrorCodes.ResourceInactive, "resourceIds"),
            (good with { ExpiresAt = past }, [web], ErrorCodes.Validation, "expiresAt"),
            (good with { ExpiresAt = "tomorrow" }, [web], ErrorCodes.Validation, "expiresAt"),
            (good with { ExpiresAt = "9999-12-31" }, [web], ErrorCodes.Validation, "expiresAt"),
            (good with { ReviewAt = past }, [web], ErrorCodes.Validation, "reviewAt"),
            (good with { OwnerUserId = "ann" }, [web], ErrorCodes.Validation, "ownerUserId"),
            (good with { OwnerUserId = Guid.NewGuid().ToString() }, [web], ErrorCodes.UserNotFound, "ownerUserId"),
        ];
        var api = await admin.Api();
        var rule = await admin.CreateStaticRule("there", "203.0.113.1", "web");
        foreach (var (wish, resources, code, field) in table)
        {
            var refused = await api.CreateStaticRuleAsync(wish with { ResourceIds = resources }, null, default);
            (refused.Problem?.Error, refused.Problem?.ValidationErrors?.Keys.SingleOrDefault()).ShouldBe((code, field), $"{wish} {resources.FirstOrDefault()}");
            if (wish.Label is null || wish.IpAddress is null)
                continue;
            var change = new UpdateStaticRuleRequest
            {
                Label = wish.Label,
                IpAddress = wish.IpAddress,
                ResourceIds = resources,
                ExpiresAt = wish.ExpiresAt,
                ReviewAt = wish.ReviewAt,
                OwnerUserId = wish.OwnerUserId,
            };
            refused = await api.UpdateStaticRuleAsync(rule.Id, change, null, default);
            (refused.Problem?.Error, refused.Problem?.ValidationErrors?.Keys.SingleOrDefault()).ShouldBe((code, field), $"{change}");
        }

        var all = await api.CreateStaticRuleAsync(new CreateStaticRuleRequest { ExpiresAt = past, OwnerUserId = "x" }, null, default);
        all.Problem!.ValidationErrors!.Keys.ShouldBe(["label", "ipAddress", "resourceIds", "expiresAt", "ownerUserId"], ignoreOrder: true);
        var there = await admin.Get(rule);
        (there.Label, there.IpAddress, there.ExpiresAt).ShouldBe(("there", "203.0.113.1", null), "what was refused changed nothing");
    }

    [Theory, EveryDatabase]
    public async Task The_organization_says_how_wide_a_range_may_be_and_no_Resource_needs_to_allow_ranges(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var organization = (await app.AsAdmin().SignIn()).Organization;
        await app.Seed.Change(db => db.Organizations.Where(o => o.Id == organization)
            .ExecuteUpdateAsync(set => set.SetProperty(o => o.WidestIPv4, 32).SetProperty(o => o.WidestIPv6, 48)));
        var wish = new CreateStaticRuleRequest { Label = "x", IpAddress = "203.0.113.0/31" };
        var refused = await app.AsAdmin().TryCreateStaticRule(wish, ["web"]);
        refused.Problem!.ValidationErrors!["ipAddress"].ShouldContain("/32");
        (await app.AsAdmin().TryCreateStaticRule(wish with { IpAddress = "2001:db8::/48" }, ["web"])).Problem.ShouldBeNull();
    }

    [Theory, EveryDatabase]
    public async Task A_lack_of_room_that_is_known_is_said_before_anything_is_made(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        await app.AsAdmin().CreateStaticRule("there", "203.0.113.1", "web");
        await app.RunUntilQuiet();
        await app.Seed.Change(async db => (await db.Resources.SingleAsync(r => r.Name == "web")).Quotas = [new(4, 60, 60)]);
        var wish = new CreateStaticRuleRequest { Label = "x", IpAddress = "203.0.113.2" };
        (await app.AsAdmin().TryCreateStaticRule(wish, ["web"])).Problem!.Error.ShouldBe(ErrorCodes.CapacityExceeded);
        (await app.AsAdmin().TryCreateStaticRule(wish with { IpAddress = "203.0.113.1" }, ["web"])).Problem.ShouldBeNull("it needs no rule of its own");
        (await app.AsAdmin().TryCreateStaticRule(wish with { IpAddress = "2001:db8::1" }, ["web"])).Problem.ShouldBeNull("the other family has room");
    }

    [Theory, EveryDatabase]
    public async Task E10_what_cannot_hold_the_address_is_left_out_and_told(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var organization = (await app.AsAdmin().SignIn()).Organization;
        await app.Seed.Resource(organization, "public");
        await app.Seed.Change(async db => (await db.Resources.SingleAsync(r => r.Name == "public")).AllowedAddresses = []);
        var rule = await app.AsAdmin().CreateStaticRule("office", Office, "web", "public");
        rule.NotOpened!.Single().ResourceName.ShouldBe("public");
        rule.Resources.Select(r => r.ResourceName).ShouldBe(["web"]);
        await app.RunUntilQuiet();
        var moved = await app.AsAdmin().TryUpdate(rule, new UpdateStaticRuleRequest { IpAddress = "8.8.8.8" }, ["web", "public"]);
        moved.Value.Resources.Where(r => r.Status == "PENDING").Select(r => r.ResourceName).ShouldBe(["web", "public"], ignoreOrder: true);
    }

    [Theory, EveryDatabase]
    public async Task Lists_go_by_Resource_and_status_and_page(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var admin = app.AsAdmin();
        for (var i = 1; i <= 3; i++)
        {
            await admin.CreateStaticRule($"rule {i}", $"203.0.113.{i}", i == 2 ? "db" : "web");
            await app.Advance(TimeSpan.FromSeconds(1));
        }

        (await Labels("")).ShouldBe(["rule 3", "rule 2", "rule 1"]);
        (await Labels("status=ACTIVE")).Length.ShouldBe(3);
        (await Labels("status=FAILED,PARTIAL")).ShouldBeEmpty();
        var db = (await app.Seed.Resource((await admin.SignIn()).Organization, "db")).Value;
        (await Labels($"resourceId={db}")).ShouldBe(["rule 2"]);
        (await Labels($"resourceId={Guid.NewGuid()}")).ShouldBeEmpty();
        var api = await admin.Api();
        var page = await api.ListStaticRulesAsync("limit=2", default);
        page.Value.Select(r => r.Label).ShouldBe(["rule 3", "rule 2"]);
        (await Labels($"limit=2&cursor={page.NextCursor}")).ShouldBe(["rule 1"]);
        (await api.ListStaticRulesAsync("status=OPEN&resourceId=x&limit=0", default)).Problem!.ValidationErrors!.Keys.ShouldBe(["status", "resourceId", "limit"], ignoreOrder: true);

        async Task<string[]> Labels(string query) => [.. (await (await admin.Api()).ListStaticRulesAsync(query, default)).Value.Select(r => r.Label)];
    }
}
