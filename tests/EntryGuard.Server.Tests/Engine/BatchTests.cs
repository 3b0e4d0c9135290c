using EntryGuard.Domain.Net;
using EntryGuard.Server.Engine;
using EntryGuard.Testing;
using EntryGuard.Testing.Providers;
using Microsoft.Extensions.Time.Testing;
using static EntryGuard.Server.Tests.Engine.EngineFacts;

namespace EntryGuard.Server.Tests.Engine;

/// <summary>What goes into one call, and what a refused call costs (E16).</summary>
public sealed class BatchTests
{
    [Theory, EveryDatabase]
    public async Task E16_whatever_is_due_goes_into_one_call_removals_first(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var old = await app.Open("ann");
        var now = app.Time.GetUtcNow();
        await app.As("ann").Stop(old);
        await app.As("bob").StartSession("web", "203.0.113.8");
        await app.As("eve").StartSession("web", "203.0.113.9");
        var before = app.Provider.Calls.Count;
        await app.RunUntilQuiet();
        var call = app.Provider.Calls.Skip(before).ShouldHaveSingleItem();
        call.Removals.Select(r => r.Address).ShouldBe([Cidr.Parse(Address)]);
        call.Additions.Length.ShouldBe(2);
        app.Calls(now).Count.ShouldBe(2);   // the first was Ann's opening
    }

    [Theory, EveryDatabase]
    public async Task E16_a_large_change_is_split_by_the_providers_batch_size(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database, capabilities: Plain with { BatchSize = 3 });
        for (var i = 1; i <= 7; i++)
            await app.As("ann").StartSession("web", $"203.0.113.{i}");
        await app.RunUntilQuiet();
        app.Provider.Calls.Select(c => c.Additions.Length).ShouldBe([3, 3, 1]);
        app.Cloud("web").Rules.Count.ShouldBe(7);
    }

    [Theory, EveryDatabase]
    public async Task E16_a_poisoned_item_is_isolated_by_halving(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var poison = Cidr.Parse("203.0.113.3");
        app.Provider.OnApply = (_, changes) => changes.Additions.Any(a => a.Rule.Address == poison) ? new Script(Refuse: Fault("MALFORMED", isPermanent: true)) : null;
        var sessions = new List<Contracts.SessionResponse>();
        for (var i = 1; i <= 4; i++)
            sessions.Add(await app.As("ann").StartSession("web", $"203.0.113.{i}"));
        await app.RunUntilQuiet();
        app.Provider.Calls.Select(c => c.Additions.Length).OrderDescending().ShouldBe([4, 2, 2, 1, 1]);
        var statuses = new List<string>();
        foreach (var session in sessions)
            statuses.Add(await app.Status(session));
        statuses.ShouldBe(["ACTIVE", "ACTIVE", "FAILED", "ACTIVE"]);
        (await app.Claim(sessions[2])).ErrorCode.ShouldBe("MALFORMED");
    }

    [Theory, EveryDatabase]
    public async Task E16_a_poisoned_closing_does_not_hold_up_the_others(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var bad = await app.Open("ann");
        var good = await app.Open("bob", address: "203.0.113.8");
        app.Provider.OnApply = (_, changes) => changes.Removals.Any(r => r.Rule.Address == Cidr.Parse(Address)) ? new Script(Refuse: Fault("MALFORMED", isPermanent: true)) : null;
        await app.As("ann").Stop(bad);
        await app.As("bob").Stop(good);
        await app.RunUntilQuiet();
        (await app.Status(good)).ShouldBe("CANCELLED");
        (await app.Status(bad)).ShouldBe("EXPIRING");
        (await app.Session(bad)).OverdueSince.ShouldNotBeNull();
    }

    [Theory, EveryDatabase]
    public async Task E16_a_credential_that_fails_as_a_whole_gets_one_probe_per_pass(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database, capabilities: Plain with { BatchSize = 1 });
        await app.UseCredential("web", "key");
        var sessions = new List<Contracts.SessionResponse>();
        for (var i = 1; i <= 3; i++)
            sessions.Add(await app.Open("ann", address: $"203.0.113.{i}"));
        app.OnClosing(Script.Forbidden);
        foreach (var session in sessions)
            await app.As("ann").Stop(session);
        var stopped = app.Time.GetUtcNow();
        var before = app.Provider.Calls.Count;
        await app.RunUntilQuiet();
        (app.Provider.Calls.Count - before).ShouldBe(1);
        foreach (var session in sessions)
            (await app.Claim(session)).ErrorCode.ShouldBe("FORBIDDEN");
        await app.Advance(TimeSpan.FromSeconds(210));
        app.Provider.Calls.Skip(before).Select(c => (c.At - stopped).TotalSeconds).ShouldBe([0, 30, 90, 210]);
        app.Provider.OnApply = null;
        await app.Advance(TimeSpan.FromSeconds(330));
        app.Cloud("web").Rules.ShouldBeEmpty();
    }

    [Theory, EveryDatabase]
    public async Task E16_the_call_budget_delays_openings_and_never_a_closing(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database, capabilities: Plain with { BatchSize = 1, CallsPerSecond = 2 });
        var ann = await app.Open("ann");
        await app.Advance(TimeSpan.FromSeconds(10));   // the bucket of four is full again
        for (var i = 11; i <= 16; i++)
            await app.As("bob").StartSession("web", $"203.0.113.{i}");
        var before = app.Provider.Calls.Count;
        await app.RunUntilQuiet();
        (app.Provider.Calls.Count - before).ShouldBe(3);   // the last of four is kept for closing
        await app.As("ann").Stop(ann);
        await app.RunUntilQuiet();
        (await app.Status(ann)).ShouldBe("CANCELLED");
        await app.Advance(TimeSpan.FromSeconds(10));
        app.Cloud("web").Rules.Count.ShouldBe(6);
    }

    [Fact]
    public void E16_a_quarter_of_the_call_budget_is_kept_for_closing_and_a_closing_goes_even_without_a_token()
    {
        var time = new FakeTimeProvider();
        var budget = new CallBudget(time);
        for (var i = 0; i < 6; i++)
            budget.Take("key", 4, closing: false).ShouldBe(TimeSpan.Zero);
        budget.Take("key", 4, closing: false).ShouldBe(TimeSpan.FromSeconds(0.25));
        for (var i = 0; i < 20; i++)
            budget.Take("key", 4, closing: true).ShouldBe(TimeSpan.Zero);
        budget.Take("other", 4, closing: false).ShouldBe(TimeSpan.Zero);
    }

    [Fact]
    public void E16_what_the_provider_asks_for_is_waited_for_by_openings_up_to_five_minutes_and_by_closings_up_to_one()
    {
        var time = new FakeTimeProvider();
        var budget = new CallBudget(time);
        budget.Pause("key", TimeSpan.FromHours(1));
        budget.Take("key", null, closing: false).ShouldBe(TimeSpan.FromMinutes(5));
        budget.Take("key", null, closing: true).ShouldBe(TimeSpan.FromMinutes(1));
        time.Advance(TimeSpan.FromMinutes(1));
        budget.Take("key", null, closing: true).ShouldBe(TimeSpan.Zero);
        budget.Take("key", null, closing: false).ShouldBe(TimeSpan.FromMinutes(4));
    }
}
