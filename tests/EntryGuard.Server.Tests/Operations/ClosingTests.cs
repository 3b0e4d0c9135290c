using EntryGuard.Server.Data;
using EntryGuard.Server.Data.Postgres;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Engine.Clustering;
using EntryGuard.Testing;
using EntryGuard.Testing.Providers;
using Microsoft.Extensions.DependencyInjection;

namespace EntryGuard.Server.Tests.Operations;

public sealed class ClosingTests
{
    [Theory, EveryDatabase]
    public async Task E28_all_ends_every_session_and_closes_every_rule(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = await app.As("ann").StartSession("web", "203.0.113.7", hours: 1);
        var bob = await app.As("bob").StartSession("web", "203.0.113.7", hours: 2);
        await app.RunUntilQuiet();
        var told = new List<string>();
        (await Closing(app).RunAsync(true, told.Add, default)).ShouldBe(0);
        told.ShouldBe(["closed  tcp/443 203.0.113.7 on web (scripted:tester:web)", "Nothing is left open that should be closed."]);
        app.Cloud("web").Rules.ShouldBeEmpty();
        (await app.Status(ann)).ShouldBe("CANCELLED");
        (await app.Status(bob)).ShouldBe("CANCELLED");
    }

    [Theory, EveryDatabase]
    public async Task E28_overdue_closes_what_is_due_and_opens_and_ends_nothing_else(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        await app.As("bob").StartSession("web", "203.0.113.8", hours: 10);
        await app.RunUntilQuiet();
        var ann = await app.MakeOverdue();
        app.Provider.OnApply = null;
        await app.OpenWhileOverdue();
        var carl = await app.As("carl").StartSession("web", "203.0.113.9", hours: 10);   // the server goes down before it opens
        var told = new List<string>();
        (await Closing(app).RunAsync(false, told.Add, default)).ShouldBe(0);
        told.ShouldContain("closed  tcp/443 203.0.113.7 on web (scripted:tester:web)");
        (await app.Status(ann)).ShouldBe("EXPIRED");
        (await app.Status(carl)).ShouldBe("PENDING");
        app.Cloud("web").Rules.ShouldBe(["203.0.113.8/32"]);
    }

    [Theory, EveryDatabase]
    public async Task E28_what_cannot_be_closed_is_told_and_counted(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        await app.As("ann").StartSession("web", "203.0.113.7", hours: 1);
        await app.RunUntilQuiet();
        app.Provider.OnApply = (_, _) => Script.Unavailable;
        var told = new List<string>();
        (await Closing(app).RunAsync(true, told.Add, TimeSpan.Zero, default)).ShouldBe(1);
        told[0].ShouldBe("OPEN    tcp/443 203.0.113.7 on web (scripted:tester:web): The provider answered 503.");
        app.Cloud("web").Rules.ShouldBe(["203.0.113.7/32"]);
    }

    [Theory, SqliteOnly]
    public async Task E28_it_refuses_while_a_server_holds_the_data_directory(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        await using var verb = database.Open();
        (await Should.ThrowAsync<RefusedToStartException>(() => verb.MigrateAsync(TimeProvider.System, default))).Message.ShouldContain("Another EntryGuard");
    }

    [Theory, PostgresOnly(0, true), PostgresOnly(-10, false)]
    public async Task E28_it_refuses_while_a_node_is_alive(TestDatabase database, int secondsAgo, bool refuses)
    {
        var clock = DatabaseClock.Of(database.Databases, TimeProvider.System);
        await clock.MeasureAsync(default);
        await using (var db = database.Databases.OpenEngine())
        {
            await using var work = await db.BeginWriteAsync(WritePriority.Other, default);
            db.Add(new ClusterVersion { ClusterId = "c", Version = 1 });
            db.Add(new ClusterNode
            {
                ClusterId = "c",
                Address = "127.0.0.1:1@1",
                Version = 1,
                Status = "ACTIVE",
                HostName = "node-a",
                NodeName = "a",
                ProxyPort = 0,
                Suspects = "",
                StartedAt = clock.Now,
                AliveAt = clock.Now.AddSeconds(secondsAgo),
            });
            await work.CommitAsync(default);
        }

        var check = () => LivingNodes.RefuseAsync(database.Databases, clock, "close --all", default);
        if (refuses)
            (await Should.ThrowAsync<RefusedToStartException>(check)).Message.ShouldContain("node-a");
        else
            await Should.NotThrowAsync(check);
    }

    private static Closing Closing(TestApp app) => app.Services.GetRequiredService<Closing>();
}
