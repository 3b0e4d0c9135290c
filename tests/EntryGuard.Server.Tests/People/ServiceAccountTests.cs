using System.Net;
using EntryGuard.Contracts;
using EntryGuard.Testing;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Tests.People;

/// <summary>Programs, and the keys that let them in.</summary>
public sealed class ServiceAccountTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Theory, EveryDatabase]
    public async Task A_program_has_roles_and_keys_of_its_own(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var (admin, api) = (app.AsAdmin(), await app.AsAdmin().Api());
        var account = (await api.CreateServiceAccountAsync(new CreateServiceAccountRequest { Name = "ci-deploy", Description = "the pipeline", MayNameAddress = true }, None)).Value;
        (account.Name, account.Email, account.Authority, account.Description).ShouldBe(("ci-deploy", "ci-deploy@acme.service", "MEMBER", "the pipeline"));
        (await api.CreateServiceAccountAsync(new CreateServiceAccountRequest { Name = "ci-deploy" }, None)).Problem!.Error.ShouldBe(ErrorCodes.NameTaken);
        (await api.ListUsersAsync(null, None)).Value.ShouldNotContain(u => u.Id == account.Id, "it is no person");
        (await api.GetUserAsync(account.Id, None)).Status.ShouldBe(HttpStatusCode.NotFound);
        (await api.ListServiceAccountsAsync("search=pipe", None)).Value.Single().Id.ShouldBe(account.Id);
        var role = await admin.CreateRole("deployers", ["web"], []);
        (await api.SetRoleUserAsync(role.Id, account.Id, false, None)).Problem.ShouldBeNull();
        (await api.GetServiceAccountAsync(account.Id, None)).Value.RoleNames.ShouldBe(["deployers"]);
        var key = (await api.CreateApiKeyAsync(new CreateApiKeyRequest { Name = "runner", Scopes = ["sessions:write"], UserId = account.Id.ToString() }, None)).Value;
        (key.UserId, key.UserEmail, key.CreatedByEmail).ShouldBe((account.Id, account.Email, admin.Email));

        var program = admin.With(key.PlainTextKey!);
        var session = (await program.StartSessionAsync(new StartSessionRequest { Ipv4Address = "203.0.113.7" }, null, None)).Value;
        (session.UserEmail, session.ResourceIps.Single().Grant).ShouldBe((account.Email, "ROLE"));
        await app.RunUntilQuiet();
        var start = (await api.ListAuditAsync($"eventType=SESSION_START&sessionId={session.Id}", None)).Value.Content.Single();
        (start.ActorType, start.ActorEmail, start.ActorKey).ShouldBe(("SERVICE_ACCOUNT", account.Email, $"runner ({key.KeyPrefix}…)"));

        var off = await api.UpdateServiceAccountAsync(account.Id, new UpdateServiceAccountRequest { IsActive = false }, null, None);
        off.Value.IsActive.ShouldBeFalse();
        await app.RunUntilQuiet();
        app.Cloud("web").Rules.ShouldBeEmpty();
        (await program.GetAccessAsync(None)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await api.UpdateServiceAccountAsync(account.Id, new UpdateServiceAccountRequest { IsActive = true }, null, None)).Problem.ShouldBeNull();
        (await program.GetAccessAsync(None)).Status.ShouldBe(HttpStatusCode.OK);
        (await api.DeleteServiceAccountAsync(account.Id, false, None)).Status.ShouldBe(HttpStatusCode.NoContent);
        (await program.GetAccessAsync(None)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await api.GetServiceAccountAsync(account.Id, None)).Problem!.Error.ShouldBe(ErrorCodes.ServiceAccountNotFound);
        (await api.CreateServiceAccountAsync(new CreateServiceAccountRequest { Name = "ci-deploy" }, None)).Status.ShouldBe(HttpStatusCode.Created, "the name is free again");
        (await api.GetSessionAsync(session.Id, None)).Value.UserEmail.ShouldBe(account.Email, "what it did stays readable");
    }

    [Theory]
    [EveryDatabase("")]
    [EveryDatabase("CI")]
    [EveryDatabase("-ci")]
    [EveryDatabase("ci-")]
    [EveryDatabase("c i")]
    [EveryDatabase("сi")]   // a Cyrillic с
    [EveryDatabase("ci@acme.service")]
    [EveryDatabase("0123456789012345678901234567890123456789012345678901234567890123")]
    public async Task A_name_is_a_plain_word(TestDatabase database, string name)
    {
        await using var app = await TestApp.StartAsync(database);
        var refused = await (await app.AsAdmin().Api()).CreateServiceAccountAsync(new CreateServiceAccountRequest { Name = name }, None);
        (refused.Status, refused.Problem!.ValidationErrors!.ContainsKey("name")).ShouldBe((HttpStatusCode.BadRequest, true));
    }

    [Theory, EveryDatabase]
    public async Task A_person_cannot_take_the_address_of_a_program(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var refused = await (await app.AsAdmin().Api()).CreateUserAsync(new CreateUserRequest { Email = "ci@acme.Service" }, None);
        refused.Problem!.ValidationErrors!["email"].ShouldContain("service accounts");
    }

    [Theory, EveryDatabase]
    public async Task Revoking_a_key_ends_what_was_started_with_it_and_nothing_else(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = app.As("ann");
        await ann.Reach("web");
        var key = await ann.CreateApiKey("laptop", "*");
        var own = await ann.StartSession("web", "203.0.113.8");
        var laptops = (await ann.With(key.PlainTextKey!).StartSessionAsync(new StartSessionRequest { Ipv4Address = "203.0.113.7" }, null, None)).Value;
        await app.RunUntilQuiet();
        (await (await ann.Api()).RevokeApiKeyAsync(key.Id, None)).Status.ShouldBe(HttpStatusCode.NoContent);
        (await app.Session(laptops)).ShouldSatisfyAllConditions(s => s.Status.ShouldBe("EXPIRING"), s => s.EndedReason.ShouldBe("ACCESS_REVOKED"));
        await app.RunUntilQuiet();
        (await app.Status(own)).ShouldBe("ACTIVE");
        app.Cloud("web").Rules.ShouldBe(["203.0.113.8/32"]);
    }

    [Theory, EveryDatabase]
    public async Task A_rotated_key_works_on_for_the_overlap_and_its_sessions_go_on(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = app.As("ann");
        await ann.Reach("web");
        var old = (await (await ann.Api()).CreateApiKeyAsync(
            new CreateApiKeyRequest { Name = "laptop", Scopes = ["sessions:write"], SourceNetworks = ["198.51.100.0/24"] }, None)).Value;
        var session = (await ann.With(old.PlainTextKey!).StartSessionAsync(new StartSessionRequest { DurationHours = 2, Ipv4Address = "203.0.113.7" }, null, None)).Value;
        await app.RunUntilQuiet();
        var api = await ann.Api();
        var made = (await api.RotateApiKeyAsync(old.Id, new RotateApiKeyRequest { OverlapMinutes = 10 }, None)).Value;
        (made.Name, made.ExpiresAt).ShouldBe(("laptop", null));
        made.Scopes.ShouldBe(old.Scopes);
        made.SourceNetworks.ShouldBe(old.SourceNetworks);
        var after = (await api.GetApiKeyAsync(old.Id, None)).Value;
        (after.RotatedTo, after.ExpiresAt).ShouldBe((made.Id, app.Time.GetUtcNow().AddMinutes(10)));
        (await api.RotateApiKeyAsync(old.Id, new RotateApiKeyRequest(), None)).Status.ShouldBe(HttpStatusCode.BadRequest, "once");
        (await ann.With(old.PlainTextKey!).GetAccessAsync(None)).Status.ShouldBe(HttpStatusCode.OK);
        (await ann.With(made.PlainTextKey!).GetAccessAsync(None)).Status.ShouldBe(HttpStatusCode.OK);
        await app.Advance(TimeSpan.FromMinutes(10));
        (await ann.With(old.PlainTextKey!).GetAccessAsync(None)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await ann.With(made.PlainTextKey!).GetAccessAsync(None)).Status.ShouldBe(HttpStatusCode.OK);
        (await app.Status(session)).ShouldBe("ACTIVE");
    }

    [Theory, EveryDatabase]
    public async Task A_key_is_heard_only_from_its_networks_and_reaches_only_its_Resources(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = app.As("ann");
        var ids = await ann.Reach("web", "db");
        var key = (await (await ann.Api()).CreateApiKeyAsync(new CreateApiKeyRequest
        {
            Name = "narrow",
            Scopes = ["*"],
            SourceNetworks = ["198.51.100.0/28"],
            ResourceIds = [ids[0].Value.ToString()],
        }, None)).Value;
        key.SourceNetworks.ShouldBe(["198.51.100.0/28"]);
        var elsewhere = new ApiClient(app.Client("198.51.100.16"));
        elsewhere.UseKey(key.PlainTextKey!);
        (await elsewhere.GetAccessAsync(None)).ShouldSatisfyAllConditions(a => a.Status.ShouldBe(HttpStatusCode.Unauthorized));

        var narrow = ann.With(key.PlainTextKey!);
        (await narrow.GetAccessAsync(None)).Value.Resources.Single().ResourceName.ShouldBe("web");
        (await narrow.StartSessionAsync(new StartSessionRequest { Ipv4Address = "203.0.113.7" }, null, None)).Value.ResourceIps.Single().ResourceName.ShouldBe("web");
        (await narrow.StartSessionAsync(new StartSessionRequest { Ipv4Address = "203.0.113.7", ResourceIds = [ids[1].Value.ToString()] }, null, None)).Problem!.Error.ShouldBe(ErrorCodes.ResourceNotFound);

        // A key never makes one that may do more, and what it leaves out it passes on.
        var child = (await narrow.CreateApiKeyAsync(new CreateApiKeyRequest { Name = "child", Scopes = ["sessions:read"] }, None)).Value;
        child.SourceNetworks.ShouldBe(["198.51.100.0/28"]);
        child.ResourceIds.ShouldBe([ids[0].Value]);
        (await narrow.CreateApiKeyAsync(new CreateApiKeyRequest { Name = "wide", Scopes = ["sessions:read"], SourceNetworks = ["198.51.100.0/24"] }, None)).Problem!.ValidationErrors!.ShouldContainKey("sourceNetworks");
        (await narrow.CreateApiKeyAsync(new CreateApiKeyRequest { Name = "wide", Scopes = ["sessions:read"], ResourceIds = [ids[1].Value.ToString()] }, None)).Problem!.ValidationErrors!.ShouldContainKey("resourceIds");
        var free = await ann.CreateApiKey("free", "*");
        (await narrow.RotateApiKeyAsync(free.Id, new RotateApiKeyRequest(), None)).Status.ShouldBe(HttpStatusCode.Forbidden, "its successor could be used from anywhere");
    }

    [Theory, EveryDatabase]
    public async Task A_scope_with_a_star_is_reading_and_writing(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var admin = app.AsAdmin();
        var key = await admin.CreateApiKey("as code", "roles:*", "users:*");
        key.Scopes.ShouldBe(["users:write", "roles:write"]);
        var code = admin.With(key.PlainTextKey!);
        (await code.ListRolesAsync(null, None)).Status.ShouldBe(HttpStatusCode.OK);
        (await code.CreateRoleAsync(new CreateRoleRequest { Name = "r" }, None)).Status.ShouldBe(HttpStatusCode.Created);
        (await code.ListAuditAsync(null, None)).Status.ShouldBe(HttpStatusCode.Forbidden);
        (await (await admin.Api()).CreateApiKeyAsync(new CreateApiKeyRequest { Name = "no", Scopes = ["doors:*"] }, None)).Problem!.ValidationErrors!.ShouldContainKey("scopes[0]");
    }

    [Theory, EveryDatabase]
    public async Task A_user_who_is_deleted_is_gone_but_what_they_did_is_not(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var (ann, api) = (app.As("ann"), await app.AsAdmin().Api());
        var session = await ann.StartSession("web", "203.0.113.7");
        await app.RunUntilQuiet();
        var id = session.UserId;
        (await api.DeleteUserAsync(id, false, None)).Problem!.Error.ShouldBe(ErrorCodes.UserInUse);
        (await app.Status(session)).ShouldBe("ACTIVE");
        (await api.DeleteUserAsync(id, true, None)).Status.ShouldBe(HttpStatusCode.NoContent);
        await app.RunUntilQuiet();
        app.Cloud("web").Rules.ShouldBeEmpty();
        (await (await ann.Api()).GetAccessAsync(None)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await api.GetUserAsync(id, None)).Status.ShouldBe(HttpStatusCode.NotFound);
        (await api.GetSessionAsync(session.Id, None)).Value.ShouldSatisfyAllConditions(s => s.Status.ShouldBe("CANCELLED"), s => s.UserEmail.ShouldBe(ann.Email));
        (await api.CreateUserAsync(new CreateUserRequest { Email = ann.Email }, None)).Status.ShouldBe(HttpStatusCode.Created, "the address is free again");
        (await api.DeleteUserAsync(id, true, None)).Status.ShouldBe(HttpStatusCode.NotFound);
        (await api.DeleteUserAsync((await app.AsAdmin().SignIn()).User.Value, true, None)).Problem!.Error.ShouldBe(ErrorCodes.LastAdmin);
        await app.Seed.Change(async db => (await db.Users.CountAsync(u => u.Email == ann.Email)).ShouldBe(2));
    }

    [Theory, EveryDatabase]
    public async Task Many_users_are_made_at_once_or_none(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var api = await app.AsAdmin().Api();
        var wrong = await api.CreateUsersAsync(new CreateUsersRequest { Users = [new() { Email = "a@x.example" }, new() { Email = "b" }, new() { Email = "A@x.example" }] }, None);
        wrong.Problem!.ValidationErrors!.Keys.ShouldBe(["users[1].email", "users[2].email"], ignoreOrder: true);
        var taken = await api.CreateUsersAsync(new CreateUsersRequest { Users = [new() { Email = "a@x.example" }, new() { Email = app.AsAdmin().Email }] }, None);
        (taken.Problem!.Error, taken.Problem.ValidationErrors!.Single().Key).ShouldBe((ErrorCodes.EmailTaken, "users[1].email"));
        (await api.ListUsersAsync(null, None)).Value.Count.ShouldBe(1);
        var made = await api.CreateUsersAsync(new CreateUsersRequest { Users = [new() { Email = "a@x.example", Authority = "AUDITOR" }, new() { Email = "b@x.example" }] }, None);
        made.Value.Select(u => $"{u.Email} {u.Authority}").ShouldBe(["a@x.example AUDITOR", "b@x.example MEMBER"]);
        (await api.ListUsersAsync("authority=AUDITOR", None)).Value.Single().Email.ShouldBe("a@x.example");
        (await api.CreateUsersAsync(new CreateUsersRequest { Users = [] }, None)).Problem!.ValidationErrors!.ShouldContainKey("users");
    }
}
