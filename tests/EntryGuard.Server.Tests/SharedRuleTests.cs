using EntryGuard.Testing;

namespace EntryGuard.Server.Tests;

public sealed class SharedRuleTests
{
    [Theory, EveryDatabase]
    public async Task A_rule_two_sessions_share_survives_the_first_ending(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = await app.As("ann").StartSession("web", "203.0.113.7", hours: 1);
        await app.As("bob").StartSession("web", "203.0.113.7", hours: 2);
        await app.Advance(TimeSpan.FromHours(1));
        (await app.Status(ann)).ShouldBe("EXPIRED");
        app.Cloud("web").Rules.ShouldBe(["203.0.113.7/32"]);
    }
}
