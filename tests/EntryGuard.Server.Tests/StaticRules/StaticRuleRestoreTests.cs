using EntryGuard.Domain.Rules;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Tests.Engine;
using EntryGuard.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace EntryGuard.Server.Tests.StaticRules;

/// <summary>When an operator closes everything, or puts a backup in place.</summary>
public sealed class StaticRuleRestoreTests
{
    [Theory, EveryDatabase]
    public async Task E27_a_restore_leaves_what_static_rules_have_closes_the_rest_and_opens_nothing(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var admin = app.AsAdmin();
        var stands = await admin.CreateStaticRule("stands", "203.0.113.1", "web");
        var lost = await admin.CreateStaticRule("lost", "203.0.113.2", "web");
        var session = await app.As("ann").StartSession("web", "203.0.113.3", hours: 1);
        var shared = await app.As("bob").StartSession("web", "203.0.113.1", hours: 1);
        await app.RunUntilQuiet();
        app.Cloud("web").TakeAway("203.0.113.2");
        app.LoseWakes();
        var waiting = await admin.CreateStaticRule("waiting", "203.0.113.4", "web");   // the backup knows it, and nobody opened it
        app.Cloud("web").AddForeign("198.51.100.9", Scope.Tcp(443));

        var told = new List<string>();
        await app.Services.GetRequiredService<Restore>().RunAsync(told.Add, default);
        app.Cloud("web").Rules.ShouldBe(["203.0.113.1/32", "198.51.100.9/32"], ignoreOrder: true);
        told.ShouldContain(line => line.StartsWith("kept tcp/443 203.0.113.1 on web", StringComparison.Ordinal));
        told.Count(line => line.StartsWith("WAITS", StringComparison.Ordinal)).ShouldBe(2);
        await app.Advance(TimeSpan.FromMinutes(5));
        app.Cloud("web").Rules.ShouldBe(["203.0.113.1/32", "198.51.100.9/32"], ignoreOrder: true);
        (await admin.Get(stands)).Status.ShouldBe("ACTIVE");
        (await app.Status(session), await app.Status(shared)).ShouldBe(("CANCELLED", "CANCELLED"));
        foreach (var rule in new[] { lost, waiting })
        {
            var now = await admin.Get(rule);
            (now.Status, now.Resources.Single().ErrorCode).ShouldBe(("FAILED", "RESTORED"));
            now.Resources.Single().ErrorMessage!.ShouldContain("retry");
            (await admin.TryRetry(rule, "web")).Problem.ShouldBeNull();
        }

        await app.RunUntilQuiet();
        app.Cloud("web").Rules.Count.ShouldBe(4);
        await admin.Delete(stands);
        await app.RunUntilQuiet();
        (await admin.Get(stands)).Status.ShouldBe("CANCELLED");
        app.Cloud("web").Rules.ShouldNotContain("203.0.113.1/32");
    }

    [Theory, EveryDatabase]
    public async Task E27_of_a_static_rule_that_stands_in_part_the_rest_is_closed(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        await app.Seed.Resource((await app.AsAdmin().SignIn()).Organization, "web", 80, 443);
        var rule = await app.AsAdmin().CreateStaticRule("office", "203.0.113.1", "web");
        await app.RunUntilQuiet();
        app.Cloud("web").TakeAway(Scope.Tcp(80)).ShouldBe(1);
        await app.Services.GetRequiredService<Restore>().RunAsync(_ => { }, default);
        await app.Advance(TimeSpan.FromMinutes(5));
        app.Cloud("web").Rules.ShouldBeEmpty();
        var shut = await app.AsAdmin().Get(rule);
        (shut.Status, shut.OpenRules, shut.Resources.Single().ErrorCode).ShouldBe(("FAILED", 0, "RESTORED"));
    }

    [Theory, EveryDatabase]
    public async Task E27_on_a_provider_that_dies_with_its_process_every_static_rule_waits(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(
            database, capabilities: new() { CredentialTypes = ["TOKEN"], SuccessIsProof = true, HoldsEndTime = true, DiesWithProcess = true });
        var rule = await app.AsAdmin().CreateStaticRule("office", "203.0.113.1", "web");
        await app.RunUntilQuiet();
        app.Cloud("web").TakeAway("203.0.113.1");   // as its process did
        await app.Services.GetRequiredService<Restore>().RunAsync(_ => { }, default);
        foreach (var key in await app.Services.GetRequiredService<Sweep>().RebuildableAsync(default))
            await app.Services.GetRequiredService<AllowListWorker>().RunOnce(key, default);
        await app.Advance(TimeSpan.FromMinutes(5));
        app.Cloud("web").Rules.ShouldBeEmpty();
        (await app.AsAdmin().Get(rule)).Resources.Single().ErrorCode.ShouldBe("RESTORED");
        await app.AsAdmin().TryRetry(rule, "web");
        await app.RunUntilQuiet();
        app.Cloud("web").Rules.ShouldBe(["203.0.113.1/32"]);
    }

    [Theory, EveryDatabase]
    public async Task E28_closing_everything_closes_static_rules_and_nothing_opens_them_before_an_admin_asks(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var admin = app.AsAdmin();
        await app.UseCredential("web", "key");   // an edit verifies it
        var one = await admin.CreateStaticRule("one", "203.0.113.1", "web");
        var two = await admin.CreateStaticRule("two", "203.0.113.2", "web", "db");
        await app.RunUntilQuiet();
        (await app.Services.GetRequiredService<Closing>().RunAsync(true, _ => { }, default)).ShouldBe(0);
        app.Rules("web", "db").ShouldBe("web; db");
        await app.Edit("web", new() { IsActive = false });
        await app.Edit("web", new() { IsActive = true });
        await app.Advance(TimeSpan.FromMinutes(5));
        app.Cloud("web").Rules.ShouldBeEmpty("neither the next start nor a switch opens it");
        var shut = await admin.Get(two);
        (shut.Status, shut.EndedAt).ShouldBe(("FAILED", null));
        shut.Resources.Select(r => r.Status).ShouldBe(["REMOVED", "REMOVED"]);

        var again = await admin.TryRetry(one, "web");
        again.Value.Status.ShouldBe("PENDING");
        (await admin.TryUpdate(two, new(), ["web", "db"])).Problem.ShouldBeNull();
        await app.RunUntilQuiet();
        app.Cloud("web").Rules.ShouldBe(["203.0.113.1/32", "203.0.113.2/32"], ignoreOrder: true);
        ((await admin.Get(one)).Status, (await admin.Get(two)).Status).ShouldBe(("ACTIVE", "ACTIVE"));
    }
}
