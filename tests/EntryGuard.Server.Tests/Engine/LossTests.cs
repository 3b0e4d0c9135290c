using EntryGuard.Domain.Rules;
using EntryGuard.Testing;
using EntryGuard.Testing.Providers;
using static EntryGuard.Server.Tests.Engine.EngineFacts;

namespace EntryGuard.Server.Tests.Engine;

/// <summary>Somebody takes a rule off while a claim wants it (E26). A list notices it; each is made here by another session's start.</summary>
public sealed class LossTests
{
    [Theory, EveryDatabase]
    public async Task E26_a_lost_rule_is_put_back_and_at_the_third_loss_in_an_hour_it_is_held(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = await app.Open("ann", hours: 3);
        for (var loss = 1; loss <= 2; loss++)
        {
            await Lose(app, loss);
            app.Cloud("web").Rules.ShouldBe([Standing]);
            (await app.Status(ann)).ShouldBe("ACTIVE");
        }

        await Lose(app, 3);
        var claim = await app.Claim(ann);
        (claim.Status, claim.ErrorCode).ShouldBe(("FAILED", "RULE_LOST"));
        var ended = await app.Session(ann);
        (ended.Status, ended.EndedReason).ShouldBe(("CANCELLED", "RULES_LOST"));
        (await app.Audit(ann)).Count(e => e == "RULE_LOST").ShouldBe(3);
        (await app.Audit(ann)).Count(e => e == "RULE_PUT_BACK").ShouldBe(2);
        (await app.Audit(ann)).ShouldNotContain("RULE_REMOVED");   // there was nothing to remove
    }

    [Theory, EveryDatabase]
    public async Task E26_losses_more_than_an_hour_apart_are_not_counted_together(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = await app.Open("ann", hours: 8);
        for (var loss = 1; loss <= 4; loss++)
        {
            await Lose(app, loss);
            (await app.Status(ann)).ShouldBe("ACTIVE");
            await app.Advance(TimeSpan.FromMinutes(40));
        }
    }

    [Theory, EveryDatabase]
    public async Task E26_a_claim_that_lost_one_of_its_rules_answers_for_the_other(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var me = await app.As("ann").SignIn();
        await app.Seed.Resource(me.Organization, "web", 80, 443);
        var ann = await app.Open("ann");
        await app.Advance(TimeSpan.FromSeconds(61));
        app.Cloud("web").TakeAway(Scope.Tcp(80));
        app.OnOpening(Script.Unavailable);
        await app.As("bob").StartSession("web", Address);
        await app.RunUntilQuiet();
        (await app.Claim(ann)).Status.ShouldBe("PENDING");
        await app.As("ann").Stop(ann);
        (await app.Claim(ann)).Status.ShouldBe("REMOVING");   // the other still stands
    }

    // A new session for the same address makes the engine look, since the last sighting is old; the newcomer leaves again.
    private static async Task Lose(TestApp app, int loss)
    {
        await app.Advance(TimeSpan.FromSeconds(61));
        app.Cloud("web").TakeAway(Address).ShouldBe(1);
        var visitor = app.As($"visitor{loss}");
        var session = await visitor.StartSession("web", Address);
        await app.RunUntilQuiet();
        await visitor.Stop(session);
        await app.RunUntilQuiet();
    }
}
