using System.Data.Common;
using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Testing;
using EntryGuard.Testing.Providers;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;

namespace EntryGuard.Server.Tests.Races;

/// <summary>Races at the end of a session: of workers, of nodes, of sessions that share a rule.</summary>
public sealed class ClosingRaceTests
{
    private const string Address = "203.0.113.7";
    private static readonly CancellationToken None = CancellationToken.None;

    // READ COMMITTED: without the lock on the session each worker sees the other's claim still standing, and nobody ends the session.
    [Theory, PostgresOnly]
    public async Task E18_two_workers_that_finish_one_session_leave_it_ended(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var laws = await Laws.WatchAsync(database, app);
        var session = await FinishAtOnceAsync(app, database, Worker(app), Worker(app), waits: true);
        (await app.Status(session)).ShouldBe("CANCELLED");   // by the workers alone: no sweep has run
        await laws.HoldAsync();
    }

    // The same without the lock: shows that the test above would find it.
    [Theory, PostgresOnly]
    public async Task E18_planted_defect_no_session_lock_leaves_the_session_hanging(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        await using var unlocked = Databases.Postgres(database.ConnectionString, database.Commits, new WithoutSessionLocks());
        AllowListWorker Careless() => ActivatorUtilities.CreateInstance<AllowListWorker>(app.Services, unlocked);
        var session = await FinishAtOnceAsync(app, database, Careless(), Careless(), waits: false);
        (await app.Session(session)).ResourceIps.ShouldAllBe(c => c.Status == "REMOVED");
        (await app.Status(session)).ShouldBe("EXPIRING");
    }

    private static async Task<SessionResponse> FinishAtOnceAsync(TestApp app, TestDatabase database, AllowListWorker first, AllowListWorker second, bool waits)
    {
        var session = await app.As("ann").StartSession(["web", "mail"], [Address]);
        await app.RunUntilQuiet();
        await app.As("ann").Stop(session);
        var (web, mail) = (await ParkAsync(app, first, "web"), await ParkAsync(app, second, "mail"));
        var held = web.HoldRecord(database.Commits);
        var one = web.GoAsync();
        await held.Reached;
        var two = mail.GoAsync();
        (await LockWait.OfAsync(database, two)).ShouldBe(waits);
        held.Release();
        await Task.WhenAll(one, two);
        return session;
    }

    /// <summary>The planted defect: sessions are read without being locked.</summary>
    private sealed class WithoutSessionLocks : DbCommandInterceptor
    {
        public override DbCommand CommandInitialized(CommandEndEventData eventData, DbCommand result)
        {
            if (result.CommandText.Contains("FROM sessions", StringComparison.Ordinal))
#pragma warning disable CA2100 // Our own text, less a few words.
                result.CommandText = result.CommandText.Replace("FOR UPDATE", "", StringComparison.Ordinal);
#pragma warning restore CA2100
            return result;
        }
    }

    [Theory, PostgresOnly]
    public async Task E22_the_clocks_of_two_nodes_end_a_session_once_and_none_waits(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var laws = await Laws.WatchAsync(database, app);
        var session = await app.As("ann").StartSession("web", Address);
        await app.RunUntilQuiet();
        app.Time.Advance(TimeSpan.FromHours(1));
        await using var elsewhere = database.Open();
        var other = new DueClaims(elsewhere, app.Services.GetRequiredService<DatabaseClock>(), app.Services.GetRequiredService<EngineMetrics>());

        var held = database.Commits.HoldNext();
        var one = app.Services.GetRequiredService<DueClaims>().ActAsync(None);
        await held.Reached;
        (await other.ActAsync(None)).ShouldBeEmpty();
        held.Release();
        (await one).ShouldHaveSingleItem();
        (await other.ActAsync(None)).ShouldBeEmpty();
        (await app.Audit(session)).Count(e => e == "SESSION_EXPIRING").ShouldBe(1);
        await app.Advance(TimeSpan.Zero);
        (await app.Status(session)).ShouldBe("EXPIRED");
        await laws.HoldAsync();
    }

    [Theory, PostgresOnly]
    public async Task E06_the_last_two_sessions_of_a_rule_stop_at_once_and_it_goes(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var laws = await Laws.WatchAsync(database, app);
        var ann = await app.As("ann").StartSession("web", Address);
        var bob = await app.As("bob").StartSession("web", Address);
        await app.RunUntilQuiet();

        var held = database.Commits.HoldNext();
        var one = app.As("ann").Stop(ann);
        await held.Reached;
        await app.As("bob").Stop(bob);
        var hand = Worker(app).RunOnce(KeyOf("web"), None);   // ann's claim still wants the rule, as far as anybody can see
        (await LockWait.OfAsync(database, hand)).ShouldBeTrue();
        held.Release();
        await Task.WhenAll(one, hand);
        await app.RunUntilQuiet();
        (await app.Status(bob)).ShouldBe("CANCELLED");
        (await app.Status(ann)).ShouldBe("CANCELLED");
        app.Cloud("web").Rules.ShouldBeEmpty();
        await laws.HoldAsync();
    }

    // Both find that the other keeps the rule alive; each must see that the other has left before it calls its own part done.
    [Theory]
    [PostgresOnly(false)]
    [PostgresOnly(true)]
    public async Task E06_a_worker_hands_a_rule_to_an_heir_while_the_heir_stops(TestDatabase database, bool stopFirst)
    {
        await using var app = await TestApp.StartAsync(database);
        var laws = await Laws.WatchAsync(database, app);
        var ann = await app.As("ann").StartSession("web", Address);
        var bob = await app.As("bob").StartSession("web", Address);
        await app.RunUntilQuiet();
        await app.As("ann").Stop(ann);

        var held = database.Commits.HoldNext();
        Task Hand() => Worker(app).RunOnce(KeyOf("web"), None);
        Task Stop() => app.As("bob").Stop(bob);
        var one = stopFirst ? Stop() : Hand();
        await held.Reached;
        var two = stopFirst ? Hand() : Stop();
        (await LockWait.OfAsync(database, two)).ShouldBeTrue();
        held.Release();
        await Task.WhenAll(one, two);
        await app.RunUntilQuiet();
        (await app.Status(ann), await app.Status(bob)).ShouldBe(("CANCELLED", "CANCELLED"));
        app.Cloud("web").Rules.ShouldBeEmpty();
        await laws.HoldAsync();
    }

    // The first worker's call lands after the second has already removed what was not there yet.
    [Theory]
    [PostgresOnly(false)]
    [PostgresOnly(true)]
    public async Task E12_doubled_workers_call_at_once_and_the_late_answer_does_not_make_a_status_lie(TestDatabase database, bool lateFirst)
    {
        await using var app = await TestApp.StartAsync(database);
        var laws = await Laws.WatchAsync(database, app);
        var session = await app.As("ann").StartSession("web", Address);
        var late = await ParkAsync(app, Worker(app), "web");
        await app.As("ann").Stop(session);

        // At the second's taking over and the first's writing down, whichever comes first is held while the other tries.
        var held = lateFirst ? late.HoldRecord(database.Commits) : database.Commits.HoldNext();
        Task Second() => Worker(app).RunOnce(KeyOf("web"), None);
        var one = lateFirst ? late.GoAsync() : Second();
        await held.Reached;
        var two = lateFirst ? Second() : late.GoAsync();
        (await LockWait.OfAsync(database, two)).ShouldBeTrue();
        held.Release();
        await Task.WhenAll(one, two);
        await app.RunUntilQuiet();
        if (app.Cloud("web").Standing.Count > 0)
            (await app.Status(session)).ShouldBe("EXPIRING");

        await app.Advance(AllowListWorker.CallTimeout + TimeSpan.FromSeconds(30));
        (await app.Status(session)).ShouldBe("CANCELLED");
        app.Cloud("web").Rules.ShouldBeEmpty();
        await laws.HoldAsync();
    }

    // Two doubled workers, each with a call that gets no answer; the one with the earlier deadline writes last.
    [Theory, PostgresOnly]
    public async Task E12_of_two_unanswered_calls_the_later_deadline_stays(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var (early, later) = (new ParkedCall(), new ParkedCall());
        app.Provider.OnApply = (_, changes) => new Script(
            Before: _ => (changes.Additions[0].Rule.Address.ToString() == "203.0.113.1" ? early : later).WaitAsync(), LoseAnswer: true, Drop: true);
        await app.As("ann").StartSession("web", "203.0.113.1");
        var begun = database.Commits.HoldNext();
        var entered = early.RunAsync(Worker(app), "web");
        await begun.Reached;   // it has read the allow-list, and so knows nothing of what comes
        app.Time.Advance(TimeSpan.FromSeconds(5));
        await app.As("bob").StartSession("web", "203.0.113.2");
        var deadline = app.Time.GetUtcNow() + AllowListWorker.CallTimeout;
        var second = later.RunAsync(Worker(app), "web");
        (await LockWait.OfAsync(database, second)).ShouldBeTrue();
        begun.Release();
        await Task.WhenAll(entered, second);

        var held = later.HoldRecord(database.Commits);
        var one = later.GoAsync();
        await held.Reached;
        var two = early.GoAsync();
        (await LockWait.OfAsync(database, two)).ShouldBeTrue();
        held.Release();
        await Task.WhenAll(one, two);
        await using var db = database.Databases.OpenEngine();
        db.AllowLists.Single().QuietAfter.ShouldBe(deadline);
    }

    private static async Task<ParkedCall> ParkAsync(TestApp app, AllowListWorker worker, string list)
    {
        var call = new ParkedCall();
        app.Provider.OnApply = (_, _) =>
        {
            app.Provider.OnApply = null;
            return new Script(Before: _ => call.WaitAsync());
        };
        await call.RunAsync(worker, list);
        return call;
    }

    private static AllowListKey KeyOf(string list) => new($"scripted:tester:{list}");

    private static AllowListWorker Worker(TestApp app) => ActivatorUtilities.CreateInstance<AllowListWorker>(app.Services);
}
