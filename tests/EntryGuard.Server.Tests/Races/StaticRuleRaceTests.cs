using EntryGuard.Contracts;
using EntryGuard.Testing;

namespace EntryGuard.Server.Tests.Races;

/// <summary>Static rules against those who take away what they rest on, and against sessions that want the same (E18).</summary>
public sealed class StaticRuleRaceTests
{
    private const string Address = "203.0.113.7";
    private static readonly CancellationToken None = CancellationToken.None;

    [Theory]
    [PostgresOnly(true, "201", "204", "FAILED")]
    [PostgresOnly(false, "404 RESOURCE_NOT_FOUND", "204", null)]
    public async Task E18_the_making_of_a_static_rule_and_the_deletion_of_its_Resource(TestDatabase database, bool makeFirst, string made, string deleted, string? status)
    {
        await using var scene = await Scene.SetAsync(database);
        (await scene.RaceAsync(makeFirst, scene.Make, scene.DeleteWeb, waits: true)).ShouldBe((made, deleted));
        await scene.EndsAsync(status, "");
    }

    [Theory]
    [PostgresOnly(true, "200", "200")]
    [PostgresOnly(false, "200", "200")]
    public async Task E18_an_edit_of_a_static_rule_and_the_switch_of_its_Resource(TestDatabase database, bool editFirst, string edited, string switched)
    {
        await using var scene = await Scene.SetAsync(database);
        await scene.MakeAsync();
        (await scene.RaceAsync(editFirst, () => scene.Edit("203.0.113.9"), scene.SwitchWebOff, waits: true)).ShouldBe((edited, switched));
        await scene.EndsAsync("FAILED", "");
        (await scene.SwitchWeb(true)).ShouldBe("200");
        await scene.EndsAsync("ACTIVE", "203.0.113.9/32");
    }

    [Theory]
    [PostgresOnly(true, "204", "400 STATIC_IP_RULE_ENDED")]
    [PostgresOnly(false, "204", "200")]
    public async Task E18_the_deletion_of_a_static_rule_and_an_edit_of_it(TestDatabase database, bool deleteFirst, string deleted, string edited)
    {
        await using var scene = await Scene.SetAsync(database);
        await scene.MakeAsync();
        (await scene.RaceAsync(deleteFirst, scene.Delete, () => scene.Edit("203.0.113.9"), waits: true)).ShouldBe((deleted, edited));
        await scene.EndsAsync("CANCELLED", "");
    }

    [Theory]
    [PostgresOnly(true)]
    [PostgresOnly(false)]
    public async Task E01_the_deletion_of_a_static_rule_and_the_start_of_a_session_that_wants_the_same(TestDatabase database, bool deleteFirst)
    {
        await using var scene = await Scene.SetAsync(database);
        await scene.MakeAsync();
        (await scene.RaceAsync(deleteFirst, scene.Delete, scene.Start, waits: false)).ShouldBe(("204", "201"));
        await scene.EndsAsync("CANCELLED", $"{Address}/32");
    }

    [Theory, PostgresOnly]
    public async Task E18_two_requests_with_one_Idempotency_Key_are_one_static_rule(TestDatabase database)
    {
        await using var scene = await Scene.SetAsync(database);
        (await scene.RaceAsync(true, scene.Make, scene.Make, waits: true)).ShouldBe(("201", "200"));
        await scene.EndsAsync("ACTIVE", $"{Address}/32");
    }

    private sealed class Scene(TestDatabase database, TestApp app, Laws laws, ApiClient admin, ApiClient ann, Guid web) : IAsyncDisposable
    {
        private Guid rule;

        public static async Task<Scene> SetAsync(TestDatabase database)
        {
            var app = await TestApp.StartAsync(database);
            var laws = await Laws.WatchAsync(database, app);
            await app.UseCredential("web", "key");   // an edit verifies it
            var (admin, ann, web) = (await app.AsAdmin().Api(), await app.As("ann").Api(), (await app.As("ann").Reach("web"))[0].Value);

            // A key's first use is written down; nothing is written during the race but what races.
            await admin.ListStaticRulesAsync(null, None);
            await ann.ListSessionsAsync(null, false, None);
            return new Scene(database, app, laws, admin, ann, web);
        }

        public async Task MakeAsync()
        {
            (await Make()).ShouldBe("201");
            await app.RunUntilQuiet();
        }

        public async Task<string> Make()
        {
            var made = await admin.CreateStaticRuleAsync(new CreateStaticRuleRequest { Label = "office", IpAddress = Address, ResourceIds = [web.ToString()] }, "once", None);
            rule = made.Body?.Id ?? rule;
            return Words(made);
        }

        public async Task<string> Edit(string address) => Words(await admin.UpdateStaticRuleAsync(rule, new UpdateStaticRuleRequest { IpAddress = address }, null, None));

        public async Task<string> Delete() => Words(await admin.DeleteStaticRuleAsync(rule, None));

        public async Task<string> DeleteWeb() => Words(await admin.DeleteResourceAsync(web, true, None));

        public Task<string> SwitchWebOff() => SwitchWeb(false);

        public async Task<string> SwitchWeb(bool on) => Words(await admin.UpdateResourceAsync(web, new UpdateResourceRequest { IsActive = on }, null, None));

        public async Task<string> Start() => Words(await ann.StartSessionAsync(
            new StartSessionRequest { DurationHours = 1, Ipv4Address = Address, ResourceIds = [web.ToString()] }, null, None));

        /// <summary>Holds the first just before its commit, and runs the other. Both answers, in the order of the parameters.</summary>
        public async Task<(string One, string Other)> RaceAsync(bool oneFirst, Func<Task<string>> one, Func<Task<string>> other, bool waits)
        {
            var held = database.Commits.HoldNext();
            var first = oneFirst ? one() : other();
            (await Task.WhenAny(held.Reached, first)).ShouldBe(held.Reached, "the first did not come to its commit");
            var second = oneFirst ? other() : one();
            (await LockWait.OfAsync(database, second)).ShouldBe(waits);
            held.Release();
            return oneFirst ? (await first, await second) : (await second, await first);
        }

        /// <summary>The rule, if there is one, reads this once the engine is quiet, and this stands.</summary>
        public async Task EndsAsync(string? status, string rules)
        {
            await app.Advance(TimeSpan.FromMinutes(1));
            var all = (await admin.ListStaticRulesAsync("ended=true", None)).Value;
            all.Select(r => r.Status).ShouldBe(status is null ? [] : [status]);
            string.Join(' ', app.Cloud("web").Rules).ShouldBe(rules);
            await laws.HoldAsync();
        }

        public ValueTask DisposeAsync() => app.DisposeAsync();

        private static string Words<T>(ApiAnswer<T> answer)
            where T : class => answer.Problem is { } problem ? $"{(int)answer.Status} {problem.Error}" : $"{(int)answer.Status}";
    }
}
