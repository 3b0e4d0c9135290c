using EntryGuard.Domain;
using EntryGuard.Server.Engine;
using EntryGuard.Testing;
using EntryGuard.Testing.Providers;
using Microsoft.Extensions.DependencyInjection;
using static EntryGuard.Server.Tests.Engine.EngineFacts;

namespace EntryGuard.Server.Tests.Engine;

/// <summary>Retries, literally: when a provider that fails is called, and what is written down (E03, E04, E21).</summary>
public sealed class RetryTests
{
    private static readonly string[] Opened = ["SESSION_START", "RULE_APPLIED", "SESSION_ACTIVE"];

    [Theory, EveryDatabase]
    public async Task E03_an_opening_answered_503_is_called_at_0_30_90_and_210_seconds_and_then_FAILED(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        app.OnOpening(Script.Unavailable);
        var started = app.Time.GetUtcNow();
        var ann = await app.As("ann").StartSession("web", Address, hours: 2);
        await app.Advance(TimeSpan.FromSeconds(209));
        (await app.Status(ann)).ShouldBe("PENDING");
        (await app.Claim(ann)).NextAttemptAt.ShouldBe(started.AddSeconds(210));
        await app.Advance(TimeSpan.FromHours(3));
        app.Calls(started).ShouldBe([0, 30, 90, 210]);
        app.Calls(started, "list").ShouldAllBe(at => at > 210);   // comparisons every 10 min, and nothing else
        (await app.Status(ann)).ShouldBe("FAILED");
        var claim = await app.Claim(ann);
        (claim.Status, claim.Attempts, claim.ErrorCode, claim.NextAttemptAt).ShouldBe(("FAILED", 4, "UNAVAILABLE", null));
        (await app.Session(ann)).EndedAt.ShouldBe(started.AddSeconds(210));
        (await app.Audit(ann)).ShouldBe(["SESSION_START", "RULE_APPLY_RETRY", "RULE_APPLY_RETRY", "RULE_APPLY_RETRY", "RULE_APPLY_FAILED", "SESSION_FAILED"]);
    }

    [Theory, EveryDatabase]
    public async Task E03_an_opening_that_works_at_the_fourth_call_is_APPLIED(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var started = app.Time.GetUtcNow();
        app.Provider.OnApply = (_, _) => app.Time.GetUtcNow() < started.AddSeconds(210) ? Script.Unavailable : null;
        var ann = await app.As("ann").StartSession("web", Address);
        await app.Advance(TimeSpan.FromSeconds(210));
        (await app.Status(ann)).ShouldBe("ACTIVE");
        (await app.Claim(ann)).AppliedAt.ShouldBe(started.AddSeconds(210));
        (await app.Audit(ann)).ShouldBe(["SESSION_START", "RULE_APPLY_RETRY", "RULE_APPLY_RETRY", "RULE_APPLY_RETRY", "RULE_APPLIED", "SESSION_ACTIVE"]);
    }

    [Theory, EveryDatabase]
    public async Task E03_a_permanent_fault_fails_the_opening_at_once(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        app.Provider.Cloud("web").Capacity = 0;
        var started = app.Time.GetUtcNow();
        var ann = await app.As("ann").StartSession("web", Address);
        await app.Advance(TimeSpan.FromHours(2));
        app.Calls(started).ShouldBe([0]);
        (await app.Claim(ann)).ErrorCode.ShouldBe("QUOTA");
        (await app.Audit(ann)).ShouldBe(["SESSION_START", "RULE_APPLY_FAILED", "SESSION_FAILED"]);
        (await app.Session(ann)).StatusMessage.ShouldContain("No access was granted");
    }

    [Theory]
    [EveryDatabase(1, 1)]
    [EveryDatabase(12, 15)]   // more often than an opening is tried, and longer than a closing may take
    public async Task E03_and_E04_what_the_server_itself_held_up_is_no_call_and_goes_out_a_second_later(TestDatabase database, int openings, int closings)
    {
        await using var app = await TestApp.StartAsync(database);
        var started = app.Time.GetUtcNow();
        var ann = await app.As("ann").StartSession("web", Address, hours: 2);
        await HeldUpAsync(openings);
        app.Calls(started).ShouldBeEmpty();
        var claim = await app.Claim(ann);
        (claim.Status, claim.Attempts, claim.ErrorCode, claim.NextAttemptAt).ShouldBe(("PENDING", 0, "NOT_SENT", app.Time.GetUtcNow().AddSeconds(1)));
        await app.Advance(TimeSpan.FromSeconds(1));
        (await app.Status(ann)).ShouldBe("ACTIVE");

        await app.As("ann").Stop(ann);
        var stopped = app.Time.GetUtcNow();
        await HeldUpAsync(closings);
        app.Closings(stopped).ShouldBeEmpty();
        claim = await app.Claim(ann);
        (claim.Status, claim.Attempts, claim.ErrorCode, claim.NextAttemptAt).ShouldBe((closings == 1 ? "REMOVING" : "FAILED", 0, "NOT_SENT", app.Time.GetUtcNow().AddSeconds(1)));
        claim.OverdueSince.HasValue.ShouldBe(closings > 1, "nobody knows it closed after 210 s: it reads overdue, whoever's fault it is");
        app.Cloud("web").Rules.Count.ShouldBe(1);
        await app.Advance(TimeSpan.FromSeconds(1));
        app.Cloud("web").Rules.ShouldBeEmpty();
        (await app.Status(ann)).ShouldBe("CANCELLED");

        async Task HeldUpAsync(int times)
        {
            for (var time = 1; time <= times; time++)
            {
                await HoldUpAsync(app, database);
                if (time < times)
                    app.Time.Advance(TimeSpan.FromSeconds(1));
            }
        }
    }

    [Theory, EveryDatabase]
    public async Task E03_an_opening_that_the_server_holds_up_for_ever_is_given_up(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var started = app.Time.GetUtcNow();
        var ann = await app.As("ann").StartSession("web", Address, hours: 2);
        var (heldUp, counted) = (0, new List<int>());
        for (var claim = await app.Claim(ann); claim.Status != "FAILED"; claim = await app.Claim(ann))
        {
            if (claim.NextAttemptAt is { } next)
                app.Time.Advance(next - app.Time.GetUtcNow());
            await HoldUpAsync(app, database);
            heldUp++.ShouldBeLessThan(30);
            counted.Add((await app.Claim(ann)).Attempts);
        }

        counted.Where(attempts => attempts > 0).ShouldBe([1, 2, 3, 4], "for 210 s it costs nothing");
        app.Calls(started).ShouldBeEmpty();
        var given = await app.Session(ann);
        (given.Status, given.EndedAt - started).ShouldBe(("FAILED", TimeSpan.FromSeconds(208 + 15 + 30 + 60 + 120)));
        (await app.Claim(ann)).ErrorCode.ShouldBe("NOT_SENT");
    }

    // From the commit of the attempt until the time of its call is over.
    private static async Task HoldUpAsync(TestApp app, TestDatabase database)
    {
        var begun = database.Commits.HoldNext();
        var run = app.Services.GetRequiredService<AllowListWorker>().RunOnce(new AllowListKey("scripted:tester:web"), CancellationToken.None);
        (await Task.WhenAny(begun.Reached, run)).ShouldBe(begun.Reached, "the attempt is committed before it is held up");
        app.Time.Advance(TimeSpan.FromSeconds(15));
        begun.Release();
        await run;
    }

    [Theory]
    [EveryDatabase(45, 45, 60)]      // longer than the first step, shorter than the others
    [EveryDatabase(10, 30, 60)]      // shorter than any step
    [EveryDatabase(3600, 300, 300)]  // capped
    public async Task E03_a_longer_Retry_After_wins_up_to_five_minutes(TestDatabase database, int asked, int first, int second)
    {
        await using var app = await TestApp.StartAsync(database);
        app.OnOpening(new Script(FailItems: Fault("THROTTLED", retryAfter: asked)));
        var started = app.Time.GetUtcNow();
        await app.As("ann").StartSession("web", Address, hours: 2);
        await app.Advance(TimeSpan.FromSeconds(first + second));
        app.Calls(started).ShouldBe([0, first, first + second]);
    }

    [Theory, EveryDatabase]
    public async Task E04_a_closing_answered_503_is_called_at_0_30_90_and_210_seconds_then_overdue_and_every_5_minutes_for_ever(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = await app.Open("ann");
        app.OnClosing(Script.Unavailable);
        var stopped = app.Time.GetUtcNow();
        await app.As("ann").Stop(ann);
        await app.Advance(TimeSpan.FromSeconds(209));
        (await app.Claim(ann)).Status.ShouldBe("REMOVING");
        (await app.Session(ann)).OverdueSince.ShouldBeNull();
        await app.Advance(TimeSpan.FromSeconds(1));
        (await app.Claim(ann)).Status.ShouldBe("FAILED");
        (await app.Session(ann)).OverdueSince.ShouldBe(stopped.AddSeconds(210));
        (await app.Audit(ann)).ShouldBe([.. Opened, "SESSION_STOP", "SESSION_EXPIRING", "RULE_REMOVE_RETRY", "RULE_REMOVE_RETRY", "RULE_REMOVE_RETRY", "RULE_REMOVE_FAILED"]);

        await app.Advance(TimeSpan.FromHours(3));
        var calls = app.Closings(stopped);
        calls.Take(4).ShouldBe([0, 30, 90, 210]);
        var slow = calls.Skip(3).Zip(calls.Skip(4), (a, b) => b - a).ToList();
        slow.Count.ShouldBeInRange(32, 40);   // three hours of 5 min ± 10 %
        slow.ShouldAllBe(gap => gap >= 270 && gap <= 330);
        (await app.Status(ann)).ShouldBe("EXPIRING");
        (await app.Session(ann)).OverdueSince.ShouldBe(stopped.AddSeconds(210));

        app.Provider.OnApply = null;
        await app.Advance(TimeSpan.FromSeconds(330));
        (await app.Status(ann)).ShouldBe("CANCELLED");
        app.Cloud("web").Rules.ShouldBeEmpty();
        (await app.Session(ann)).OverdueSince.ShouldBeNull();
        (await app.Audit(ann)).Skip(Opened.Length + 6).ShouldBe([.. slow.Select(_ => "RULE_REMOVE_RETRY"), "RULE_REMOVED", "SESSION_CANCELLED"]);
    }

    [Theory, EveryDatabase]
    public async Task E04_a_closing_that_reaches_nobody_is_tried_once_more_after_a_second(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = await app.Open("ann");
        app.OnClosing(Script.Unreachable);
        var stopped = app.Time.GetUtcNow();
        await app.As("ann").Stop(ann);
        await app.Advance(TimeSpan.FromSeconds(210));
        app.Closings(stopped).ShouldBe([0, 1, 30, 90, 210]);
        (await app.Claim(ann)).Status.ShouldBe("FAILED");
        (await app.Audit(ann)).Skip(Opened.Length).ShouldBe([
            "SESSION_STOP", "SESSION_EXPIRING", "RULE_REMOVE_RETRY", "RULE_REMOVE_RETRY", "RULE_REMOVE_RETRY", "RULE_REMOVE_RETRY", "RULE_REMOVE_FAILED"]);
    }

    [Theory, EveryDatabase]
    public async Task E04_a_Retry_After_delays_a_closing_by_a_minute_at_most(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = await app.Open("ann");
        app.OnClosing(new Script(FailItems: Fault("THROTTLED", retryAfter: 3600)));
        var stopped = app.Time.GetUtcNow();
        await app.As("ann").Stop(ann);
        await app.Advance(TimeSpan.FromSeconds(210));
        app.Closings(stopped).ShouldBe([0, 60, 120, 210]);   // the step of 90 s is 30 s after the second call: the provider's minute is longer
    }

    [Theory, EveryDatabase]
    public async Task E04_a_permanent_fault_makes_a_closing_overdue_at_once_on_the_same_schedule(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = await app.Open("ann");
        app.OnClosing(new Script(FailItems: null, Refuse: Fault("NOT_PERMITTED", isPermanent: true)));
        var stopped = app.Time.GetUtcNow();
        await app.As("ann").Stop(ann);
        await app.RunUntilQuiet();
        (await app.Claim(ann)).Status.ShouldBe("FAILED");
        (await app.Session(ann)).OverdueSince.ShouldBe(stopped);
        (await app.Audit(ann)).ShouldContain("RULE_REMOVE_FAILED");
        await app.Advance(TimeSpan.FromSeconds(210));
        app.Closings(stopped).ShouldBe([0, 30, 90, 210]);
        (await app.Audit(ann)).Count(e => e == "RULE_REMOVE_FAILED").ShouldBe(1);
    }

    [Theory, EveryDatabase]
    public async Task E04_an_overdue_closing_runs_at_once_on_retry_on_an_edit_and_on_a_good_verification(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        await app.UseCredential("web", "key");
        var ann = await app.Open("ann");
        app.OnClosing(Script.Unavailable);
        await app.As("ann").Stop(ann);
        await app.Advance(TimeSpan.FromSeconds(211));
        var claim = await app.Claim(ann);
        var (now, calls) = (app.Time.GetUtcNow(), 0);

        (await app.As("ann").TryRetry(claim)).Value.Status.ShouldBe("FAILED");
        await TriedAtOnce();
        await app.Edit("web", new Contracts.UpdateResourceRequest { Name = "renamed" });
        await TriedAtOnce();
        await app.Services.GetRequiredService<Verification>().VerifyAsync(new ResourceId(claim.ResourceId), CancellationToken.None);
        await TriedAtOnce();

        async Task TriedAtOnce()
        {
            await app.RunUntilQuiet();
            app.Closings(now).Count.ShouldBe(++calls);
            (await app.Claim(ann)).Status.ShouldBe("FAILED");
        }
    }

    [Theory, EveryDatabase]
    public async Task E09_a_half_made_opening_that_is_given_up_is_undone_before_it_reads_FAILED(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var admin = await app.As("ann").SignIn();
        await app.Seed.Resource(admin.Organization, "web", 80, 443);
        app.Provider.OnApply = (_, changes) => changes.Additions.Count > 0 ? new Script(OnlyFirst: 1) : Script.Unavailable;
        var started = app.Time.GetUtcNow();
        var ann = await app.As("ann").StartSession("web", Address);
        await app.Advance(TimeSpan.FromSeconds(210));
        var claim = await app.Claim(ann);
        claim.Status.ShouldBe("REMOVING");
        (await app.Status(ann)).ShouldBe("PENDING");   // FAILED would say that nothing stands
        app.Cloud("web").Rules.ShouldBe([Standing]);

        await app.Advance(TimeSpan.FromSeconds(210));
        (await app.Claim(ann)).Status.ShouldBe("FAILED");
        (await app.Session(ann)).OverdueSince.ShouldBe(started.AddSeconds(420));
        (await app.Status(ann)).ShouldBe("PENDING");
        app.Provider.OnApply = null;
        await app.Advance(TimeSpan.FromSeconds(330));
        app.Cloud("web").Rules.ShouldBeEmpty();
        (await app.Status(ann)).ShouldBe("FAILED");
        (await app.Session(ann)).OverdueSince.ShouldBeNull();
    }
}
