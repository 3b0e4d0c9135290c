using System.Net;
using EntryGuard.Contracts;
using EntryGuard.Testing;

namespace EntryGuard.Server.Tests.People;

public sealed class RoleTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Theory, EveryDatabase]
    public async Task A_role_is_made_listed_read_changed_and_deleted(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var (admin, api) = (app.AsAdmin(), await app.AsAdmin().Api());
        var conditions = new RoleConditions
        {
            ReasonRequired = true,
            ReasonPattern = "[A-Z]+-[0-9]+",
            SourceNetworks = ["203.0.113.0/24", "2001:db8::/32"],
            Hours = "MON,TUE 08:00-18:00; SAT 22:00-02:00",
            TimeZone = "Europe/Berlin",
            MfaWithinMinutes = 30,
        };
        var made = await admin.CreateRole("on-call", ["web", "db"], [app.As("ann"), app.As("bob")], conditions, maxMinutes: 90);
        (made.MaxSessionMinutes, made.MaxSessionDurationHours, made.ResourceIds.Count, made.UserIds.Count).ShouldBe((90, 1, 2, 2));
        Json(made.Conditions).ShouldBe(Json(conditions));
        Json((await api.GetRoleAsync(made.Id, None)).Value).ShouldBe(Json(made));
        app.Time.Advance(TimeSpan.FromSeconds(1));
        var second = await admin.CreateRole("readers", ["web"], [app.As("bob")]);
        (await Names("")).ShouldBe(["on-call", "readers"]);
        (await Names("search=ON-C")).ShouldBe(["on-call"]);
        (await Names("search=%25")).ShouldBeEmpty();
        (await Names($"userId={(await app.As("ann").SignIn()).User.Value}")).ShouldBe(["on-call"]);
        (await Names($"resourceId={second.ResourceIds[0]}")).ShouldBe(["on-call", "readers"]);
        var page = await api.ListRolesAsync("limit=1", None);
        (await api.ListRolesAsync($"limit=1&cursor={page.NextCursor}", None)).Value.Single().Name.ShouldBe("readers");
        (await api.ListUsersAsync("search=bob", None)).Value.Single().RoleNames.ShouldBe(["on-call", "readers"]);

        var read = await api.GetRoleAsync(made.Id, None);
        await app.Advance(TimeSpan.FromSeconds(1));
        var changed = await admin.TryUpdate(made, new UpdateRoleRequest { Name = "night", MaxSessionMinutes = 0, Conditions = new RoleConditions(), UserIds = [made.UserIds[0].ToString()] }, read.ETag);
        (changed.Value.Name, changed.Value.MaxSessionMinutes, changed.Value.UserIds.Count, changed.Value.ResourceIds.Count, changed.Value.Conditions.Hours).ShouldBe(("night", null, 1, 2, null));
        (await admin.TryUpdate(made, new UpdateRoleRequest { Name = "late" }, read.ETag)).Status.ShouldBe(HttpStatusCode.PreconditionFailed);
        (await admin.TryUpdate(made, new UpdateRoleRequest { Name = "readers" })).Problem!.Error.ShouldBe(ErrorCodes.NameTaken);

        (await api.SetRoleUserAsync(made.Id, made.UserIds[0], false, None)).Problem!.Error.ShouldBe(ErrorCodes.AlreadyAssigned);
        (await api.SetRoleUserAsync(made.Id, made.UserIds[1], false, None)).Status.ShouldBe(HttpStatusCode.OK);
        (await api.SetRoleUserAsync(made.Id, made.UserIds[1], true, None)).Status.ShouldBe(HttpStatusCode.OK);
        (await api.SetRoleUserAsync(made.Id, made.UserIds[1], true, None)).Status.ShouldBe(HttpStatusCode.NotFound);
        (await api.SetRoleResourceAsync(made.Id, made.ResourceIds[0], false, None)).Problem!.Error.ShouldBe(ErrorCodes.AlreadyAssigned);
        (await api.SetRoleResourceAsync(made.Id, made.ResourceIds[0], true, None)).Status.ShouldBe(HttpStatusCode.OK);
        (await api.SetRoleResourceAsync(made.Id, made.ResourceIds[0], true, None)).Status.ShouldBe(HttpStatusCode.NotFound);
        (await api.DeleteRoleAsync(made.Id, None)).Status.ShouldBe(HttpStatusCode.NoContent);
        (await api.DeleteRoleAsync(made.Id, None)).Problem!.Error.ShouldBe(ErrorCodes.RoleNotFound);
        var audit = (await api.ListAuditAsync("eventType=ROLE_CREATE,ROLE_UPDATE,ROLE_USER_ADD,ROLE_USER_REMOVE,ROLE_RESOURCE_REMOVE,ROLE_DELETE", None)).Value.Content;
        audit.Reverse().Select(a => a.EventType).ShouldBe(["ROLE_CREATE", "ROLE_CREATE", "ROLE_UPDATE", "ROLE_USER_ADD", "ROLE_USER_REMOVE", "ROLE_RESOURCE_REMOVE", "ROLE_DELETE"]);
        var update = audit.Single(a => a.EventType == "ROLE_UPDATE").Details!.Value;
        (update.GetProperty("name").GetProperty("from").GetString(), update.GetProperty("usersRemoved").GetArrayLength()).ShouldBe(("on-call", 1));

        static string Json<T>(T value) => System.Text.Json.JsonSerializer.Serialize(value);
        async Task<IEnumerable<string>> Names(string query) => (await api.ListRolesAsync(query, None)).Value.Select(r => r.Name);
    }

    [Theory]
    [EveryDatabase("""{}""", "name")]
    [EveryDatabase("""{"name":" "}""", "name")]
    [EveryDatabase("""{"name":"r","maxSessionMinutes":-1}""", "maxSessionMinutes")]
    [EveryDatabase("""{"name":"r","maxSessionMinutes":43201}""", "maxSessionMinutes")]
    [EveryDatabase("""{"name":"r","maxSessionDurationHours":1,"maxSessionMinutes":1}""", "maxSessionMinutes")]
    [EveryDatabase("""{"name":"r","conditions":{"reasonPattern":"["}}""", "conditions.reasonPattern")]
    [EveryDatabase("""{"name":"r","conditions":{"reasonPattern":"(?=a)b"}}""", "conditions.reasonPattern")]
    [EveryDatabase("""{"name":"r","conditions":{"sourceNetworks":["203.0.113.7/24"]}}""", "conditions.sourceNetworks[0]")]
    [EveryDatabase("""{"name":"r","conditions":{"hours":"MON 08:00-18:00"}}""", "conditions.timeZone")]
    [EveryDatabase("""{"name":"r","conditions":{"hours":"MON 08:00-18:00","timeZone":"Mars/Olympus"}}""", "conditions.timeZone")]
    [EveryDatabase("""{"name":"r","conditions":{"timeZone":"Etc/UTC"}}""", "conditions.timeZone")]
    [EveryDatabase("""{"name":"r","conditions":{"hours":"always","timeZone":"Etc/UTC"}}""", "conditions.hours")]
    [EveryDatabase("""{"name":"r","conditions":{"mfaWithinMinutes":0}}""", "conditions.mfaWithinMinutes")]
    [EveryDatabase("""{"name":"r","conditions":{"unknown":1}}""", "unknown")]
    [EveryDatabase("""{"name":"r","resourceIds":["x"]}""", "resourceIds[0]")]
    [EveryDatabase("""{"name":"r","userIds":["00000000-0000-0000-0000-000000000001"]}""", "userIds")]
    public async Task Bad_input_names_its_field_and_makes_nothing(TestDatabase database, string body, string field)
    {
        await using var app = await TestApp.StartAsync(database);
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        var answer = await (await app.AsAdmin().Http()).PostAsync(new Uri("/api/v1/roles", UriKind.Relative), content);
        ((int)answer.StatusCode).ShouldBeInRange(400, 404);
        (await answer.Content.ReadAsStringAsync()).ShouldContain(field);
        (await (await app.AsAdmin().Api()).ListRolesAsync(null, None)).Value.ShouldBeEmpty();
    }

    [Theory, EveryDatabase]
    public async Task Access_says_what_could_be_opened_for_how_long_and_why_not_the_rest(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var (ann, admin) = (app.As("ann"), app.AsAdmin());
        await ann.Reach("assigned");
        await admin.CreateRole("short", ["assigned", "short"], [ann], maxMinutes: 30);
        await admin.CreateRole("why", ["why"], [ann], new RoleConditions { ReasonRequired = true, ReasonPattern = "OPS-[0-9]+" }, maxMinutes: 45);
        await admin.CreateRole("night", ["night"], [ann], new RoleConditions { Hours = "MON 20:00-24:00", TimeZone = "Etc/UTC" });
        await admin.CreateRole("home", ["night", "home"], [ann], new RoleConditions { SourceNetworks = ["192.0.2.0/24"] });
        await admin.CreateRole("others", ["others"], [app.As("bob")]);
        var access = (await (await ann.Api("203.0.113.7")).GetAccessAsync(None)).Value;
        (access.IpAddress, access.MaxSessionMinutes, access.WhyNot).ShouldBe(("203.0.113.7", 24 * 60, null));
        access.Resources.Select(r => $"{r.ResourceName} {r.CanOpen} {r.MaxMinutes} {r.NeedsReason} {r.LimitedBy}").ShouldBe(
        [
            "assigned True 1440 False the organization's longest session, 24 h",
            "home False  False ",
            "night False  False ",
            "short True 30 False the role short, 30 min",
            "why True 45 True the role why, 45 min",
        ]);
        access.Resources.Single(r => r.ResourceName == "why").ReasonPattern.ShouldBe("OPS-[0-9]+");
        access.Resources[0].Ways.Select(w => $"{w.Grant} {w.RoleName}").ShouldBe(["DIRECT ", "ROLE short"]);
        var night = access.Resources.Single(r => r.ResourceName == "night");
        night.WhyNot!.ShouldContain("the role home opens nothing for 203.0.113.7, only for 192.0.2.0/24");
        night.WhyNot!.ShouldContain("the role night is open only MON 20:00-24:00 (Etc/UTC)");
        night.Ways.ShouldAllBe(w => w.WhyNot != null && w.LatestEnd == null);

        // What it says is what a start does.
        var session = await ann.Start(hours: 24, reason: "OPS-1");
        session.ResourceIps.Select(c => $"{c.ResourceName} {(c.LatestEnd - session.StartedAt).TotalMinutes} {c.LimitedBy}").Order().ShouldBe(
            access.Resources.Where(r => r.CanOpen).Select(r => $"{r.ResourceName} {r.MaxMinutes} {r.LimitedBy}").Order());
        session.NotOpened!.Select(n => n.ResourceName).Order().ShouldBe(["home", "night"]);
    }

    [Theory, EveryDatabase]
    public async Task Being_an_admin_is_no_way_but_an_admin_may_name_any(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var admin = app.AsAdmin();
        var role = await admin.CreateRole("strict", ["web"], [app.As("ann")], maxMinutes: 30);
        (await (await admin.Api()).GetAccessAsync(None)).Value.Resources.ShouldBeEmpty();
        (await admin.TryStart(new StartSessionRequest())).Problem!.Error.ShouldBe(ErrorCodes.NothingToOpen);
        var named = await admin.TryStart(new StartSessionRequest { ResourceIds = [role.ResourceIds[0].ToString()], DurationHours = 2 });
        (named.Value.ResourceIps.Single().Grant, named.Value.ExpiresAt).ShouldBe(("ADMIN", named.Value.StartedAt.AddHours(2)));
        (await (await admin.Api()).SetRoleUserAsync(role.Id, named.Value.UserId, false, None)).Problem.ShouldBeNull();
        var byRole = await admin.TryStart(new StartSessionRequest { ResourceIds = [role.ResourceIds[0].ToString()], DurationMinutes = 30 });
        byRole.Value.ResourceIps.Single().Grant.ShouldBe("ROLE", "who has a role opens by it");
    }
}
