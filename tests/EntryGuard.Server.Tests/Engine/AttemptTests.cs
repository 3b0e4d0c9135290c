using EntryGuard.Domain;
using EntryGuard.Domain.Sessions;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Testing;
using EntryGuard.Testing.Providers;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using static EntryGuard.Server.Tests.Engine.EngineFacts;

namespace EntryGuard.Server.Tests.Engine;

/// <summary>Calls that go without an answer, and what may be believed afterwards (E11–E14).</summary>
public sealed class AttemptTests
{
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(15);

    [Theory, EveryDatabase]
    public async Task E11_the_attempt_is_committed_before_the_call_goes_out(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = await app.As("ann").StartSession("web", Address);
        var seen = new List<(ResourceIpStatus Status, bool MayStand, bool HasAttempt, DateTimeOffset? Deadline, DateTimeOffset? DueAt)>();
        app.Provider.OnApply = (_, _) => new Script(Before: async _ =>
        {
            var row = await app.Row(ann);
            seen.Add((row.Status, row.MayStand, row.AttemptId is not null && row.AttemptEpoch is not null, row.AttemptDeadlineAt, row.DueAt));
        });
        var opened = app.Time.GetUtcNow();
        await app.RunUntilQuiet();
        await app.Advance(TimeSpan.FromMinutes(1));
        var stopped = app.Time.GetUtcNow();
        await app.As("ann").Stop(ann);
        await app.RunUntilQuiet();
        seen.ShouldBe([
            (ResourceIpStatus.Applying, true, true, opened + CallTimeout, opened + CallTimeout),
            (ResourceIpStatus.Removing, true, true, stopped + CallTimeout, stopped + CallTimeout)]);
        (await app.Row(ann)).AttemptId.ShouldBeNull();
    }

    [Theory, EveryDatabase]
    public async Task E11_a_call_carries_only_claims_whose_update_took_its_attempt(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database, capabilities: Plain with { BatchSize = 1 });
        var ann = await app.As("ann").StartSession("web", Address);
        var bob = await app.As("bob").StartSession("web", "203.0.113.8");
        var first = true;
        app.Provider.OnApply = (_, _) => new Script(Before: async _ =>
        {
            if (!first)
                return;
            first = false;   // both were planned; both leave while the first is out
            await app.As("ann").Stop(ann);
            await app.As("bob").Stop(bob);
        });
        await app.RunUntilQuiet();
        app.Provider.Calls.Count(c => c.Additions.Length > 0).ShouldBe(1);
        app.Cloud("web").Rules.ShouldBeEmpty();
        (await app.Status(ann)).ShouldBe("CANCELLED");
        (await app.Status(bob)).ShouldBe("CANCELLED");
    }

    [Theory, EveryDatabase]
    public async Task E11_a_removal_takes_only_claims_that_leave_as_planned_and_are_in_no_other_call(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var (ann, bob, carol) = (await app.Open("ann"), await app.Open("bob", "203.0.113.8"), await app.Open("carol", "203.0.113.9"));
        foreach (var (who, session) in new[] { ("ann", ann), ("bob", bob), ("carol", carol) })
            await app.As(who).Stop(session);
        var (mine, moved, taken) = (await app.Row(ann), await app.Row(bob), await app.Row(carol));
        var other = Guid.NewGuid();
        await app.Seed.Change(db => db.ResourceIps.Where(c => c.Id == taken.Id).ExecuteUpdateAsync(set => set.SetProperty(c => c.AttemptId, other)));
        var now = app.Time.GetUtcNow();
        var call = new CallMark(Guid.NewGuid(), Guid.NewGuid(), now + CallTimeout);
        var planned = new[] { mine, moved, taken }.ToLookup(c => c.Id == moved.Id ? c.State with { Wanted = Wanted.Present } : c.State, c => c.Id);

        HashSet<ResourceIpId> marked = [];
        await app.Seed.Change(async db => marked = await SessionWrite.MarkLeavingAsync(
            db, [mine.SessionId, moved.SessionId, taken.SessionId], planned, call, now, default));

        marked.ShouldBe([mine.Id]);
        var row = await app.Row(ann);
        (row.Status, row.Attempts, row.FirstAttemptAt, row.DueAt).ShouldBe((ResourceIpStatus.Removing, 1, now, call.DeadlineAt));
        (row.AttemptId, row.AttemptEpoch, row.AttemptDeadlineAt).ShouldBe((call.Id, call.Epoch, call.DeadlineAt));
        (await app.Row(bob)).AttemptId.ShouldBeNull();
        (await app.Row(carol)).AttemptId.ShouldBe(other);
    }

    [Theory, EveryDatabase]
    public async Task E11_a_provider_that_does_not_answer_is_left_behind_after_15_seconds(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = await app.As("ann").StartSession("web", Address);
        var released = new TaskCompletionSource();
        app.OnOpening(new Script(Before: _ => released.Task));   // heeds no token
        var waits = app.Time.Armed(CallTimeout);
        var run = app.RunUntilQuiet();
        await waits;
        app.Time.Advance(CallTimeout);
        await run;
        (await app.Audit(ann)).ShouldContain("RULE_APPLY_RETRY");
        (await app.AllowList("web")).QuietAfter.ShouldBe(app.Time.GetUtcNow());
        (await app.Status(ann)).ShouldBe("PENDING");
        app.Provider.OnApply = null;
        released.SetResult();
        await app.Advance(TimeSpan.FromSeconds(30));
        (await app.Status(ann)).ShouldBe("ACTIVE");
    }

    [Theory, EveryDatabase]
    public async Task E12_a_late_call_of_a_dead_worker_cannot_make_a_status_lie(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = await app.As("ann").StartSession("web", Address);
        var (entered, released, landed) = (new TaskCompletionSource(), new TaskCompletionSource(), new TaskCompletionSource());
        app.OnOpening(new Script(
            Before: _ =>
            {
                entered.TrySetResult();
                return released.Task;
            },
            After: () =>
            {
                landed.TrySetResult();
                return Task.CompletedTask;
            }));
        var key = (await app.AllowList("web")).Key;
        using var killed = new CancellationTokenSource();
        var dead = app.Services.GetRequiredService<AllowListWorker>().RunOnce(key, killed.Token);
        await entered.Task;
        await killed.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => dead);   // and its request is still on its way

        app.Provider.OnApply = null;
        var died = app.Time.GetUtcNow();
        await app.As("ann").Stop(ann);
        await app.Advance(TimeSpan.FromSeconds(10));
        app.Closings(died).Count.ShouldBeGreaterThan(0);
        (await app.Status(ann)).ShouldBe("EXPIRING");   // gone now, but not for sure
        released.SetResult();                           // the late call lands after our removal
        await landed.Task;
        app.Cloud("web").Rules.ShouldBe([Standing]);
        await app.Advance(TimeSpan.FromSeconds(60));
        app.Cloud("web").Rules.ShouldBeEmpty();
        (await app.Status(ann)).ShouldBe("CANCELLED");
        (await app.Claim(ann)).RemovedAt!.Value.ShouldBeGreaterThanOrEqualTo(died + CallTimeout);
        app.Calls(died + CallTimeout, "list").Count.ShouldBeGreaterThan(0);
    }

    [Theory, EveryDatabase]
    public async Task E12_REMOVED_needs_a_list_made_after_the_quiet_time_and_the_read_delay(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database, capabilities: Plain with { ReadDelay = TimeSpan.FromSeconds(4) });
        var ann = await app.Open("ann");
        app.OnClosing(new Script(LoseAnswer: true));
        var stopped = app.Time.GetUtcNow();
        await app.As("ann").Stop(ann);
        await app.RunUntilQuiet();
        app.Provider.OnApply = null;
        (await app.AllowList("web")).QuietAfter.ShouldBe(stopped + CallTimeout);
        await app.Advance(TimeSpan.FromSeconds(18));
        app.Cloud("web").Rules.ShouldBeEmpty();
        (await app.Claim(ann)).Status.ShouldBe("REMOVING");
        await app.Advance(TimeSpan.FromSeconds(30));
        var removed = (await app.Claim(ann)).RemovedAt!.Value;
        removed.ShouldBeGreaterThanOrEqualTo(stopped + CallTimeout + TimeSpan.FromSeconds(4));
        app.Provider.Calls.Last(c => c.Verb == "list" && c.At <= removed).At.ShouldBeGreaterThanOrEqualTo(stopped + CallTimeout + TimeSpan.FromSeconds(4));
        (await app.Status(ann)).ShouldBe("CANCELLED");
    }

    [Theory, EveryDatabase]
    public async Task E12_the_quiet_time_never_goes_back(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var later = app.Time.GetUtcNow().AddMinutes(5);
        var ann = await app.Open("ann");
        await app.Seed.Change(db => db.AllowLists.ExecuteUpdateAsync(set => set.SetProperty(a => a.QuietAfter, later)));
        app.OnClosing(new Script(LoseAnswer: true));
        await app.As("ann").Stop(ann);
        await app.RunUntilQuiet();
        app.Provider.OnApply = null;
        (await app.AllowList("web")).QuietAfter.ShouldBe(later);
        await app.Advance(TimeSpan.FromMinutes(4));
        (await app.Status(ann)).ShouldBe("EXPIRING");
        await app.Advance(TimeSpan.FromMinutes(7));
        (await app.Status(ann)).ShouldBe("CANCELLED");
    }

    [Theory]
    [EveryDatabase(true)]    // it was made, the answer was lost
    [EveryDatabase(false)]   // it never arrived
    public async Task E13_an_opening_without_an_answer_is_read_back_and_not_sent_again_blindly(TestDatabase database, bool arrived)
    {
        await using var app = await TestApp.StartAsync(database);
        var started = app.Time.GetUtcNow();
        var lost = false;
        app.Provider.OnApply = (_, _) => lost ? null : new Script(LoseAnswer: lost = true, Drop: !arrived);
        var ann = await app.As("ann").StartSession("web", Address);
        await app.RunUntilQuiet();
        (await app.Status(ann)).ShouldBe("PENDING");
        await app.Advance(TimeSpan.FromMinutes(2));
        (await app.Status(ann)).ShouldBe("ACTIVE");
        app.Openings(started).Count.ShouldBe(arrived ? 1 : 2);
        app.Calls(started, "list").Count.ShouldBeGreaterThan(0);
        if (!arrived)
            app.Openings(started)[1].ShouldBeGreaterThanOrEqualTo(app.Calls(started, "list").First(at => at >= 15));
        app.Cloud("web").Standing.ShouldHaveSingleItem();
        (await app.Audit(ann)).Take(2).ShouldBe(["SESSION_START", "RULE_APPLY_RETRY"]);
    }

    [Theory, EveryDatabase]
    public async Task E13_an_unknown_opening_is_looked_at_every_5_minutes_and_closed_at_its_end(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var started = app.Time.GetUtcNow();
        app.OnOpening(new Script(LoseAnswer: true));
        app.Provider.OnList = _ => Fault("UNAVAILABLE");
        var ann = await app.As("ann").StartSession("web", Address);
        await app.Advance(TimeSpan.FromMinutes(55));
        (await app.Claim(ann)).Status.ShouldBe("APPLYING");   // never FAILED while it may stand
        (await app.Status(ann)).ShouldBe("PENDING");
        app.Openings(started).ShouldBe([0]);
        var looks = app.Calls(started, "list");
        looks.Zip(looks.Skip(1), (a, b) => b - a).TakeLast(5).ShouldAllBe(gap => gap == 300);
        app.Provider.OnList = null;
        app.Provider.OnSnapshot = (_, list) => list with { IsComplete = false, Rules = [] };
        await app.Advance(TimeSpan.FromMinutes(5));
        (await app.Status(ann)).ShouldBe("EXPIRING");
        app.Cloud("web").Rules.ShouldBeEmpty();   // the removal went out all the same
        app.Provider.OnSnapshot = null;
        await app.Advance(TimeSpan.FromMinutes(6));
        (await app.Status(ann)).ShouldBe("EXPIRED");
    }

    [Theory, EveryDatabase]
    public async Task E14_where_success_is_no_proof_a_list_after_the_read_delay_decides(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database, capabilities: Stale(7));
        var started = app.Time.GetUtcNow();
        var ann = await app.As("ann").StartSession("web", Address);
        await app.RunUntilQuiet();
        (await app.Claim(ann)).Status.ShouldBe("APPLYING");
        await app.Advance(TimeSpan.FromSeconds(7));
        (await app.Status(ann)).ShouldBe("ACTIVE");
        app.Calls(started, "list").ShouldBe([7]);

        var stopped = app.Time.GetUtcNow();
        await app.As("ann").Stop(ann);
        await app.RunUntilQuiet();
        app.Cloud("web").Rules.ShouldBeEmpty();
        (await app.Claim(ann)).Status.ShouldBe("REMOVING");
        await app.Advance(TimeSpan.FromSeconds(7));
        (await app.Status(ann)).ShouldBe("CANCELLED");
        app.Calls(stopped, "list").ShouldContain(7);
    }

    [Theory, EveryDatabase]
    public async Task E14_one_list_decides_a_whole_batch(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database, capabilities: Stale(7));
        var started = app.Time.GetUtcNow();
        for (var i = 1; i <= 5; i++)
            await app.As("ann").StartSession("web", $"203.0.113.{i}");
        await app.Advance(TimeSpan.FromSeconds(7));
        app.Calls(started).ShouldBe([0]);
        app.Calls(started, "list").ShouldBe([7]);
    }

    [Theory, EveryDatabase]
    public async Task E14_an_incomplete_list_proves_presence_never_absence(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database, capabilities: Stale(1));
        app.Provider.OnSnapshot = (_, list) => list with { IsComplete = false };
        var ann = await app.As("ann").StartSession("web", Address);
        await app.Advance(TimeSpan.FromSeconds(5));
        (await app.Status(ann)).ShouldBe("ACTIVE");
        await app.As("ann").Stop(ann);
        await app.Advance(TimeSpan.FromMinutes(10));
        app.Cloud("web").Rules.ShouldBeEmpty();
        (await app.Status(ann)).ShouldBe("EXPIRING");
        (await app.Session(ann)).OverdueSince.ShouldNotBeNull();   // it cannot be confirmed: said, and alerted
        app.Provider.OnSnapshot = null;
        await app.Advance(TimeSpan.FromMinutes(6));
        (await app.Status(ann)).ShouldBe("CANCELLED");
    }
}
