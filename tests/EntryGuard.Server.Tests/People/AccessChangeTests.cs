using System.Net;
using EntryGuard.Contracts;
using EntryGuard.Server.Tests.Engine;
using EntryGuard.Testing;
using EntryGuard.Testing.Providers;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Tests.People;

/// <summary>Taking access away closes doors in the same transaction; what another grant covers stays open by that.</summary>
public sealed class AccessChangeTests
{
    private const string Address = "203.0.113.7";
    private static readonly CancellationToken None = CancellationToken.None;

    [Theory]
    [EveryDatabase("delete the role")]
    [EveryDatabase("take it from the user")]
    [EveryDatabase("take the Resource out of it")]
    [EveryDatabase("set its users")]
    [EveryDatabase("set its Resources")]
    [EveryDatabase("deactivate the user")]
    [EveryDatabase("delete the user")]
    [EveryDatabase("delete the Resource")]
    [EveryDatabase("switch the Resource off")]
    [EveryDatabase("revoke the key")]
    [EveryDatabase("ask for a reason")]
    [EveryDatabase("allow other networks only")]
    [EveryDatabase("shut it at this hour")]
    [EveryDatabase("ask for a second factor")]
    [EveryDatabase("shorten it below what has passed")]
    [EveryDatabase("shorten the organization's limit")]
    public async Task What_alone_granted_it_goes_and_it_is_closed(TestDatabase database, string what)
    {
        await using var app = await TestApp.StartAsync(database);
        var (ann, admin) = (app.As("ann"), app.AsAdmin());
        var role = await admin.CreateRole("on-call", ["web"], [ann]);
        var session = await ann.Start(hours: 4);
        await app.RunUntilQuiet();
        (await app.Status(session)).ShouldBe("ACTIVE");
        app.Cloud("web").Rules.ShouldBe([$"{Address}/32"]);
        await app.Advance(TimeSpan.FromMinutes(10));

        (await Change(app, role, what)).ShouldBeNull();
        var ended = (await app.AsAdmin().Get(session.Id)).ShouldNotBeNull();
        (ended.Status, ended.EndedReason, ended.ResourceIps.Single().Status).ShouldBe(("EXPIRING", "ACCESS_REVOKED", "REMOVING"), "before the engine did anything");
        await app.RunUntilQuiet();
        ended = await app.AsAdmin().Get(session.Id);
        (ended.Status, ended.EndedReason).ShouldBe(("CANCELLED", "ACCESS_REVOKED"));
        app.Cloud("web").Rules.ShouldBeEmpty();
        (await app.Audit(session)).ShouldBe(["SESSION_START", "RULE_APPLIED", "SESSION_ACTIVE", "SESSION_EXPIRING", "RULE_REMOVED", "SESSION_CANCELLED"]);
        app.Errors.ShouldBeEmpty();
    }

    [Theory]
    [EveryDatabase("delete the role")]
    [EveryDatabase("take it from the user")]
    [EveryDatabase("take the Resource out of it")]
    [EveryDatabase("ask for a reason")]
    [EveryDatabase("shorten it below what has passed")]
    public async Task What_another_grant_covers_stays_open_by_that(TestDatabase database, string what)
    {
        await using var app = await TestApp.StartAsync(database);
        var (ann, admin) = (app.As("ann"), app.AsAdmin());
        var role = await admin.CreateRole("on-call", ["web", "db"], [ann], maxMinutes: 12 * 60);
        var other = await admin.CreateRole("readers", ["web"], [ann], maxMinutes: 60);
        var session = await ann.Start(hours: 4);
        await app.RunUntilQuiet();
        session.ResourceIps.ShouldAllBe(c => c.RoleId == role.Id);
        await app.Advance(TimeSpan.FromMinutes(10));

        (await Change(app, role, what)).ShouldBeNull();
        await app.RunUntilQuiet();
        var after = await app.Session(session);
        after.Status.ShouldBe("ACTIVE");
        var web = after.ResourceIps.Single(c => c.ResourceName == "web");
        (web.Status, web.RoleId, web.LimitedBy).ShouldBe(("APPLIED", other.Id, "the role readers, 1 h"));
        var dbStays = what == "take the Resource out of it";
        (web.EndsAt, web.LatestEnd, after.ExpiresAt).ShouldBe(
            (session.StartedAt.AddHours(1), session.StartedAt.AddHours(1), session.StartedAt.AddHours(dbStays ? 4 : 1)), "the stricter role ends it earlier");
        after.ResourceIps.Single(c => c.ResourceName == "db").Status.ShouldBe(dbStays ? "APPLIED" : "REMOVED");
        app.Rules("web").ShouldBe($"web {Address}/32");
        (await app.Audit(session)).ShouldContain("SESSION_ACCESS_CHANGE");
        await app.Advance(TimeSpan.FromMinutes(50));
        (await app.Status(session)).ShouldBe(dbStays ? "ACTIVE" : "EXPIRED");
        app.Cloud("web").Rules.ShouldBeEmpty();
    }

    [Theory, EveryDatabase]
    public async Task A_direct_assignment_covers_what_a_role_gave_and_a_role_what_was_assigned(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var (ann, admin) = (app.As("ann"), app.AsAdmin());
        var session = await ann.StartSession("web", Address, hours: 4);
        session.ResourceIps.Single().Grant.ShouldBe("DIRECT");
        var role = await admin.CreateRole("on-call", ["web"], [ann]);
        var web = session.ResourceIps.Single().ResourceId;
        (await (await admin.Api()).UnassignUserAsync(web, session.UserId, None)).Problem.ShouldBeNull();
        (await app.Session(session)).ResourceIps.Single().ShouldSatisfyAllConditions(c => c.Grant.ShouldBe("ROLE"), c => c.RoleId.ShouldBe(role.Id), c => c.EndsAt.ShouldBe(session.ExpiresAt));
        await ann.Reach("web");
        (await (await admin.Api()).DeleteRoleAsync(role.Id, None)).Status.ShouldBe(HttpStatusCode.NoContent);
        (await app.Session(session)).ResourceIps.Single().ShouldSatisfyAllConditions(c => c.Grant.ShouldBe("DIRECT"), c => c.RoleId.ShouldBeNull());
        await app.RunUntilQuiet();
        (await app.Status(session)).ShouldBe("ACTIVE");
    }

    [Theory, EveryDatabase]
    public async Task A_role_that_is_loosened_ends_nothing_and_lets_what_is_open_be_extended(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var (ann, admin) = (app.As("ann"), app.AsAdmin());
        var role = await admin.CreateRole("on-call", ["web"], [ann], maxMinutes: 60);
        var session = await ann.Start();
        await app.RunUntilQuiet();
        (await ann.TryExtend(session, 1)).Problem!.ShouldSatisfyAllConditions(p => p.Error.ShouldBe(ErrorCodes.SessionTooLong), p => p.Message.ShouldContain("the role on-call, 1 h"));
        (await admin.TryUpdate(role, new UpdateRoleRequest { MaxSessionMinutes = 180 })).Problem.ShouldBeNull();
        (await app.Session(session)).ExpiresAt.ShouldBe(session.ExpiresAt);
        var longer = await ann.Extend(session, 2);
        (longer.ExpiresAt, longer.ResourceIps.Single().LimitedBy).ShouldBe((session.StartedAt.AddHours(3), "the role on-call, 3 h"));
        (await app.Audit(session)).ShouldNotContain("SESSION_ACCESS_CHANGE");
    }

    [Theory, EveryDatabase]
    public async Task A_strict_role_binds_only_what_comes_from_it_alone(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var (ann, admin) = (app.As("ann"), app.AsAdmin());
        await admin.CreateRole("strict", ["db", "web"], [ann], maxMinutes: 30);
        await admin.CreateRole("lax", ["web"], [ann]);
        var session = await ann.Start(hours: 8);
        (session.ExpiresAt, session.ResourceIps.Count).ShouldBe((session.StartedAt.AddHours(8), 2));
        var (db, web) = (session.ResourceIps.Single(c => c.ResourceName == "db"), session.ResourceIps.Single(c => c.ResourceName == "web"));
        (db.EndsAt, db.LimitedBy).ShouldBe((session.StartedAt.AddMinutes(30), "the role strict, 30 min"));
        (web.EndsAt, web.LimitedBy).ShouldBe((session.StartedAt.AddHours(8), "the organization's longest session, 24 h"));
        await app.Advance(TimeSpan.FromMinutes(30));
        var later = await app.Session(session);
        (later.Status, app.Rules("db", "web")).ShouldBe(("ACTIVE", $"db; web {Address}/32"));

        var tooLong = await app.As("ann").TryStart(new StartSessionRequest { DurationHours = 25 });
        tooLong.Problem!.ValidationErrors!["durationHours"].ShouldContain("24 h");
        var named = await ann.TryStart(new StartSessionRequest { DurationHours = 1, ResourceIds = [db.ResourceId.ToString()] });
        (named.Problem!.Error, named.Problem.ValidationErrors!["durationHours"]).ShouldBe((ErrorCodes.SessionTooLong, "is longer than the role strict, 30 min; ask for at most 30 min"));
    }

    [Theory, EveryDatabase]
    public async Task Hours_end_a_session_and_a_start_outside_of_them_is_refused(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);   // a Monday, 08:00 UTC
        var (ann, admin) = (app.As("ann"), app.AsAdmin());
        await admin.CreateRole("office", ["web"], [ann], new RoleConditions { Hours = "mon,tue 07:00-09:30", TimeZone = "Etc/UTC" });
        var session = await ann.Start(hours: 1);
        session.ExpiresAt.ShouldBe(session.StartedAt.AddHours(1));
        (await ann.TryExtend(session, 1)).Problem.ShouldNotBeNull();
        await app.RunUntilQuiet();
        (await ann.TryExtend(session, 1)).Problem!.Message.ShouldContain("the hours of the role office, MON,TUE 07:00-09:30 (Etc/UTC)");
        var open = await ann.TryStart(new StartSessionRequest());
        open.Value.ExpiresAt.ShouldBe(session.StartedAt.AddHours(1), "the default is an hour, and fits");
        await app.Advance(TimeSpan.FromMinutes(90));
        app.Cloud("web").Rules.ShouldBeEmpty();
        var late = await ann.TryStart(new StartSessionRequest());
        (late.Status, late.Problem!.Error).ShouldBe((HttpStatusCode.Forbidden, ErrorCodes.OutsideHours));
        await app.Advance(TimeSpan.FromHours(21.5));   // Tuesday, 07:00
        (await ann.TryStart(new StartSessionRequest { DurationHours = 2 })).Value.ExpiresAt.ShouldBe(app.Time.GetUtcNow().AddHours(2));
        (await ann.TryStart(new StartSessionRequest { DurationHours = 3 })).Problem!.Error.ShouldBe(ErrorCodes.SessionTooLong);
    }

    [Theory]
    [EveryDatabase("reason", HttpStatusCode.BadRequest, ErrorCodes.ReasonRequired)]
    [EveryDatabase("ticket", HttpStatusCode.BadRequest, ErrorCodes.ReasonRequired)]
    [EveryDatabase("network", HttpStatusCode.Forbidden, ErrorCodes.AddressNotAllowed)]
    [EveryDatabase("factor", HttpStatusCode.Forbidden, ErrorCodes.MfaRequired)]
    public async Task A_condition_that_is_not_met_is_named(TestDatabase database, string condition, HttpStatusCode status, string code)
    {
        await using var app = await TestApp.StartAsync(database);
        var (ann, admin) = (app.As("ann"), app.AsAdmin());
        await admin.CreateRole("careful", ["db"], [ann], condition switch
        {
            "reason" => new RoleConditions { ReasonRequired = true },
            "ticket" => new RoleConditions { ReasonRequired = true, ReasonPattern = "[A-Z]+-[0-9]+" },
            "network" => new RoleConditions { SourceNetworks = ["198.51.100.0/24"] },
            _ => new RoleConditions { MfaWithinMinutes = 15 },
        });
        var refused = await ann.TryStart(new StartSessionRequest { Reason = condition == "ticket" ? "the disk is full" : null });
        (refused.Status, refused.Problem!.Error).ShouldBe((status, code));
        refused.Problem.Message.ShouldContain("the role careful");

        // Beside something that can be opened it is left out, with the reason; named, it is refused.
        await admin.CreateRole("easy", ["web"], [ann]);
        var partly = await ann.Start();
        partly.ResourceIps.Single().ResourceName.ShouldBe("web");
        var left = partly.NotOpened!.Single();
        (left.ResourceName, left.Why.Contains("the role careful", StringComparison.Ordinal)).ShouldBe(("db", true));
        (await ann.TryStart(new StartSessionRequest { ResourceIds = [left.ResourceId.ToString(), partly.ResourceIps[0].ResourceId.ToString()] })).Problem!.Error.ShouldBe(code);

        if (condition is "reason" or "ticket")
            (await ann.Start(reason: "OPS-17 the disk is full")).ResourceIps.Count.ShouldBe(2);
        if (condition == "network")
            (await ann.Start(from: "198.51.100.7")).ResourceIps.Count.ShouldBe(2);
    }

    // What was changed behind the server's back, and the clock is told of the earlier end.
    [Theory, EveryDatabase]
    public async Task A_session_says_of_what_ended_before_it_whether_that_is_closed(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var (ann, admin) = (app.As("ann"), app.AsAdmin());
        await admin.CreateRole("strict", ["db"], [ann], maxMinutes: 30);
        await admin.CreateRole("lax", ["web"], [ann]);
        var session = await ann.Start(hours: 8);
        await app.RunUntilQuiet();
        (await app.Session(session)).StatusMessage.ShouldBe("Access is open on all Resources.");
        app.Provider.OnApply = (_, changes) => changes.Removals.Count > 0 ? Script.Unavailable : null;
        await app.Advance(TimeSpan.FromMinutes(30));
        (await app.Session(session)).ShouldSatisfyAllConditions(s => s.Status.ShouldBe("ACTIVE"), s => s.StatusMessage.ShouldContain("is being closed on another"));
        await app.Advance(TimeSpan.FromMinutes(10));
        (await app.Session(session)).ShouldSatisfyAllConditions(s => s.Status.ShouldBe("ACTIVE"), s => s.StatusMessage.ShouldContain("could not be removed yet"));
        app.Provider.OnApply = null;
        await app.Advance(TimeSpan.FromMinutes(10));
        (await app.Session(session)).ShouldSatisfyAllConditions(s => s.Status.ShouldBe("ACTIVE"), s => s.StatusMessage.ShouldContain("on the others it ended before"));
    }

    [Theory, EveryDatabase]
    public async Task The_sweep_lets_what_lost_its_grant_rest_on_another(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var (ann, admin) = (app.As("ann"), app.AsAdmin());
        var role = await admin.CreateRole("on-call", ["web", "db"], [ann]);
        var other = await admin.CreateRole("readers", ["web"], [ann], maxMinutes: 30);
        var session = await ann.Start(hours: 4);
        await app.RunUntilQuiet();
        await app.Seed.Change(db => db.RoleUsers.Where(g => g.RoleId == new Domain.RoleId(role.Id)).ExecuteDeleteAsync(None));
        await app.Sweep();
        var after = await app.Session(session);
        after.ResourceIps.Single(c => c.ResourceName == "web").ShouldSatisfyAllConditions(c => c.Status.ShouldBe("APPLIED"), c => c.RoleId.ShouldBe(other.Id), c => c.EndsAt.ShouldBe(session.StartedAt.AddMinutes(30)));
        after.ResourceIps.Single(c => c.ResourceName == "db").Status.ShouldBe("REMOVED");
        await app.Advance(TimeSpan.FromMinutes(30));
        app.Rules("web", "db").ShouldBe("web; db");
    }

    [Theory, EveryDatabase]
    public async Task A_role_that_asks_for_a_second_factor_opens_for_who_showed_one_lately(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var (ann, admin) = (app.As("ann"), app.AsAdmin());
        await admin.CreateRole("careful", ["web"], [ann], new RoleConditions { MfaWithinMinutes = 10 });
        var request = new StartSessionRequest { DurationHours = 1, Ipv4Address = Address };
        var signedIn = await ann.JoinedApi();
        (await signedIn.StartSessionAsync(request, null, None)).Problem!.Error.ShouldBe(ErrorCodes.MfaRequired, "a password alone is no second factor");
        var (secret, _) = await ann.SetUpCodes(signedIn);
        var session = (await signedIn.StartSessionAsync(request, null, None)).Value;
        await app.RunUntilQuiet();
        (await app.Status(session)).ShouldBe("ACTIVE");

        app.Time.Advance(TimeSpan.FromMinutes(11));
        (await signedIn.GetAccessAsync(None)).Value.Resources.Single().ShouldSatisfyAllConditions(r => r.CanOpen.ShouldBeFalse(), r => r.NeedsSecondFactor.ShouldBeTrue(), r => r.WhyNot!.ShouldContain("second factor"));
        (await signedIn.StartSessionAsync(request, null, None)).Problem!.Error.ShouldBe(ErrorCodes.MfaRequired);
        var extend = new ExtendSessionRequest { AdditionalMinutes = 10 };
        (await signedIn.ExtendSessionAsync(session.Id, extend, None)).Problem!.Error.ShouldBe(ErrorCodes.MfaRequired);
        (await app.Status(session)).ShouldBe("ACTIVE", "what it was started by was fresh then");
        (await ann.TryExtend(session, 1)).Problem!.Error.ShouldBe(ErrorCodes.MfaRequired, "a key shows no second factor");
        (await signedIn.VerifyMfaAgainAsync(new VerifyMfaAgainRequest { Code = ann.Code(secret) }, None)).Problem.ShouldBeNull();
        (await signedIn.GetAccessAsync(None)).Value.Resources.Single().ShouldSatisfyAllConditions(r => r.CanOpen.ShouldBeTrue(), r => r.NeedsSecondFactor.ShouldBeFalse());
        (await signedIn.ExtendSessionAsync(session.Id, extend, None)).Value.ExpiresAt.ShouldBe(session.ExpiresAt.AddMinutes(10));
    }

    private static async Task<Problem?> Change(TestApp app, RoleResponse role, string what)
    {
        var (admin, ann) = (app.AsAdmin(), await app.As("ann").SignIn());
        var api = await admin.Api();
        var web = role.ResourceIds[^1];
        foreach (var id in role.ResourceIds)
        {
            if ((await api.GetResourceAsync(id, None)).Value.Name == "web")
                web = id;
        }

        Task<ApiAnswer<RoleResponse>> Update(UpdateRoleRequest change) => admin.TryUpdate(role, change);
        return what switch
        {
            "delete the role" => (await api.DeleteRoleAsync(role.Id, None)).Problem,
            "take it from the user" => (await admin.TryTake(role, app.As("ann"))).Problem,
            "take the Resource out of it" => (await api.SetRoleResourceAsync(role.Id, web, true, None)).Problem,
            "set its users" => (await Update(new UpdateRoleRequest { UserIds = [] })).Problem,
            "set its Resources" => (await Update(new UpdateRoleRequest { ResourceIds = [] })).Problem,
            "deactivate the user" => (await admin.TryUpdate(app.As("ann"), new UpdateUserRequest { IsActive = false })).Problem,
            "delete the user" => (await api.DeleteUserAsync(ann.User.Value, true, None)).Problem,
            "delete the Resource" => (await api.DeleteResourceAsync(web, true, None)).Problem,
            "switch the Resource off" => (await api.UpdateResourceAsync(web, new UpdateResourceRequest { IsActive = false }, null, None)).Problem,
            "revoke the key" => (await api.RevokeApiKeyAsync((await api.ListApiKeysAsync(null, None)).Value.Single(k => k.UserId == ann.User.Value).Id, None)).Problem,
            "ask for a reason" => (await Update(new UpdateRoleRequest { Conditions = new RoleConditions { ReasonRequired = true } })).Problem,
            "allow other networks only" => (await Update(new UpdateRoleRequest { Conditions = new RoleConditions { SourceNetworks = ["198.51.100.0/24"] } })).Problem,
            "shut it at this hour" => (await Update(new UpdateRoleRequest { Conditions = new RoleConditions { Hours = "MON 09:00-10:00", TimeZone = "Etc/UTC" } })).Problem,
            "ask for a second factor" => (await Update(new UpdateRoleRequest { Conditions = new RoleConditions { MfaWithinMinutes = 60 } })).Problem,
            "shorten it below what has passed" => (await Update(new UpdateRoleRequest { MaxSessionMinutes = 5 })).Problem,
            "shorten the organization's limit" => (await api.UpdateOrganizationSettingsAsync(new UpdateOrganizationSettingsRequest { MaxSessionMinutes = 5 }, null, None)).Problem,
            _ => throw new ArgumentOutOfRangeException(nameof(what), what, null),
        };
    }
}
