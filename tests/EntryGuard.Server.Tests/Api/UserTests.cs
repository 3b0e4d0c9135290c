using System.Net;
using EntryGuard.Contracts;
using EntryGuard.Server.Data;
using EntryGuard.Server.Tests.Races;
using EntryGuard.Testing;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Tests.Api;

public sealed class UserTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Theory, EveryDatabase]
    public async Task A_user_is_made_listed_read_and_changed(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var api = await app.AsAdmin().Api();
        app.Time.Advance(TimeSpan.FromMinutes(1));
        var made = await api.CreateUserAsync(new CreateUserRequest { Email = " Ann@Example.COM ", Name = "Ann" }, None);
        made.Status.ShouldBe(HttpStatusCode.Created);
        (made.Value.Email, made.Value.Name, made.Value.IsOrgAdmin, made.Value.MayNameAddress, made.Value.IsActive).ShouldBe(("ann@example.com", "Ann", false, false, true));
        var read = await api.GetUserAsync(made.Value.Id, None);
        read.Value.ShouldBeEquivalentTo(made.Value with { Invitation = null });
        (await api.ListUsersAsync(null, None)).Value.Select(u => u.Email).ShouldBe(["admin@acme.example", "ann@example.com"]);

        var changed = await api.UpdateUserAsync(made.Value.Id, new UpdateUserRequest { Name = "", MayNameAddress = true }, read.ETag, None);
        (changed.Value.Name, changed.Value.MayNameAddress).ShouldBe((null, true));
        (await api.UpdateUserAsync(made.Value.Id, new UpdateUserRequest { Name = "B" }, read.ETag, None)).Status.ShouldBe(HttpStatusCode.PreconditionFailed);
        (await EventsOf(app, made.Value.Id)).ShouldBe(
        [
            ("USER_CREATE", """{"name":"Ann","authority":"MEMBER","mayNameAddress":false}"""),
            ("USER_UPDATE", """{"name":{"from":"Ann","to":null},"mayNameAddress":{"from":false,"to":true}}"""),
        ]);
    }

    [Theory]
    [EveryDatabase(null, "is missing")]
    [EveryDatabase("  ", "is missing")]
    [EveryDatabase("ann", "is no e-mail address")]
    [EveryDatabase("@example.com", "is no e-mail address")]
    [EveryDatabase("ann@", "is no e-mail address")]
    [EveryDatabase("a@b@c", "is no e-mail address")]
    [EveryDatabase("ann smith@example.com", "spaces")]
    [EveryDatabase("änn@example.com", "ASCII")]
    [EveryDatabase("ann@example.com\r\nbcc:x", "spaces")]
    public async Task An_address_that_is_none_is_refused(TestDatabase database, string? email, string words)
    {
        await using var app = await TestApp.StartAsync(database);
        var api = await app.AsAdmin().Api();
        var answer = await api.CreateUserAsync(new CreateUserRequest { Email = email, Name = "two\nlines" }, None);
        answer.Status.ShouldBe(HttpStatusCode.BadRequest);
        answer.Problem!.ValidationErrors!["email"].ShouldContain(words);
        answer.Problem.ValidationErrors.ShouldContainKey("name");
        (await api.ListUsersAsync(null, None)).Value.Count.ShouldBe(1);
    }

    [Theory, EveryDatabase]
    public async Task An_address_is_taken_once_whatever_its_case(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var api = await app.AsAdmin().Api();
        await api.CreateUserAsync(new CreateUserRequest { Email = "ann@example.com" }, None);
        var again = await api.CreateUserAsync(new CreateUserRequest { Email = "ANN@example.com" }, None);
        (again.Status, again.Problem!.Error).ShouldBe((HttpStatusCode.BadRequest, ErrorCodes.EmailTaken));
        (await (await app.AsAdmin("zeta").Api()).CreateUserAsync(new CreateUserRequest { Email = "ann@example.com" }, None)).Status.ShouldBe(HttpStatusCode.Created);
    }

    [Theory, EveryDatabase]
    public async Task Only_admins_see_users_and_only_their_own(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var theirs = (await app.As("zoe", "zeta").SignIn()).User.Value;
        var api = await app.AsAdmin().Api();
        (await api.GetUserAsync(theirs, None)).Problem!.Error.ShouldBe(ErrorCodes.UserNotFound);
        (await api.UpdateUserAsync(theirs, new UpdateUserRequest { IsActive = false }, null, None)).Status.ShouldBe(HttpStatusCode.NotFound);
        (await (await app.As("ann").Api()).ListUsersAsync(null, None)).Status.ShouldBe(HttpStatusCode.Forbidden);
        (await (await app.As("zoe", "zeta").Api()).ListSessionsAsync(null, false, None)).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Theory, EveryDatabase]
    public async Task E05_deactivating_a_user_ends_all_their_sessions_at_once(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var (ann, bob) = (app.As("ann"), app.As("bob"));
        await ann.StartSession("web", "203.0.113.7");
        await ann.StartSession("db", "203.0.113.8");
        await bob.StartSession("web", "203.0.113.9");
        await app.RunUntilQuiet();
        (await app.AsAdmin().TryUpdate(ann, new UpdateUserRequest { IsActive = false })).Value.IsActive.ShouldBeFalse();
        (await Sessions(app)).ShouldBe([("ann@acme.example", "EXPIRING", "ACCESS_REVOKED"), ("ann@acme.example", "EXPIRING", "ACCESS_REVOKED"), ("bob@acme.example", "ACTIVE", null)]);
        await app.RunUntilQuiet();
        app.Cloud("web").Rules.ShouldBe(["203.0.113.9/32"]);
        app.Cloud("db").Rules.ShouldBeEmpty();
        (await (await ann.Api()).ListSessionsAsync(null, false, None)).Status.ShouldBe(HttpStatusCode.Unauthorized);

        // Active again, the user starts anew; what ended stays ended.
        await app.AsAdmin().TryUpdate(ann, new UpdateUserRequest { IsActive = true });
        (await ann.TryStartSession(["web"], ["203.0.113.7"])).Status.ShouldBe(HttpStatusCode.Created);
    }

    [Theory, EveryDatabase]
    public async Task E05_an_admin_who_steps_down_keeps_only_what_an_assignment_covers(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var eve = app.As("eve", isAdmin: true);
        var me = await eve.SignIn();
        var (web, db) = (await app.Seed.Resource(me.Organization, "web"), await app.Seed.Resource(me.Organization, "db"));
        var session = (await (await eve.Api()).StartSessionAsync(new StartSessionRequest
        {
            DurationMinutes = 60,
            Ipv4Address = "203.0.113.7",
            ResourceIds = [web.Value.ToString(), db.Value.ToString()],
        }, null, None)).Value;
        await app.RunUntilQuiet();
        app.Cloud("db").Rules.ShouldBe(["203.0.113.7/32"]);
        await app.Seed.Assignment(me.Organization, me.User, web);

        (await app.AsAdmin().TryUpdate(eve, new UpdateUserRequest { IsOrgAdmin = false })).Value.IsOrgAdmin.ShouldBeFalse();
        await app.RunUntilQuiet();
        await app.Sweep();
        app.Cloud("web").Rules.ShouldBe(["203.0.113.7/32"]);
        app.Cloud("db").Rules.ShouldBeEmpty();
        (await app.Status(session)).ShouldBe("ACTIVE");
    }

    [Theory, EveryDatabase]
    public async Task The_last_active_admin_stays(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var (admin, eve) = (app.AsAdmin(), app.As("eve", isAdmin: true));
        await eve.SignIn();
        (await admin.TryUpdate(eve, new UpdateUserRequest { IsActive = false })).Status.ShouldBe(HttpStatusCode.OK);
        foreach (var change in (UpdateUserRequest[])[new() { IsOrgAdmin = false }, new() { IsActive = false }])
        {
            var answer = await admin.TryUpdate(admin, change);
            (answer.Status, answer.Problem!.Error).ShouldBe((HttpStatusCode.BadRequest, ErrorCodes.LastAdmin));
        }

        await admin.TryUpdate(eve, new UpdateUserRequest { IsActive = true });
        (await admin.TryUpdate(admin, new UpdateUserRequest { IsOrgAdmin = false })).Status.ShouldBe(HttpStatusCode.OK);
        (await (await admin.Api()).ListUsersAsync(null, None)).Status.ShouldBe(HttpStatusCode.Forbidden);
    }

    [Theory, PostgresOnly]
    public async Task E18_two_admins_cannot_depose_each_other_at_the_same_moment(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var (admin, eve) = (app.AsAdmin(), app.As("eve", isAdmin: true));
        var (first, second) = (await admin.SignIn(), await eve.SignIn());
        await using var db = app.Databases.OpenTenant(first.Organization);
        await using var work = await db.BeginWriteAsync(WritePriority.Other, None);
        await db.Users.Where(u => u.Id == first.User).ExecuteUpdateAsync(set => set.SetProperty(u => u.Authority, Authority.Member), None);   // eve's, not yet committed

        var answer = Task.Run(() => admin.TryUpdate(eve, new UpdateUserRequest { IsOrgAdmin = false }), None);
        (await LockWait.OfAsync(database, answer)).ShouldBeTrue();
        await work.CommitAsync(None);
        (await answer).Problem!.Error.ShouldBe(ErrorCodes.LastAdmin);
        await app.Seed.Change(async all => (await all.Users.SingleAsync(u => u.Id == second.User)).IsOrgAdmin.ShouldBeTrue());
    }

    [Theory, EveryDatabase]
    public async Task What_does_not_change_anything_leaves_no_trace(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = app.As("ann");
        await ann.SignIn();
        (await app.AsAdmin().TryUpdate(ann, new UpdateUserRequest { IsActive = true, IsOrgAdmin = false, Name = "" })).Status.ShouldBe(HttpStatusCode.OK);
        (await EventsOf(app, (await ann.SignIn()).User.Value)).ShouldBeEmpty();
    }

    private static async Task<List<(string, string, string?)>> Sessions(TestApp app) =>
        [.. (await (await app.AsAdmin().Api()).ListSessionsAsync(null, true, None)).Value.Select(s => (s.UserEmail, s.Status, s.EndedReason)).Order()];

    private static async Task<List<(string, string?)>> EventsOf(TestApp app, Guid id)
    {
        await using var db = app.Databases.OpenEngine();
        await using var read = await db.BeginReadAsync(None);
        var rows = await db.Audit.Where(a => a.ResourceId == id.ToString()).OrderBy(a => a.Id).ToListAsync(None);
        return rows.ConvertAll(a => (a.EventType, a.Details));
    }
}
