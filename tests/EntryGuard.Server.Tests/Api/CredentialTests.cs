using System.Net;
using System.Text.Json;
using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Domain.Providers;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Tests.Races;
using EntryGuard.Testing;
using EntryGuard.Testing.Providers;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace EntryGuard.Server.Tests.Api;

public sealed class CredentialTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Theory, EveryDatabase]
    public async Task A_credential_is_made_listed_read_renamed_and_deleted(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var admin = app.AsAdmin();
        var api = await admin.Api();
        var made = await admin.CreateCredential("main");
        (made.Name, made.Provider, made.CredentialType, made.IsValid).ShouldBe(("main", "SCRIPTED", "TOKEN", null));
        (await api.ListCredentialsAsync(null, None)).Value.ShouldHaveSingleItem().ShouldBe(made);
        var read = await api.GetCredentialAsync(made.Id, None);
        read.Value.ShouldBe(made);

        app.Time.Advance(TimeSpan.FromMinutes(1));
        var renamed = await api.UpdateCredentialAsync(made.Id, new UpdateCredentialRequest { Name = "other" }, read.ETag, None);
        renamed.Value.Name.ShouldBe("other");
        renamed.ETag.ShouldNotBe(read.ETag);
        var outdated = await api.UpdateCredentialAsync(made.Id, new UpdateCredentialRequest { Name = "third" }, read.ETag, None);
        (outdated.Status, outdated.Problem!.Error).ShouldBe((HttpStatusCode.PreconditionFailed, ErrorCodes.PreconditionFailed));

        (await admin.TryDelete(made)).Status.ShouldBe(HttpStatusCode.NoContent);
        (await admin.TryDelete(made)).Problem!.Error.ShouldBe(ErrorCodes.CredentialNotFound);
        (await api.GetCredentialAsync(made.Id, None)).Status.ShouldBe(HttpStatusCode.NotFound);
        (await api.ListCredentialsAsync(null, None)).Value.ShouldBeEmpty();
        (await EventsOf(app, made.Id)).ShouldBe(["CREDENTIAL_CREATE", "CREDENTIAL_UPDATE", "CREDENTIAL_DELETE"]);
    }

    [Theory, EveryDatabase]
    public async Task Everything_wrong_with_a_credential_is_told_at_once_and_nothing_is_stored(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var api = await app.AsAdmin().Api();
        var empty = await api.CreateCredentialAsync(new CreateCredentialRequest(), None);
        empty.Status.ShouldBe(HttpStatusCode.BadRequest);
        empty.Problem!.ValidationErrors!.Keys.Order().ShouldBe(["credentialData", "credentialType", "name", "provider"]);
        var wrong = await api.CreateCredentialAsync(new CreateCredentialRequest
        {
            Name = new string('x', 201),
            Provider = "SCRIPTED",
            CredentialType = "TOKEN",
            CredentialData = JsonSerializer.SerializeToElement(new { key = "abc" }),
        }, None);
        wrong.Problem!.ValidationErrors!.Keys.Order().ShouldBe(["credentialData", "name"]);
        wrong.Problem.ValidationErrors!["credentialData"].ShouldContain("has no token");
        (await api.ListCredentialsAsync(null, None)).Value.ShouldBeEmpty();
    }

    [Theory]
    [EveryDatabase("AWS", "ACCESS_KEY", "provider", "is unknown; this server takes SCRIPTED")]
    [EveryDatabase("SCRIPTED", "PASSWORD", "credentialType", "is unknown; SCRIPTED takes TOKEN")]
    public async Task A_credential_that_no_provider_takes_is_refused(TestDatabase database, string provider, string type, string field, string words)
    {
        await using var app = await TestApp.StartAsync(database);
        var answer = await (await app.AsAdmin().Api()).CreateCredentialAsync(new CreateCredentialRequest
        {
            Name = "main",
            Provider = provider,
            CredentialType = type,
            CredentialData = JsonSerializer.SerializeToElement(new { token = "abc" }),
        }, None);
        answer.Status.ShouldBe(HttpStatusCode.BadRequest);
        answer.Problem!.ValidationErrors!.ShouldContainKeyAndValue(field, words);
    }

    [Theory, EveryDatabase]
    public async Task A_name_is_taken_once_per_organization(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var (admin, api) = (app.AsAdmin(), await app.AsAdmin().Api());
        await admin.CreateCredential("main");
        var other = await admin.CreateCredential("other");
        var again = await admin.TryCreateCredential("main");
        (again.Status, again.Problem!.Error).ShouldBe((HttpStatusCode.Conflict, ErrorCodes.NameTaken));
        (await api.UpdateCredentialAsync(other.Id, new UpdateCredentialRequest { Name = "main" }, null, None)).Problem!.Error.ShouldBe(ErrorCodes.NameTaken);
        (await app.AsAdmin("zeta").TryCreateCredential("main")).Status.ShouldBe(HttpStatusCode.Created);
    }

    [Theory, EveryDatabase]
    public async Task Those_of_another_organization_are_not_there(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var theirs = await app.AsAdmin("zeta").CreateCredential("theirs");
        var (admin, api) = (app.AsAdmin(), await app.AsAdmin().Api());
        (await api.ListCredentialsAsync(null, None)).Value.ShouldBeEmpty();
        (await api.GetCredentialAsync(theirs.Id, None)).Status.ShouldBe(HttpStatusCode.NotFound);
        (await admin.TryRotate(theirs, "new token")).Status.ShouldBe(HttpStatusCode.NotFound);
        (await admin.TryDelete(theirs, true)).Status.ShouldBe(HttpStatusCode.NotFound);
        (await (await app.AsAdmin("zeta").Api()).GetCredentialAsync(theirs.Id, None)).Value.ShouldBe(theirs);
    }

    [Theory, EveryDatabase]
    public async Task Only_an_admin_with_the_scope_may(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        (await app.As("ann").TryCreateCredential("main")).Status.ShouldBe(HttpStatusCode.Forbidden);
        var key = await app.AsAdmin().CreateApiKey("reader", "credentials:read");
        var reader = app.AsAdmin().With(key.PlainTextKey!);
        (await reader.ListCredentialsAsync(null, None)).Status.ShouldBe(HttpStatusCode.OK);
        (await reader.DeleteCredentialAsync(Guid.NewGuid(), false, None)).Status.ShouldBe(HttpStatusCode.Forbidden);
    }

    [Theory, EveryDatabase]
    public async Task The_list_is_paged(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        foreach (var name in (string[])["a", "b", "c"])
            await app.AsAdmin().CreateCredential(name);
        var api = await app.AsAdmin().Api();
        var first = await api.ListCredentialsAsync("limit=2", None);
        var second = await api.ListCredentialsAsync($"limit=2&cursor={first.NextCursor}", None);
        first.Value.Concat(second.Value).Select(c => c.Name).ShouldBe(["a", "b", "c"], ignoreOrder: true);
        (first.Value.Count, second.Value.Count, second.NextCursor).ShouldBe((2, 1, null));
    }

    [Theory, EveryDatabase]
    public async Task A_secret_that_does_not_work_is_refused_and_the_old_one_stays(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var (credential, _) = await Reached(app);
        app.Provider.OnVerify = context => Has(context, "bad") ? VerifyReport.Invalid("The token was refused.") : null;
        var answer = await app.AsAdmin().TryRotate(credential, "bad token");
        (answer.Status, answer.Problem!.Error).ShouldBe((HttpStatusCode.BadRequest, ErrorCodes.VerificationFailed));
        answer.Problem.ValidationErrors!["credentialData"].ShouldContain("web: The token was refused.");
        (await SecretUsed(app)).ShouldBe("""{"token":"first token"}""");
        (await (await app.AsAdmin().Api()).GetCredentialAsync(credential.Id, None)).Value.UpdatedAt.ShouldBe(credential.UpdatedAt);
    }

    [Theory, EveryDatabase]
    public async Task A_rotated_secret_is_the_one_used_from_then_on(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var (credential, _) = await Reached(app);
        (await app.AsAdmin().TryRotate(credential, "second token")).Value.IsValid.ShouldBe(true);
        (await SecretUsed(app)).ShouldBe("""{"token":"second token"}""");
    }

    [Theory, EveryDatabase]
    public async Task E16_a_call_in_flight_ends_on_the_old_secret_while_the_rotation_is_stored(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var (credential, _) = await Reached(app);
        var used = new List<string?>();
        var call = new ParkedCall();
        app.Provider.OnApply = (context, changes) =>
        {
            used.Add(context.Credential?.Secret);
            return used.Count == 1 ? new Script(Before: async _ =>
            {
                await call.WaitAsync();
                used.Add(context.Credential?.Secret);   // what the call still holds when it goes on
            }) : null;
        };
        var session = await app.AsAdmin().StartSession("web", "203.0.113.7");
        await call.RunAsync(app.Services.GetRequiredService<AllowListWorker>(), "web");
        (await app.AsAdmin().TryRotate(credential, "second token")).Value.IsValid.ShouldBe(true);
        await call.GoAsync();
        await app.RunUntilQuiet();
        (await app.Status(session)).ShouldBe("ACTIVE");
        await app.AsAdmin().Stop(session);
        await app.RunUntilQuiet();
        app.Cloud("web").Rules.ShouldBeEmpty();
        used.ShouldBe(["{\"token\":\"first token\"}", "{\"token\":\"first token\"}", "{\"token\":\"second token\"}"]);
    }

    [Theory, EveryDatabase]
    public async Task E15_another_identity_is_refused_while_a_rule_may_stand(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var (credential, _) = await Reached(app);
        var session = await app.AsAdmin().StartSession("web", "203.0.113.7");
        await app.RunUntilQuiet();
        app.Provider.OnVerify = context => Has(context, "foreign") ? VerifyReport.Valid("somebody else", "Fine.") : null;
        var answer = await app.AsAdmin().TryRotate(credential, "foreign token");
        (answer.Status, answer.Problem!.Error).ShouldBe((HttpStatusCode.BadRequest, ErrorCodes.OtherIdentity));

        // With nothing standing it is no better: the Resource stays what it was verified as (E08).
        await app.AsAdmin().Stop(session);
        await app.RunUntilQuiet();
        (await app.AsAdmin().TryRotate(credential, "foreign token")).Problem!.Error.ShouldBe(ErrorCodes.VerificationFailed);
        (await SecretUsed(app)).ShouldBe("""{"token":"first token"}""");
    }

    [Theory, EveryDatabase]
    public async Task E04_after_a_rotation_an_overdue_closing_is_tried_at_once(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var (credential, _) = await Reached(app);
        var session = await app.AsAdmin().StartSession("web", "203.0.113.7");
        await app.RunUntilQuiet();
        app.Provider.OnApply = (context, _) => Has(context, "first") ? Script.Forbidden : null;
        await app.AsAdmin().Stop(session);
        await app.Advance(TimeSpan.FromMinutes(4));
        (await app.Session(session)).OverdueSince.ShouldNotBeNull();
        (await app.AsAdmin().TryRotate(credential, "second token")).Status.ShouldBe(HttpStatusCode.OK);
        await app.RunUntilQuiet();
        (await app.Status(session)).ShouldBe("CANCELLED");
        app.Cloud("web").Rules.ShouldBeEmpty();
    }

    [Theory, EveryDatabase]
    public async Task A_resource_that_failed_with_the_old_secret_is_well_after_the_rotation(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var (credential, web) = await Reached(app);
        await app.Seed.Change(async db => (await db.Resources.SingleAsync(r => r.Id == web)).Health = ResourceHealth.Invalid);
        (await app.AsAdmin().TryRotate(credential, "second token")).Status.ShouldBe(HttpStatusCode.OK);
        await app.Seed.Change(async db => (await db.Resources.SingleAsync(r => r.Id == web)).Health.ShouldBe(ResourceHealth.Valid));
    }

    [Theory, EveryDatabase]
    public async Task E18_a_resource_that_comes_to_use_it_while_the_secret_is_tried_is_tried_too(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var (credential, _) = await Reached(app);
        var late = await app.Seed.Resource((await app.AsAdmin().SignIn()).Organization, "late");
        var tried = new List<string>();
        app.Provider.OnVerify = context =>
        {
            tried.Add(context.Config.Identifier);
            if (tried.Count == 1)
                app.Seed.Reached(late, credential.Id).GetAwaiter().GetResult();
            return context.Config.Identifier == "late" ? VerifyReport.Invalid("Not this one.") : null;
        };
        (await app.AsAdmin().TryRotate(credential, "second token")).Problem!.Error.ShouldBe(ErrorCodes.VerificationFailed);
        tried.ShouldContain("late");
        (await SecretUsed(app)).ShouldBe("""{"token":"first token"}""");
    }

    [Theory, EveryDatabase]
    public async Task E05_a_credential_in_use_is_kept_or_ends_what_rests_on_it(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var (credential, _) = await Reached(app);
        var session = await app.AsAdmin().StartSession(["web", "free"], ["203.0.113.7"]);
        await app.RunUntilQuiet();
        var refused = await app.AsAdmin().TryDelete(credential);
        (refused.Status, refused.Problem!.Error).ShouldBe((HttpStatusCode.BadRequest, ErrorCodes.CredentialInUse));
        (await app.Status(session)).ShouldBe("ACTIVE");

        string? closedWith = null;
        app.Provider.OnApply = (context, _) =>
        {
            closedWith = context.Credential?.Secret;
            return null;
        };
        (await app.AsAdmin().TryDelete(credential, true)).Status.ShouldBe(HttpStatusCode.NoContent);
        await app.RunUntilQuiet();
        app.Cloud("web").Rules.ShouldBeEmpty();
        app.Cloud("free").Rules.ShouldBe(["203.0.113.7/32"]);
        closedWith.ShouldBe("""{"token":"first token"}""");
        (await app.Status(session)).ShouldBe("ACTIVE");

        // The name is free again; the Resource opens nothing until it gets another credential.
        await app.AsAdmin().CreateCredential("main");
        var start = await app.AsAdmin().TryStartSession(["web"], ["203.0.113.7"]);
        (start.Status, start.Problem!.Error).ShouldBe((HttpStatusCode.BadRequest, ErrorCodes.ResourceInactive));
    }

    [Theory, EveryDatabase]
    public async Task E05_the_tombstone_of_a_resource_that_is_still_being_closed_keeps_its_credential(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var (credential, web) = await Reached(app);
        var session = await app.AsAdmin().StartSession("web", "203.0.113.7");
        await app.RunUntilQuiet();
        app.Provider.OnApply = (_, _) => Script.Unavailable;
        await app.AsAdmin().Stop(session);
        await app.RunUntilQuiet();
        await app.Seed.Change(async db => (await db.Resources.SingleAsync(r => r.Id == web)).DeletedAt = app.Time.GetUtcNow());
        (await app.AsAdmin().TryDelete(credential)).Problem!.Error.ShouldBe(ErrorCodes.CredentialInUse);
        (await app.AsAdmin().TryDelete(credential, true)).Status.ShouldBe(HttpStatusCode.NoContent);
        app.Provider.OnApply = null;
        await app.RunUntilQuiet();
        app.Cloud("web").Rules.ShouldBeEmpty();
        (await app.Status(session)).ShouldBe("CANCELLED");
    }

    // The Resource "web", assigned to the admin and reached with the credential "main".
    private static async Task<(CredentialResponse Credential, ResourceId Resource)> Reached(TestApp app)
    {
        var credential = await app.AsAdmin().CreateCredential("main");
        var web = (await app.AsAdmin().Reach("web"))[0];
        await app.Seed.Reached(web, credential.Id);
        return (credential, web);
    }

    private static bool Has(ProviderContext context, string word) => context.Credential?.Secret.Contains(word, StringComparison.Ordinal) == true;

    // What the provider is given when somebody opens the door.
    private static async Task<string?> SecretUsed(TestApp app)
    {
        string? secret = null;
        app.Provider.OnApply = (context, _) =>
        {
            secret = context.Credential?.Secret;
            return null;
        };
        await app.AsAdmin().StartSession("web", "203.0.113.99");
        await app.RunUntilQuiet();
        return secret;
    }

    private static async Task<List<string>> EventsOf(TestApp app, Guid id)
    {
        await using var db = app.Databases.OpenEngine();
        await using var read = await db.BeginReadAsync(None);
        return await db.Audit.Where(a => a.ResourceId == id.ToString()).OrderBy(a => a.Id).Select(a => a.EventType).ToListAsync(None);
    }
}
