using System.Net;
using System.Text.Json;
using EntryGuard.Contracts;
using EntryGuard.Server.Data;
using EntryGuard.Server.Hosting;
using EntryGuard.Testing;

namespace EntryGuard.Server.Tests.Api;

/// <summary>Walks over every operation of <c>api/openapi.json</c>, whatever is added to it: who may not call it, is refused, and nothing changes.</summary>
public sealed class OperationTests
{
    [Fact]
    public void Every_operation_says_who_may_call_it_and_is_in_the_table_of_examples()
    {
        var all = Operation.All();
        all.Count.ShouldBeGreaterThan(20);
        all.Where(o => o.Access is null).Select(o => $"{o.Id} is not classified").ShouldBeEmpty();
        all.Where(o => o.Scope is { } scope && !ApiScopes.Known.Contains(scope)).Select(o => $"{o.Id}: {o.Access}").ShouldBeEmpty();
        all.Where(o => o.Example is null).Select(o => $"add {o.Id} to Operations.cs").ShouldBeEmpty();
        all.Where(o => o.IsPublic).Select(o => o.Id).ShouldBe(
            [
                "GetSigningKeys", "Register", "Login", "VerifyMfa", "ChangeExpiredPassword", "AskForPasskey", "SignInWithPasskey", "Refresh", "Logout", "SetPassword",
                "ForgotPassword", "ResetPassword", "ReadPasswordTerms", "DetectIp",
            ], ignoreOrder: true, "whoever makes another one public says so here");
        Operation.ExamplesWithoutOperation.ShouldBeEmpty();
        all.Select(o => o.Id).ShouldBeUnique();
    }

    [Theory, EveryDatabase]
    public async Task The_document_checked_in_is_the_one_served(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var served = Operation.Read(await app.Client().GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative)));
        served.Select(o => o.ToString()).ShouldBe(Operation.All().Select(o => o.ToString()), ignoreOrder: true);
    }

    [Theory, EveryDatabase]
    public Task Without_a_key_every_operation_but_public_ones_is_401(TestDatabase database) => Walk(database, async (app, world, operation) =>
    {
        if (operation.IsPublic && operation.Method != "GET")
            return;   // what signs in; see HostileSignInTests
        foreach (var key in new[] { null, "", "eg_", "eg_" + new string('A', 64), "Bearer" })
        {
            using var http = app.Client();
            if (key is not null)
                http.DefaultRequestHeaders.TryAddWithoutValidation("X-API-Key", key);
            await Expect(http, world, operation, operation.IsPublic ? HttpStatusCode.OK : HttpStatusCode.Unauthorized, operation.IsPublic ? null : ErrorCodes.Unauthorized);
        }
    });

    [Theory, EveryDatabase]
    public Task With_every_scope_but_the_right_ones_it_is_403(TestDatabase database) => Walk(database, async (_, world, operation) =>
    {
        if (operation.Scope is { } scope)
            await Expect(await world.With("admin", World.AllBut(scope)), world, operation, HttpStatusCode.Forbidden, ErrorCodes.Forbidden);
    });

    [Theory, EveryDatabase]
    public Task What_is_for_those_who_signed_in_is_403_for_a_key(TestDatabase database) => Walk(database, async (_, world, operation) =>
    {
        if (operation.IsForSignedIn)
            await Expect(await world.With("admin", "*"), world, operation, HttpStatusCode.Forbidden, ErrorCodes.Forbidden);
    });

    [Theory, EveryDatabase]
    public Task What_an_admin_may_is_403_for_a_member(TestDatabase database) => Walk(database, async (_, world, operation) =>
    {
        if (operation.IsAdminOnly)
            await Expect(await world.As("user", operation), world, operation, HttpStatusCode.Forbidden, ErrorCodes.Forbidden);
    });

    [Theory, EveryDatabase]
    public Task An_auditor_reads_everything_and_changes_nothing(TestDatabase database) => Walk(database, async (_, world, operation) =>
    {
        if ((operation.IsPublic && operation.Method != "GET") || operation is { IsForSignedIn: true, IsAdminOnly: false })
            return;   // what signs in, and what is one's own: everybody's
        var auditor = await world.With("auditor", "*");
        if (operation.Method != "GET" && !operation.IsPublic)
            await Expect(auditor, world, operation, HttpStatusCode.Forbidden, ErrorCodes.Forbidden);
        else if (operation is { Method: "GET", IsPublic: false, IsForSignedIn: false })
        {
            using var request = operation.Request(world);
            using var answer = await auditor.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            answer.StatusCode.ShouldBe(HttpStatusCode.OK, operation.Id);
        }
    });

    [Theory, EveryDatabase]
    public Task What_belongs_to_another_member_is_404(TestDatabase database) => Walk(database, async (_, world, operation) =>
    {
        if (operation is { IsAdminOnly: false, Example.NamesSomething: true })
            await Expect(await world.As("otherUser", operation), world, operation, HttpStatusCode.NotFound, null);
    });

    [Theory, EveryDatabase]
    public Task What_belongs_to_another_organization_is_404_and_no_list_shows_it(TestDatabase database) => Walk(database, AsStranger);

    // E30, the second proof: nothing in the server filters by organization any more, and a stranger still sees and changes nothing.
    [Theory, PostgresOnly]
    public async Task Row_level_security_alone_keeps_strangers_out_of_every_operation(TestDatabase database)
    {
        await using var opened = database.OpenWithoutFilters();
        await using (var db = opened.OpenTenant(default))
            db.Model.GetEntityTypes().Where(t => t.GetDeclaredQueryFilters().Count > 0).ShouldBeEmpty();
        await Walk(database, AsStranger, opened);
    }

    private static async Task AsStranger(TestApp app, World world, Operation operation)
    {
        var stranger = operation.IsForSignedIn ? world.SignedIn("stranger") : await app.AsAdmin("globex").Http();
        if (operation.Example!.NamesSomething)
            await Expect(stranger, world, operation, HttpStatusCode.NotFound, null);
        else if (operation.Method == "GET")
            await ExpectNothingOf(stranger, world, operation);
    }

    private static async Task Walk(TestDatabase database, Func<TestApp, World, Operation, Task> visit, Databases? opened = null)
    {
        await using var app = await TestApp.StartAsync(database, opened: opened);
        var world = await World.MakeAsync(app);
        await visit(app, world, Operation.All().First(o => o.IsPublic));   // keys the visit needs are made before the rows are compared
        foreach (var operation in Operation.All())
        {
            var before = (await Rows.OfAsync(database)).Where(IsTheWorlds).ToList();
            await visit(app, world, operation);
            (await Rows.OfAsync(database)).Where(IsTheWorlds).ShouldBe(before, $"{operation.Id} was refused and yet changed something");
        }

        // An export is written down, whoever asks for it. The walk makes keys itself, and uses them; the world's own is not used. No operation that makes keys can hide behind that: it writes an audit row as well.
        bool IsTheWorlds(string row) => !row.Contains("AUDIT_EXPORT", StringComparison.Ordinal) && (!row.StartsWith("api_keys:", StringComparison.Ordinal) || row.Contains(world.Id("apiKey"), StringComparison.OrdinalIgnoreCase));
    }

    private static async Task Expect(HttpClient http, World world, Operation operation, HttpStatusCode status, string? code)
    {
        using var request = operation.Request(world);
        using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        answer.StatusCode.ShouldBe(status, $"{operation.Id} {request.Method} {request.RequestUri}");
        if (operation.IsPublic)
            return;
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json", operation.Id);
        using var problem = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        problem.RootElement.GetProperty("path").GetString().ShouldBe(request.RequestUri!.AbsolutePath);
        problem.RootElement.GetProperty("message").GetString().ShouldNotBeNullOrWhiteSpace();
        var error = problem.RootElement.GetProperty("error").GetString();
        if (code is not null)
            error.ShouldBe(code, operation.Id);
    }

    private static async Task ExpectNothingOf(HttpClient http, World world, Operation operation)
    {
        using var request = operation.Request(world);
        using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        answer.IsSuccessStatusCode.ShouldBeTrue(operation.Id);
        var text = answer.Content.Headers.ContentType?.MediaType == "text/event-stream"
            ? await new StreamReader(await answer.Content.ReadAsStreamAsync()).ReadLineAsync() ?? ""
            : await answer.Content.ReadAsStringAsync();
        text.ShouldNotContain("acme", Case.Insensitive, operation.Id);
        world.Ids.Where(id => text.Contains(id.ToString(), StringComparison.OrdinalIgnoreCase)).ShouldBeEmpty(operation.Id);
    }
}
