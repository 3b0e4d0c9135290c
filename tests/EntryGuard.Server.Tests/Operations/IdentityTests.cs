using System.Net;
using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Domain.Rules;
using EntryGuard.Domain.Sessions;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace EntryGuard.Server.Tests.Operations;

public sealed class IdentityTests
{
    [Theory, EveryDatabase]
    public async Task E27_the_first_start_takes_the_database_as_its_own_and_the_next_one_knows_it(TestDatabase database)
    {
        await using (var first = await TestApp.StartAsync(database))
            (await HealthTests.GetAsync(first, "ready")).Status.ShouldBe(HttpStatusCode.OK);
        await using var second = await TestApp.StartAsync(database);
        (await HealthTests.GetAsync(second, "ready")).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Theory, EveryDatabase]
    public async Task E27_on_another_database_a_node_reads_is_not_ready_and_calls_no_provider_until_it_is_told_to_take_over(TestDatabase database)
    {
        await MakeOther(database);
        await using (var app = await TestApp.StartAsync(database))
        {
            var (status, body) = await HealthTests.GetAsync(app, "ready");
            status.ShouldBe(HttpStatusCode.ServiceUnavailable);
            body.GetRawText().ShouldContain("--take-over");
            var session = await app.As("ann").StartSession("web", "203.0.113.7", hours: 1);
            app.Provider.ForgetCalls();
            await app.Advance(TimeSpan.FromMinutes(2));
            app.Provider.Calls.ShouldBeEmpty();
            (await app.Status(session)).ShouldBe("PENDING");
        }

        await using var taken = await TestApp.StartAsync(database, new Dictionary<string, string> { ["EntryGuard:TakeOver"] = "true" });
        (await HealthTests.GetAsync(taken, "ready")).Status.ShouldBe(HttpStatusCode.OK);
        await taken.Advance(TimeSpan.FromMinutes(5));   // its clock begins where that of the first began
        taken.Cloud("web").Rules.ShouldBe(["203.0.113.7/32"]);
    }

    [Theory, EveryDatabase]
    public async Task E27_another_public_url_is_another_installation(TestDatabase database)
    {
        await using (await TestApp.StartAsync(database, Url("https://a.example.org")))
        {
        }

        await using (var same = await TestApp.StartAsync(database, Url("https://a.example.org/")))
            (await HealthTests.GetAsync(same, "ready")).Status.ShouldBe(HttpStatusCode.OK);
        await using (var copy = await TestApp.StartAsync(database, Url("https://staging.example.org")))
        {
            var (status, body) = await HealthTests.GetAsync(copy, "ready");
            status.ShouldBe(HttpStatusCode.ServiceUnavailable);
            body.GetRawText().ShouldContain("EntryGuard:PublicUrl");
        }

        await using (await TestApp.StartAsync(database, new Dictionary<string, string>(Url("https://b.example.org")) { ["EntryGuard:TakeOver"] = "true" }))
        {
        }

        await using var moved = await TestApp.StartAsync(database, Url("https://b.example.org"));
        (await HealthTests.GetAsync(moved, "ready")).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Theory, EveryDatabase]
    public async Task E27_a_restore_ends_what_was_live_and_closes_every_entry_with_our_mark_and_no_other(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var session = await app.As("ann").StartSession("web", "203.0.113.7", hours: 1);
        await app.RunUntilQuiet();
        var installation = await InstallationAsync(database);
        var scope = Scope.Tcp(443);
        app.Cloud("web").AddForeign("198.51.100.9", scope);
        app.Cloud("web").AddForeign("203.0.113.99", scope);
        var ours = app.Cloud("web").Standing.Single(r => r.Mark!.StartsWith("eg:", StringComparison.Ordinal));
        ours.Mark!.ShouldStartWith($"eg:{installation}:");
        await MakeOther(database);

        var told = new List<string>();
        await app.Services.GetRequiredService<Restore>().RunAsync(told.Add, default);
        app.Cloud("web").Rules.ShouldBe(["198.51.100.9/32", "203.0.113.99/32"], ignoreOrder: true);
        told.ShouldBe(["ended 1 live session(s)", $"closed {ours.Rule} on web (scripted:tester:web)"]);
        (await app.Session(session)).EndedReason.ShouldBe("RESTORED");
        await app.Advance(TimeSpan.FromSeconds(20));   // its calls were answered, but absence counts only after their deadline
        (await app.Status(session)).ShouldBe("CANCELLED");
    }

    [Theory, SqliteOnly]
    public async Task E27_a_file_from_before_the_session_calls_no_provider_and_its_restore_closes_what_it_never_knew(TestDatabase database)
    {
        TestDatabase backup;
        string mark;
        await using (var app = await TestApp.StartAsync(database))
        {
            await app.As("ann").Reach("web");
            backup = await database.CopyAsync();
            await app.As("ann").StartSession("web", "203.0.113.7", hours: 1);
            await app.RunUntilQuiet();
            mark = app.Cloud("web").Standing.Single().Mark!;
        }

        await using (backup)
        {
            await using var copy = await TestApp.StartAsync(backup);
            copy.Cloud("web").AddMarked("203.0.113.7", Scope.Tcp(443), mark);   // what stands there, as the copy finds it
            copy.Cloud("web").AddForeign("198.51.100.9", Scope.Tcp(443));
            (await HealthTests.GetAsync(copy, "ready")).Status.ShouldBe(HttpStatusCode.ServiceUnavailable);
            await copy.Advance(TimeSpan.FromMinutes(30));
            copy.Provider.Calls.ShouldBeEmpty();

            var told = new List<string>();
            await copy.Services.GetRequiredService<Restore>().RunAsync(told.Add, default);
            told.ShouldBe(["ended 0 live session(s)", "closed tcp/443 203.0.113.7 on web (scripted:tester:web)"]);
            copy.Cloud("web").Rules.ShouldBe(["198.51.100.9/32"]);
        }
    }

    [Theory, SqliteOnly]
    public async Task E27_a_copy_that_takes_over_goes_on_and_closes_what_the_other_opened_before_it_was_made(TestDatabase database)
    {
        SessionResponse session;
        TestDatabase copied;
        string mark;
        await using (var app = await TestApp.StartAsync(database))
        {
            session = await app.As("ann").StartSession("web", "203.0.113.7", hours: 1);
            await app.RunUntilQuiet();
            mark = app.Cloud("web").Standing.Single().Mark!;
            copied = await database.CopyAsync();
        }

        await using (copied)
        {
            await using var copy = await TestApp.StartAsync(copied, new Dictionary<string, string> { ["EntryGuard:TakeOver"] = "true" });
            copy.Cloud("web").AddMarked("203.0.113.7", Scope.Tcp(443), mark);
            (await HealthTests.GetAsync(copy, "ready")).Status.ShouldBe(HttpStatusCode.OK);
            await copy.Advance(TimeSpan.FromMinutes(61));
            copy.Cloud("web").Rules.ShouldBeEmpty();
            var id = new SessionId(session.Id);
            await using var db = copy.Databases.OpenEngine();
            (await db.Sessions.AsNoTracking().SingleAsync(s => s.Id == id)).Status.ShouldBe(SessionStatus.Expired);
        }
    }

    [Theory, EveryDatabase]
    public async Task E27_a_node_started_with_restored_ends_what_was_live_takes_the_database_and_serves(TestDatabase database)
    {
        SessionResponse session;
        await using (var before = await TestApp.StartAsync(database))
        {
            session = await before.As("ann").StartSession("web", "203.0.113.7", hours: 1);
            await before.RunUntilQuiet();
        }

        await MakeOther(database);
        await using var app = await TestApp.StartAsync(database, new Dictionary<string, string> { ["EntryGuard:Restored"] = "true" });
        (await HealthTests.GetAsync(app, "ready")).Status.ShouldBe(HttpStatusCode.OK);
        var id = new SessionId(session.Id);
        await using var db = app.Databases.OpenEngine();
        await using var read = await db.BeginReadAsync(default);
        var row = await db.Sessions.AsNoTracking().SingleAsync(s => s.Id == id);
        (row.Status, row.EndReason).ShouldBe((SessionStatus.Expiring, EndReason.Restored));
    }

    [Theory, EveryDatabase]
    public async Task E27_a_restore_that_cannot_see_a_list_is_not_finished_and_says_so(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        await app.As("ann").StartSession("web", "203.0.113.7", hours: 1);
        await app.RunUntilQuiet();
        app.Provider.OnList = _ => new Domain.Providers.RuleFault("DOWN", "The provider is down.", false);
        var refused = await Should.ThrowAsync<RefusedToStartException>(() => app.Services.GetRequiredService<Restore>().RunAsync(_ => { }, default));
        refused.Message.ShouldContain("web");
        refused.Message.ShouldContain("The provider is down.");
        refused.Message.ShouldContain("--restored");
    }

    private static Dictionary<string, string> Url(string url) => new() { ["EntryGuard:PublicUrl"] = url };

    private static async Task MakeOther(TestDatabase database)
    {
        await using var db = database.Databases.OpenEngine();
        await using var work = await db.BeginWriteAsync(WritePriority.Other, default);
        (await db.Installations.SingleAsync()).DatabaseIdentity = "the one it was copied from";
        await work.CommitAsync(default);
    }

    private static async Task<string> InstallationAsync(TestDatabase database)
    {
        await using var db = database.Databases.OpenEngine();
        await using var read = await db.BeginReadAsync(default);
        return (await db.Installations.AsNoTracking().SingleAsync()).Code;
    }
}
