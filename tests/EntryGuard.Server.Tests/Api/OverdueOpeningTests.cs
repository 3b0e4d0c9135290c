using System.Net;
using EntryGuard.Contracts;
using EntryGuard.Server.Tests.Engine;
using EntryGuard.Server.Tests.Operations;
using EntryGuard.Testing;

namespace EntryGuard.Server.Tests.Api;

/// <summary>What cannot be closed is not opened.</summary>
public sealed class OverdueOpeningTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Theory, EveryDatabase]
    public async Task Nothing_new_is_opened_where_a_closing_is_overdue_until_it_is_done(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = await app.MakeOverdue();
        var since = (await app.Session(ann)).OverdueSince;
        var refused = await app.As("bob").TryStartSession(["web"], ["203.0.113.8"]);
        (refused.Status, refused.Problem!.Error).ShouldBe((HttpStatusCode.BadRequest, ErrorCodes.ClosingOverdue));
        refused.Problem.Message.ShouldContain($"web: a closing on it is overdue since {since:u}; nothing new is opened until it is done");

        await app.As("bob").Reach("web", "db");
        var asked = await app.As("bob").Api();
        (await asked.GetAccessAsync(None)).Value.Resources.Select(r => $"{r.ResourceName} {r.CanOpen} {r.MaxMinutes} {r.WhyNot}").ShouldBe(
            ["db True 1440 ", $"web False  a closing on it is overdue since {since:u}; nothing new is opened until it is done"], "who asks before is told the same");
        var some = await app.As("bob").StartSession(["web", "db"], ["203.0.113.8"]);
        some.ResourceIps.ShouldHaveSingleItem().ResourceName.ShouldBe("db");
        some.NotOpened.ShouldHaveSingleItem().ResourceName.ShouldBe("web");
        app.Provider.OnApply = null;
        await app.Advance(TimeSpan.FromMinutes(6));
        (await app.Status(ann)).ShouldBe("EXPIRED");
        (await asked.GetAccessAsync(None)).Value.Resources.ShouldAllBe(r => r.CanOpen);
        (await app.As("bob").TryStartSession(["web"], ["203.0.113.8"])).Status.ShouldBe(HttpStatusCode.Created);
    }

    [Theory, EveryDatabase]
    public async Task It_counts_for_all_that_is_assigned_and_for_a_dry_run(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        await app.MakeOverdue();
        await app.As("bob").Reach("web", "db");
        var api = await app.As("bob").Api();
        var request = new StartSessionRequest { Ipv4Address = "203.0.113.8" };
        var preview = (await api.PreviewSessionAsync(request, None)).Value;
        preview.ResourceIps.ShouldHaveSingleItem().ResourceName.ShouldBe("db");
        preview.NotOpened.ShouldHaveSingleItem().Why.ShouldStartWith("a closing on it is overdue");
        (await api.StartSessionAsync(request, null, None)).Value.ResourceIps.ShouldHaveSingleItem().ResourceName.ShouldBe("db");
    }

    [Theory, EveryDatabase]
    public async Task It_counts_on_a_shared_list_whoever_is_overdue_and_nobody_is_named(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        await app.MakeOverdue();
        var eve = app.As("eve", "globex");
        var me = await eve.SignIn();
        var door = await app.Seed.ResourceOn(me.Organization, "door", "web");
        await app.Seed.Assignment(me.Organization, me.User, door);
        var answer = await (await eve.Api()).StartSessionAsync(new StartSessionRequest { Ipv4Address = "203.0.113.8" }, null, None);
        answer.Problem!.Error.ShouldBe(ErrorCodes.ClosingOverdue);
        answer.Problem.Message.ShouldContain("door: a closing on it");
        answer.Problem.Message.ShouldNotContain("acme");
        answer.Problem.Message.ShouldNotContain("203.0.113.7");
    }

    [Theory, EveryDatabase]
    public async Task An_organization_may_turn_it_off_and_what_runs_can_be_extended(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var bob = await app.Open("bob", address: "203.0.113.8", hours: 5);
        await app.MakeOverdue();
        (await app.As("bob").TryExtend(bob, 1)).Status.ShouldBe(HttpStatusCode.OK);
        (await app.As("bob").TryStartSession(["web"], ["203.0.113.9"])).Problem!.Error.ShouldBe(ErrorCodes.ClosingOverdue);
        await app.OpenWhileOverdue();
        (await (await app.As("bob").Api()).GetAccessAsync(None)).Value.Resources.ShouldAllBe(r => r.CanOpen);
        (await app.As("bob").TryStartSession(["web"], ["203.0.113.9"])).Status.ShouldBe(HttpStatusCode.Created);
    }
}
