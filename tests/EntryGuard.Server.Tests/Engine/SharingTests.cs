using System.Collections.Immutable;
using EntryGuard.Domain.Net;
using EntryGuard.Domain.Rules;
using EntryGuard.Testing;
using EntryGuard.Testing.Providers;
using Microsoft.EntityFrameworkCore;
using static EntryGuard.Server.Tests.Engine.EngineFacts;

namespace EntryGuard.Server.Tests.Engine;

/// <summary>One rule, many who want it (E01, E06).</summary>
public sealed class SharingTests
{
    [Theory, EveryDatabase]
    public async Task E01_a_rule_stands_while_any_organization_wants_it(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = await app.Open("ann");
        var eve = await app.As("eve", "other").StartSession("web", Address);
        await app.RunUntilQuiet();
        app.Cloud("web").Standing.Count.ShouldBe(1);
        await app.As("ann").Stop(ann);
        await app.RunUntilQuiet();
        (await app.Status(ann)).ShouldBe("CANCELLED");
        app.Cloud("web").Rules.ShouldBe([Standing]);
        await app.As("eve", "other").Stop(eve);
        await app.RunUntilQuiet();
        (await app.Status(eve)).ShouldBe("CANCELLED");
        app.Cloud("web").Rules.ShouldBeEmpty();
        (await app.Audit(ann)).ShouldContain("RULE_KEPT");
        (await app.Audit(eve)).ShouldNotContain("RULE_KEPT");
    }

    [Theory, EveryDatabase]
    public async Task E01_two_Resources_on_one_allow_list_share_what_they_have_in_common(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var me = await app.As("ann").SignIn();
        await app.Seed.ResourceOn(me.Organization, "site", "list", 80, 443);
        await app.Seed.ResourceOn(me.Organization, "shell", "list", 22, 443);
        var site = await app.Open("ann", "site");
        var shell = await app.Open("ann", "shell");
        Scopes().ShouldBe([Scope.Tcp(22), Scope.Tcp(80), Scope.Tcp(443)], ignoreOrder: true);
        await app.As("ann").Stop(site);
        await app.RunUntilQuiet();
        (await app.Status(site)).ShouldBe("CANCELLED");
        Scopes().ShouldBe([Scope.Tcp(22), Scope.Tcp(443)], ignoreOrder: true);
        await app.As("ann").Stop(shell);
        await app.RunUntilQuiet();
        Scopes().ShouldBeEmpty();

        IEnumerable<Scope> Scopes() => app.Cloud("list").Standing.Select(r => r.Rule.Scope);
    }

    [Theory, EveryDatabase]
    public async Task E01_every_claim_is_asked_for_with_its_own_credential(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        await app.UseCredential("web", "ours");
        await app.UseCredential("web", "theirs", "other");
        var secrets = new List<string?>();
        app.Provider.OnApply = (context, _) =>
        {
            secrets.Add(context.Credential?.Secret);
            return context.Credential?.Secret == "token of theirs" ? Script.Forbidden : null;
        };
        var ann = await app.As("ann").StartSession("web", Address);
        var eve = await app.As("eve", "other").StartSession("web", "203.0.113.8");
        await app.RunUntilQuiet();
        secrets.ShouldBe(["token of ours", "token of theirs"], ignoreOrder: true);
        (await app.Status(ann)).ShouldBe("ACTIVE");
        (await app.Status(eve)).ShouldBe("FAILED");
    }

    [Theory, EveryDatabase]
    public async Task E06_a_second_claim_is_satisfied_without_a_call_while_the_sighting_is_fresh(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        await app.Open("ann");
        await app.Advance(TimeSpan.FromSeconds(60));
        var before = app.Provider.Calls.Count;
        var bob = await app.Open("bob");
        app.Provider.Calls.Count.ShouldBe(before);
        (await app.Row(bob)).Entries.ShouldBe(app.Cloud("web").Standing.Select(r => new RuleEntry(r.Id, r.Rule.Scope)));
        (await app.Audit(bob)).ShouldBe(["SESSION_START", "RULE_APPLIED", "SESSION_ACTIVE"]);
    }

    [Theory, EveryDatabase]
    public async Task E06_after_a_minute_one_list_decides_for_all(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        await app.Open("ann");
        await app.Advance(TimeSpan.FromSeconds(61));
        var now = app.Time.GetUtcNow();
        await app.As("bob").StartSession("web", Address);
        await app.As("eve").StartSession("web", Address);
        await app.RunUntilQuiet();
        app.Calls(now, "list").Count.ShouldBe(1);
        app.Calls(now).ShouldBeEmpty();
    }

    [Theory, EveryDatabase]
    public async Task E06_what_the_list_does_not_show_is_put_back_for_all_who_want_it(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = await app.Open("ann");
        await app.Advance(TimeSpan.FromSeconds(61));
        app.Cloud("web").TakeAway(Address);
        var bob = await app.Open("bob");
        app.Cloud("web").Rules.ShouldBe([Standing]);
        (await app.Status(ann)).ShouldBe("ACTIVE");
        (await app.Audit(ann)).TakeLast(4).ShouldBe(["RULE_LOST", "SESSION_PARTIAL", "RULE_PUT_BACK", "SESSION_ACTIVE"]);
        (await app.Audit(bob)).ShouldNotContain("RULE_LOST");
    }

    [Theory, EveryDatabase]
    public async Task E06_an_ended_claim_leaves_its_entries_to_its_heir_without_a_call(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = await app.Open("ann");
        var bob = await app.Open("bob");
        await app.Seed.Change(async db =>
        {
            var (session, nothing) = (new Domain.SessionId(bob.Id), ImmutableArray<RuleEntry>.Empty);
            await db.ResourceIps.Where(c => c.SessionId == session).ExecuteUpdateAsync(set => set.SetProperty(c => c.Entries, nothing));
        });
        var before = app.Provider.Calls.Count;
        await app.As("ann").Stop(ann);
        await app.RunUntilQuiet();
        app.Provider.Calls.Count.ShouldBe(before);
        (await app.Row(bob)).Entries.ShouldBe(app.Cloud("web").Standing.Select(r => new RuleEntry(r.Id, r.Rule.Scope)));
        (await app.Audit(ann)).TakeLast(2).ShouldBe(["RULE_KEPT", "SESSION_CANCELLED"]);
    }

    [Theory, EveryDatabase]
    public async Task E06_while_the_only_heir_is_not_open_the_ended_claim_waits_and_goes_with_it(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var me = await app.As("ann").SignIn();
        await app.Seed.ResourceOn(me.Organization, "small", "list", 443);
        await app.Seed.ResourceOn(me.Organization, "large", "list", 443, 8443);
        var ann = await app.Open("ann", "small");
        app.OnOpening(Script.Unavailable);   // 8443 cannot be opened now
        var bob = await app.As("bob").StartSession("large", Address);
        await app.RunUntilQuiet();
        var now = app.Time.GetUtcNow();
        await app.As("ann").Stop(ann);
        await app.Advance(TimeSpan.FromSeconds(20));
        (await app.Claim(ann)).Status.ShouldBe("REMOVING");
        app.Calls(now).Count(at => at > 0).ShouldBe(0);
        app.Cloud("list").Rules.ShouldBe([Standing]);

        await app.As("bob").Stop(bob);
        await app.RunUntilQuiet();
        app.Cloud("list").Rules.ShouldBeEmpty();
        (await app.Status(ann)).ShouldBe("CANCELLED");
        (await app.Status(bob)).ShouldBe("CANCELLED");
        (await app.Audit(ann)).ShouldNotContain("RULE_KEPT");
    }

    [Theory, EveryDatabase]
    public async Task E06_an_extension_is_done_when_the_provider_holds_the_later_end(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database, capabilities: Plain with { HoldsEndTime = true });
        var ann = await app.Open("ann");
        var held = app.Cloud("web").Standing.ShouldHaveSingleItem().Until;
        held.ShouldBe(ann.ExpiresAt);
        app.OnOpening(Script.Unavailable);
        var longer = await app.As("ann").Extend(ann, 1);
        await app.RunUntilQuiet();
        (await app.Row(ann)).HeldUntil.ShouldBe(held);
        app.Provider.OnApply = null;
        await app.Advance(TimeSpan.FromSeconds(30));
        app.Cloud("web").Standing.ShouldHaveSingleItem().Until.ShouldBe(longer.ExpiresAt);
        (await app.Row(ann)).HeldUntil.ShouldBe(longer.ExpiresAt);
    }

    [Theory, EveryDatabase]
    public async Task E06_an_extension_is_done_only_when_a_list_shows_it_where_success_is_no_proof(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database, capabilities: Stale(5) with { HoldsEndTime = true });
        var ann = await app.As("ann").StartSession("web", Address);
        await app.Advance(TimeSpan.FromSeconds(10));
        (await app.Row(ann)).HeldUntil.ShouldBe(ann.ExpiresAt);
        app.OnOpening(new Script(After: () =>
        {
            app.Cloud("web").MoveEnds(ann.ExpiresAt);   // "done", it says, and did nothing
            return Task.CompletedTask;
        }));
        var (from, longer) = (app.Time.GetUtcNow(), await app.As("ann").Extend(ann, 1));
        await app.RunUntilQuiet();
        (await app.Row(ann)).HeldUntil.ShouldBeNull();
        app.Provider.OnApply = null;
        await app.Advance(TimeSpan.FromSeconds(20));
        app.Cloud("web").Standing.ShouldHaveSingleItem().Until.ShouldBe(longer.ExpiresAt);
        (await app.Row(ann)).HeldUntil.ShouldBeNull();   // said, not seen
        await app.Advance(TimeSpan.FromMinutes(1));
        app.Openings(from).ShouldBe([0, 5]);
        (await app.Row(ann)).HeldUntil.ShouldBe(longer.ExpiresAt);
        (await app.Row(ann)).NextAttemptAt.ShouldBeNull();
        (await app.Audit(ann)).ShouldNotContain("RULE_APPLY_RETRY");
    }

    [Theory, EveryDatabase]
    public async Task E06_after_an_end_was_sent_without_an_answer_the_earlier_one_is_not_taken_for_held(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database, capabilities: Plain with { HoldsEndTime = true });
        var ann = await app.Open("ann", hours: 2);
        var bob = await app.As("bob").StartSession("web", Address, hours: 3);
        await app.RunUntilQuiet();
        app.OnOpening(new Script(LoseAnswer: true));
        await app.As("bob").Stop(bob);
        await app.RunUntilQuiet();
        app.Cloud("web").Standing.ShouldHaveSingleItem().Until.ShouldBe(ann.ExpiresAt);   // moved, and nobody was told
        app.Provider.OnApply = null;
        (await app.As("ann").Extend(ann, 1)).ExpiresAt.ShouldBe(bob.ExpiresAt);
        await app.RunUntilQuiet();
        app.Cloud("web").Standing.ShouldHaveSingleItem().Until.ShouldBe(bob.ExpiresAt);
    }

    [Theory, EveryDatabase]
    public async Task E06_a_second_claim_is_APPLIED_only_when_the_provider_holds_its_end(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database, capabilities: Plain with { HoldsEndTime = true });
        await app.Open("ann");
        app.OnOpening(Script.Unavailable);
        var bob = await app.As("bob").StartSession("web", Address, hours: 2);
        await app.RunUntilQuiet();
        (await app.Status(bob)).ShouldBe("PENDING");   // the door would shut before Bob's time is up
        app.Provider.OnApply = null;
        await app.Advance(TimeSpan.FromSeconds(30));
        (await app.Status(bob)).ShouldBe("ACTIVE");
        app.Cloud("web").Standing.ShouldHaveSingleItem().Until.ShouldBe(bob.ExpiresAt);
        await app.As("bob").Stop(bob);
        await app.RunUntilQuiet();
        app.Cloud("web").Rules.ShouldBe([Standing]);
    }

    [Theory, EveryDatabase]
    public async Task E07_an_opening_that_succeeds_after_the_stop_keeps_its_entries_and_is_closed(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = await app.As("ann").StartSession("web", Address);
        app.Provider.OnApply = (_, changes) => changes.Additions.Count == 0 ? null : new Script(After: async () =>
        {
            app.Cloud("web").Rules.ShouldBe([Standing]);
            await app.As("ann").Stop(ann);
        });
        var entries = new List<RuleEntry>();
        await app.RunUntilQuiet();
        (await app.Status(ann)).ShouldBe("CANCELLED");
        entries.AddRange((await app.Row(ann)).Entries);
        entries.ShouldHaveSingleItem().Id.ShouldBe("r-1");
        app.Cloud("web").Rules.ShouldBeEmpty();
        (await app.Audit(ann)).ShouldBe(["SESSION_START", "SESSION_STOP", "SESSION_EXPIRING", "RULE_REMOVED", "SESSION_CANCELLED"]);
    }

    [Theory, EveryDatabase]
    public async Task E07_a_rule_without_our_mark_satisfies_a_claim_and_survives_it(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        app.Cloud("web").AddForeign(Address, Scope.Tcp(443));
        var ann = await app.Open("ann");
        app.Cloud("web").Standing.ShouldHaveSingleItem().Mark.ShouldBe("made by hand");
        await app.As("ann").Stop(ann);
        await app.RunUntilQuiet();
        (await app.Status(ann)).ShouldBe("CANCELLED");
        app.Cloud("web").Standing.ShouldHaveSingleItem().Mark.ShouldBe("made by hand");
    }

    [Theory, EveryDatabase]
    public async Task E07_a_recorded_id_that_the_provider_gave_to_somebody_else_is_left_alone(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = await app.Open("ann");
        app.Cloud("web").TakeAway(Address);
        app.Cloud("web").Reuse("r-1", "203.0.113.99", Scope.Tcp(443));   // somebody else's now
        await app.As("ann").Stop(ann);
        await app.RunUntilQuiet();
        (await app.Status(ann)).ShouldBe("CANCELLED");
        app.Cloud("web").Standing.ShouldHaveSingleItem().Rule.Address.ShouldBe(Cidr.Parse("203.0.113.99"));
    }

    [Theory, EveryDatabase]
    public async Task E07_a_removal_takes_what_was_opened_not_what_the_Resource_would_open_today(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = await app.Open("ann");
        var (config, scopes) = ("""{"ports":[8443]}""", ImmutableArray.Create(Scope.Tcp(8443)));
        await app.Seed.Change(db => db.Resources.ExecuteUpdateAsync(set => set.SetProperty(r => r.Config, config).SetProperty(r => r.Scopes, scopes)));
        await app.As("ann").Stop(ann);
        await app.RunUntilQuiet();
        app.Cloud("web").Standing.ShouldBeEmpty();
        app.Provider.Calls[^1].Removals.ShouldHaveSingleItem().Scope.ShouldBe(Scope.Tcp(443));
    }
}
