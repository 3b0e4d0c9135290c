using System.Net;
using System.Text.Json;
using EntryGuard.Contracts;
using EntryGuard.Domain.Net;
using EntryGuard.Domain.Providers;
using EntryGuard.Domain.Rules;
using EntryGuard.Testing;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Tests.Api;

public sealed class ResourceTests
{
    private const string Address = "203.0.113.7";
    private static readonly CancellationToken None = CancellationToken.None;

    [Theory, EveryDatabase]
    public async Task A_Resource_is_made_verified_and_opened(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var (api, request) = await Draft(app);
        var made = await api.CreateResourceAsync(request, None);
        made.Status.ShouldBe(HttpStatusCode.Created);
        var resource = made.Value;
        (resource.Name, resource.Health, resource.IsActive, resource.CredentialName).ShouldBe(("db", "VALID", true, "cloud"));
        resource.ShouldSatisfyAllConditions(
            r => r.Rules.ShouldBe(["tcp/5432"]), r => r.LastVerifiedAt.ShouldBe(app.Time.GetUtcNow()), r => r.Capacity.ShouldHaveSingleItem().Limit.ShouldBe(1000));
        var read = await api.GetResourceAsync(resource.Id, None);
        (read.ETag, read.Value.Name).ShouldBe((made.ETag.ShouldNotBeNull(), "db"));

        var ann = await app.As("ann").SignIn();
        (await api.AssignUserAsync(resource.Id, ann.User.Value, None)).Status.ShouldBe(HttpStatusCode.OK);
        (await (await app.As("ann").Api()).StartSessionAsync(new StartSessionRequest { Ipv4Address = Address }, null, None)).Status.ShouldBe(HttpStatusCode.Created);
        await app.RunUntilQuiet();
        app.Cloud("db").Rules.ShouldBe([$"{Address}/32"]);
        (await AuditOf(app, resource.Id)).ShouldBe(["RESOURCE_CREATE", "RESOURCE_VERIFY", "RESOURCE_ASSIGN", "RULE_APPLIED"]);
    }

    [Theory, EveryDatabase]
    public async Task Verification_tells_what_it_found_and_the_health_follows(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var (api, request) = await Draft(app);
        app.Provider.OnVerify = _ => VerifyReport.Invalid("The token may not edit this list; grant it list:write.");
        var resource = (await api.CreateResourceAsync(request, None)).Value;
        (resource.Health, resource.HealthMessage, resource.IsActive).ShouldBe(("INVALID", "The token may not edit this list; grant it list:write.", true));
        app.Provider.OnVerify = _ => VerifyReport.Valid("tester", "It works.", "Two entries are left.");
        var report = await api.VerifyResourceAsync(resource.Id, None);
        (report.Status, report.Value.IsValid, report.Value.Message, report.Value.Resource.Health).ShouldBe((HttpStatusCode.OK, true, "It works.", "VALID"));
        report.Value.Warnings.ShouldBe(["Two entries are left."]);
        app.Provider.OnVerify = _ => VerifyReport.Invalid("Gone.");
        (await api.VerifyResourceAsync(resource.Id, None)).Value.IsValid.ShouldBeFalse();
        (await api.GetResourceAsync(resource.Id, None)).Value.Health.ShouldBe("INVALID");
    }

    [Theory, EveryDatabase]
    public async Task The_policy_about_drift_is_the_admins_and_audited(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var (api, request) = await Draft(app);
        var made = (await api.CreateResourceAsync(request, None)).Value;
        made.ShouldSatisfyAllConditions(r => r.Policy.ShouldBe("REPAIR"), r => r.ListedAt.ShouldBe(app.Time.GetUtcNow()), r => r.ForeignRules.ShouldBeEmpty());
        (await api.UpdateResourceAsync(made.Id, new UpdateResourceRequest { Policy = "EXCLUSIVE" }, null, None)).Value.Policy.ShouldBe("EXCLUSIVE");
        (await api.UpdateResourceAsync(made.Id, new UpdateResourceRequest { Policy = "STRICT" }, null, None)).Problem!.ValidationErrors!["policy"].ShouldContain("OBSERVE, REPAIR, EXCLUSIVE");
        (await api.CreateResourceAsync(request with { Name = "b", Policy = "repair" }, None)).Problem!.ValidationErrors!.Keys.ShouldBe(["policy"]);
        (await api.CreateResourceAsync(request with { Name = "b", Policy = "OBSERVE" }, None)).Value.Policy.ShouldBe("OBSERVE");
        (await api.ListAuditAsync("eventType=RESOURCE_UPDATE", None)).Value.Content.Single().Details!.ToString()!.ShouldContain("EXCLUSIVE");
        await app.Seed.Change(async db => (await db.Resources.SingleAsync(r => r.Name == "b")).ForeignRules = [new(new RuleKey(Scope.Tcp(22), Cidr.Parse("203.0.113.0/24")), "r-9")]);
        var rule = (await api.ListResourcesAsync(null, None)).Value.Single(r => r.Name == "b").ForeignRules.ShouldHaveSingleItem();
        (rule.Rule, rule.Address, rule.ProviderRuleId).ShouldBe(("tcp/22", "203.0.113.0/24", "r-9"));
    }

    [Theory, EveryDatabase]
    public async Task The_least_privilege_of_what_there_is_can_be_printed(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var (api, request) = await Draft(app);
        (await api.GetIamPolicyAsync(null, None)).Value.ShouldBeEmpty();
        await api.CreateResourceAsync(request, None);
        await app.AsAdmin().Reach("web");
        await app.AsAdmin("globex").Reach("theirs");
        var policy = (await api.GetIamPolicyAsync("SCRIPTED", None)).Value.ShouldHaveSingleItem();
        (policy.Provider, policy.ResourceType, policy.Words).ShouldBe(("SCRIPTED", "LIST", "Give this to the token."));
        policy.Document.GetProperty("allow").EnumerateArray().Select(r => r.GetString()).ShouldBe(["tester/db", "tester/web"]);
        (await api.GetIamPolicyAsync("AWZ", None)).Problem!.ValidationErrors!["provider"].ShouldContain("SCRIPTED");
    }

    [Theory, EveryDatabase]
    public async Task Everything_wrong_with_a_Resource_is_said_at_once_and_nothing_is_stored(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var (api, request) = await Draft(app);
        var before = await Rows.OfAsync(database);
        var answer = await api.CreateResourceAsync(request with
        {
            Name = " ",
            ResourceIdentifier = "a\nb",
            CredentialId = "7",
            Config = Config("[0]"),
            AllowedAddresses = ["PUBLIC", "EVERYTHING"],
        }, None);
        (answer.Status, answer.Problem!.Error).ShouldBe((HttpStatusCode.BadRequest, ErrorCodes.Validation));
        answer.Problem.ValidationErrors!.Keys.ShouldBe(["name", "resourceIdentifier", "credentialId", "config.ports", "allowedAddresses"], ignoreOrder: true);
        (await api.CreateResourceAsync(request with { Provider = "AWZ" }, None)).Problem!.ValidationErrors!["provider"].ShouldContain("SCRIPTED/LIST");
        (await api.CreateResourceAsync(request with { CredentialId = null }, None)).Problem!.ValidationErrors!["credentialId"].ShouldContain("TOKEN");
        (await api.CreateResourceAsync(request with { CredentialId = Guid.NewGuid().ToString() }, None)).Problem!.Error.ShouldBe(ErrorCodes.CredentialNotFound);
        (await Rows.OfAsync(database)).ShouldBe(before);
    }

    [Theory, EveryDatabase]
    public async Task A_dry_run_says_what_the_provider_says_and_stores_nothing(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var (api, request) = await Draft(app);
        var before = await Rows.OfAsync(database);
        var good = await api.TryResourceAsync(request, None);
        (good.Status, good.Value.IsValid, good.Value.Outcome, good.Value.Message).ShouldBe((HttpStatusCode.OK, true, "VALID", "Adding and removing would work."));
        good.Value.ShouldSatisfyAllConditions(p => p.Rules.ShouldBe(["tcp/5432"]), p => p.Capacity.ShouldHaveSingleItem().Limit.ShouldBe(1000));
        app.Provider.OnVerify = c => VerifyReport.Invalid($"{c.Credential!.Type} {c.Credential.Secret} may not edit {c.Config.Identifier}.");
        var bad = await api.TryResourceAsync(request, None);
        (bad.Status, bad.Value.IsValid, bad.Value.Outcome).ShouldBe((HttpStatusCode.OK, false, "INVALID"));
        bad.Value.Message.ShouldMatch("TOKEN .*token.* may not edit db");
        (await api.TryResourceAsync(request with { Config = Config("[0]") }, None)).Problem!.ValidationErrors!.Keys.ShouldBe(["config.ports"]);
        (await api.TryResourceAsync(request with { CredentialId = Guid.NewGuid().ToString() }, None)).Problem!.Error.ShouldBe(ErrorCodes.CredentialNotFound);
        (await Rows.OfAsync(database)).ShouldBe(before);
    }

    [Theory, EveryDatabase]
    public async Task A_dry_run_of_an_edit_asks_about_what_would_be_and_changes_nothing(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        await app.UseCredential("web", "key");
        var session = await app.As("ann").StartSession("web", Address);
        await app.RunUntilQuiet();
        var api = await app.AsAdmin().Api();
        var id = session.ResourceIps[0].ResourceId;
        var before = await Rows.OfAsync(database);
        var asked = new List<string>();
        app.Provider.OnVerify = c =>
        {
            asked.Add(c.Config.Settings.ToString());
            return null;
        };
        var preview = await api.TryResourceAsync(id, new UpdateResourceRequest { Config = Config("[443, 8443]") }, None);
        (preview.Status, preview.Value.IsValid).ShouldBe((HttpStatusCode.OK, true));
        preview.Value.Rules.ShouldBe(["tcp/443", "tcp/8443"]);
        (await api.TryResourceAsync(id, new UpdateResourceRequest(), None)).Value.Rules.ShouldBe(["tcp/443"]);
        asked.ShouldBe(["""{"ports":[443,8443]}""", """{"ports":[443]}"""]);
        app.Provider.OnVerify = _ => VerifyReport.Valid("somebody else", "It works.");
        var other = (await api.TryResourceAsync(id, new UpdateResourceRequest(), None)).Value;
        (other.IsValid, other.Message).ShouldBe((false, "It now leads to somebody else, but this Resource was first verified as tester and stays that. Undo the change, or make a new Resource for the other one."));
        (await api.TryResourceAsync(id, new UpdateResourceRequest { Name = " ", Provider = "GATE" }, None)).Problem!.ValidationErrors!.Keys.ShouldBe(["name"]);
        (await api.TryResourceAsync(id, new UpdateResourceRequest { Provider = "GATE" }, None)).Problem!.ValidationErrors!.Keys.ShouldBe(["provider"]);
        (await api.TryResourceAsync(Guid.NewGuid(), new UpdateResourceRequest(), None)).Status.ShouldBe(HttpStatusCode.NotFound);
        (await Rows.OfAsync(database)).ShouldBe(before);
        (await app.Status(session)).ShouldBe("ACTIVE");
    }

    [Theory, EveryDatabase]
    public async Task A_dry_run_says_that_the_list_is_somebody_elses(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database, capabilities: new ProviderCapabilities { SuccessIsProof = true, CredentialTypes = ["TOKEN"], IsExclusive = true });
        var (api, request) = await Draft(app);
        await app.AsAdmin("globex").Reach("theirs");
        (await api.TryResourceAsync(request, None)).Value.IsValid.ShouldBeTrue();
        var taken = (await api.TryResourceAsync(request with { ResourceIdentifier = "theirs" }, None)).Value;
        (taken.Outcome, taken.Message).ShouldBe(("INVALID", "theirs belongs to another organization of this installation; choose another one."));
    }

    [Theory, EveryDatabase]
    public async Task A_list_shows_what_was_asked_for(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var (api, request) = await Draft(app);
        await api.CreateResourceAsync(request, None);
        app.Provider.OnVerify = _ => VerifyReport.Invalid("Gone.");
        await api.CreateResourceAsync(request with { Name = "100%", ResourceIdentifier = "Other" }, None);
        (await Names("search=DB")).ShouldBe(["db"]);
        (await Names("search=other")).ShouldBe(["100%"]);
        (await Names("search=%25")).ShouldBe(["100%"]);
        (await Names("health=INVALID")).ShouldBe(["100%"]);
        (await Names("provider=SCRIPTED")).ShouldBe(["db", "100%"], ignoreOrder: true);
        (await Names("provider=AWS")).ShouldBeEmpty();
        (await Names($"credentialId={request.CredentialId}")).ShouldBe(["db", "100%"], ignoreOrder: true);
        (await Names($"credentialId={Guid.NewGuid()}")).ShouldBeEmpty();
        (await api.ListResourcesAsync("health=ILL&credentialId=7", None)).Problem!.ValidationErrors!.Keys.ShouldBe(["health", "credentialId"], ignoreOrder: true);
        (await api.ListCredentialsAsync("search=CLO", None)).Value.ShouldHaveSingleItem().UsedBy.ShouldBe(2);
        (await api.ListCredentialsAsync("search=x", None)).Value.ShouldBeEmpty();

        async Task<IEnumerable<string>> Names(string query) => (await api.ListResourcesAsync(query, None)).Value.Select(r => r.Name);
    }

    [Theory, EveryDatabase]
    public async Task Every_provider_says_what_it_asks_for(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var api = await app.AsAdmin().Api();
        var provider = (await api.ListProvidersAsync(None)).Value.Single(p => p.Provider == "SCRIPTED");
        (provider.ResourceType, provider.Name, provider.IdentifiedBy).ShouldBe(("LIST", "Scripted list", "resourceIdentifier"));
        provider.UsualAddresses.ShouldBe(["PUBLIC"]);
        provider.ResourceFields.Select(f => (f.Key, f.Kind, f.IsRequired)).ShouldBe([("resourceIdentifier", "TEXT", true), ("region", "TEXT", false), ("config.ports", "LIST", true)]);
        var token = provider.Credentials.ShouldHaveSingleItem();
        (token.CredentialType, token.NeedsExternalId).ShouldBe(("TOKEN", false));
        token.Fields.ShouldHaveSingleItem().ShouldSatisfyAllConditions(f => f.Key.ShouldBe("token"), f => f.Kind.ShouldBe("SECRET"));
        Enum.GetValues<FieldKind>().Select(Server.Data.Names.Wire).ShouldBe(FieldKinds.All);
        (await (await app.As("ann").Api()).ListProvidersAsync(None)).Status.ShouldBe(HttpStatusCode.Forbidden);
    }

    [Theory, EveryDatabase]
    public async Task A_name_is_taken_once_and_free_again_after_the_end(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var (api, request) = await Draft(app);
        var first = (await api.CreateResourceAsync(request, None)).Value;
        var taken = await api.CreateResourceAsync(request, None);
        (taken.Status, taken.Problem!.Error).ShouldBe((HttpStatusCode.Conflict, ErrorCodes.NameTaken));
        await api.AssignUserAsync(first.Id, (await app.As("ann").SignIn()).User.Value, None);
        var session = (await (await app.As("ann").Api()).StartSessionAsync(new StartSessionRequest { Ipv4Address = Address }, null, None)).Value;
        await app.RunUntilQuiet();

        var refused = await api.DeleteResourceAsync(first.Id, false, None);
        (refused.Status, refused.Problem!.Error).ShouldBe((HttpStatusCode.BadRequest, ErrorCodes.ResourceInUse));
        (await api.DeleteResourceAsync(first.Id, true, None)).Status.ShouldBe(HttpStatusCode.NoContent);
        (await api.GetResourceAsync(first.Id, None)).Status.ShouldBe(HttpStatusCode.NotFound);
        (await api.CreateResourceAsync(request, None)).Status.ShouldBe(HttpStatusCode.Created, "a tombstone holds no name");
        await app.RunUntilQuiet();
        app.Cloud("db").Rules.ShouldBeEmpty("the rule is closed through the tombstone");
        var ended = await app.Session(session);
        (ended.Status, ended.EndedReason, ended.ResourceIps[0].ResourceName).ShouldBe(("CANCELLED", "ACCESS_REVOKED", "db"));
    }

    [Theory, EveryDatabase]
    public async Task An_edit_decided_on_an_old_version_is_refused(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var (api, request) = await Draft(app);
        var made = await api.CreateResourceAsync(request, None);
        app.Time.Advance(TimeSpan.FromSeconds(1));
        var edited = await api.UpdateResourceAsync(made.Value.Id, new UpdateResourceRequest { Name = "db2" }, made.ETag, None);
        (edited.Status, edited.Value.Name).ShouldBe((HttpStatusCode.OK, "db2"));
        edited.ETag.ShouldNotBe(made.ETag);
        var late = await api.UpdateResourceAsync(made.Value.Id, new UpdateResourceRequest { Name = "db3" }, made.ETag, None);
        (late.Status, late.Problem!.Error).ShouldBe((HttpStatusCode.PreconditionFailed, ErrorCodes.PreconditionFailed));
        (await api.UpdateResourceAsync(made.Value.Id, new UpdateResourceRequest { Name = "db3" }, "*", None)).Value.Name.ShouldBe("db3");
        var other = await api.UpdateResourceAsync(made.Value.Id, new UpdateResourceRequest { Provider = "GATE", ResourceIdentifier = "elsewhere", Region = "x" }, null, None);
        other.Problem!.ValidationErrors!.Keys.ShouldBe(["provider", "resourceIdentifier", "region"], ignoreOrder: true);
        (await api.UpdateResourceAsync(made.Value.Id, new UpdateResourceRequest { ResourceIdentifier = "db" }, null, None)).Status.ShouldBe(HttpStatusCode.OK, "the same is no change");
    }

    [Theory, EveryDatabase]
    public async Task E08_another_port_moves_what_is_open_and_the_session_goes_on(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var session = await app.As("ann").StartSession("web", Address);
        await app.RunUntilQuiet();
        var api = await app.AsAdmin().Api();
        var id = session.ResourceIps[0].ResourceId;
        (await api.UpdateResourceAsync(id, new UpdateResourceRequest { Config = Config("[443, 8443]") }, null, None)).Value.Rules.ShouldBe(["tcp/443", "tcp/8443"]);
        await app.RunUntilQuiet();
        app.Cloud("web").Standing.Select(r => r.Rule.Scope.ToString()).ShouldBe(["tcp/443", "tcp/8443"], ignoreOrder: true);
        var after = await app.Session(session);
        (after.Status, after.EndedReason).ShouldBe(("ACTIVE", null));
        after.ResourceIps.Select(c => c.Status).ShouldBe(["REMOVED", "APPLIED"], ignoreOrder: true);
        (await app.Audit(session)).ShouldContain("RULE_KEPT", "the shared port never shut");
    }

    [Theory, EveryDatabase]
    public async Task E08_other_ports_are_refused_before_anything_moves_if_there_is_no_room(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        await app.UseCredential("web", "key");
        var session = await app.As("ann").StartSession("web", Address);
        await app.RunUntilQuiet();
        app.Cloud("web").Capacity = 2;
        var api = await app.AsAdmin().Api();
        var id = session.ResourceIps[0].ResourceId;
        (await api.VerifyResourceAsync(id, None)).Value.Resource.Capacity.ShouldHaveSingleItem().Limit.ShouldBe(2);
        var full = await api.UpdateResourceAsync(id, new UpdateResourceRequest { Config = Config("[1, 2]") }, null, None);
        (full.Status, full.Problem!.Error).ShouldBe((HttpStatusCode.BadRequest, ErrorCodes.CapacityExceeded));
        full.Problem.Message.ShouldContain("2 more rules, and the provider has room for 1");
        (await app.Session(session)).ResourceIps.Single().Status.ShouldBe("APPLIED");
        (await api.GetResourceAsync(id, None)).Value.Rules.ShouldBe(["tcp/443"]);
    }

    [Theory, EveryDatabase]
    public async Task E05_switching_it_off_ends_what_is_open_at_once(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var session = await app.As("ann").StartSession("web", Address);
        await app.RunUntilQuiet();
        var api = await app.AsAdmin().Api();
        (await api.UpdateResourceAsync(session.ResourceIps[0].ResourceId, new UpdateResourceRequest { IsActive = false }, null, None)).Value.IsActive.ShouldBeFalse();
        (await app.Status(session)).ShouldBe("EXPIRING");
        await app.RunUntilQuiet();
        app.Cloud("web").Rules.ShouldBeEmpty();
        var ended = await app.Session(session);
        (ended.Status, ended.EndedReason).ShouldBe(("CANCELLED", "ACCESS_REVOKED"));
        (await app.As("ann").TryStartSession(["web"], [Address])).Problem!.Error.ShouldBe(ErrorCodes.ResourceInactive);
    }

    [Theory, EveryDatabase]
    public async Task E05_taking_an_assignment_away_ends_what_rests_on_it_and_nothing_else(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = await app.As("ann").StartSession(["web", "db"], [Address]);
        var bob = await app.As("bob").StartSession("web", "203.0.113.8");
        await app.RunUntilQuiet();
        var api = await app.AsAdmin().Api();
        var id = bob.ResourceIps[0].ResourceId;
        var users = (await api.ListAssignedUsersAsync(id, null, None)).Value;
        users.Select(u => (u.Email, u.IsActive)).ShouldBe([("ann@acme.example", true), ("bob@acme.example", true)], ignoreOrder: true);
        (await api.AssignUserAsync(id, ann.UserId, None)).Problem!.Error.ShouldBe(ErrorCodes.AlreadyAssigned);
        (await api.UnassignUserAsync(id, ann.UserId, None)).Status.ShouldBe(HttpStatusCode.OK);
        (await api.UnassignUserAsync(id, ann.UserId, None)).Status.ShouldBe(HttpStatusCode.NotFound);
        await app.RunUntilQuiet();
        app.Cloud("web").Rules.ShouldBe(["203.0.113.8/32"]);
        app.Cloud("db").Rules.ShouldBe([$"{Address}/32"]);
        (await app.Session(ann)).ResourceIps.Select(c => (c.ResourceName, c.Status)).ShouldBe([("web", "REMOVED"), ("db", "APPLIED")], ignoreOrder: true);
        (await app.Status(ann)).ShouldBe("ACTIVE");
        (await app.Status(bob)).ShouldBe("ACTIVE");
        (await api.UnassignUserAsync((await app.AsAdmin().Reach("db"))[0].Value, ann.UserId, None)).Status.ShouldBe(HttpStatusCode.OK);
        await app.RunUntilQuiet();
        var ended = await app.Session(ann);
        (ended.Status, ended.EndedReason).ShouldBe(("CANCELLED", "ACCESS_REVOKED"));
    }

    [Theory, EveryDatabase]
    public async Task Lists_come_in_pages(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        await app.As("ann").Reach("r1", "r2", "r3", "r4", "r5");
        await app.AsAdmin("globex").Reach("other");
        var api = await app.AsAdmin().Api();
        var (names, cursor, pages) = (new List<string>(), "", 0);
        do
        {
            var page = await api.ListResourcesAsync($"limit=2{(cursor.Length > 0 ? $"&cursor={cursor}" : "")}", None);
            names.AddRange(page.Value.Select(r => r.Name));
            cursor = page.NextCursor;
            pages++;
        }
        while (cursor is not null);
        (pages, names.Count).ShouldBe((3, 5));
        names.ShouldBe(["r1", "r2", "r3", "r4", "r5"], ignoreOrder: true);
        (await api.ListResourcesAsync("limit=0", None)).Problem!.ValidationErrors!.Keys.ShouldBe(["limit"]);
        (await api.ListResourcesAsync("cursor=x", None)).Problem!.ValidationErrors!.Keys.ShouldBe(["cursor"]);
    }

    private static async Task<(ApiClient Api, CreateResourceRequest Request)> Draft(TestApp app)
    {
        var credential = await app.Credential((await app.AsAdmin().SignIn()).Organization, "cloud");
        return (await app.AsAdmin().Api(), new CreateResourceRequest
        {
            Name = "db",
            CredentialId = credential.Value.ToString(),
            Provider = "SCRIPTED",
            ResourceType = "LIST",
            ResourceIdentifier = "db",
            Config = Config("[5432]"),
            AllowedAddresses = ["DOCUMENTATION"],
        });
    }

    private static JsonElement Config(string ports) => JsonSerializer.Deserialize<JsonElement>($$"""{"ports":{{ports}}}""");

    private static async Task<IEnumerable<string>> AuditOf(TestApp app, Guid resource) =>
        (await (await app.AsAdmin().Api()).ListAuditAsync("size=100", None)).Value.Content.Where(a => a.ResourceId == resource.ToString()).Select(a => a.EventType).Reverse();
}
