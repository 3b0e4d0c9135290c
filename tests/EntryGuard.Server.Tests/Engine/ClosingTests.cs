using System.Text.Json;
using EntryGuard.Contracts;
using EntryGuard.Domain.Rules;
using EntryGuard.Server.Data;
using EntryGuard.Testing;
using Microsoft.EntityFrameworkCore;
using static EntryGuard.Server.Tests.Engine.EngineFacts;

namespace EntryGuard.Server.Tests.Engine;

/// <summary>Nothing of ours stops a closing (E05); what a Resource is does not change under its claims (E08, E15).</summary>
public sealed class ClosingTests
{
    [Theory]
    [EveryDatabase("Resource off")]
    [EveryDatabase("Resource deleted")]
    [EveryDatabase("Resource unhealthy")]
    [EveryDatabase("credential deleted")]
    [EveryDatabase("user off")]
    [EveryDatabase("organization off")]
    [EveryDatabase("everything at once")]
    public async Task E05_nothing_of_ours_stops_a_closing_that_is_due(TestDatabase database, string what)
    {
        await using var app = await TestApp.StartAsync(database, capabilities: Plain with { CallsPerSecond = 0.001 });
        await app.UseCredential("web", "key");
        var ann = await app.Open("ann");
        await app.Seed.Change(db => Break(db, what, app.Time.GetUtcNow()));
        var end = ann.ExpiresAt - app.Time.GetUtcNow();
        await app.Advance(end);
        app.Cloud("web").Rules.ShouldBeEmpty();
        (await app.Rows(ann)).ShouldHaveSingleItem().RemovedAt.ShouldNotBeNull();
    }

    [Theory]
    [EveryDatabase("Resource off")]
    [EveryDatabase("Resource deleted")]
    [EveryDatabase("credential deleted")]
    [EveryDatabase("user off")]
    [EveryDatabase("organization off")]
    [EveryDatabase("assignment gone")]
    public async Task E05_what_a_claim_rests_on_ends_it_when_it_goes(TestDatabase database, string what)
    {
        await using var app = await TestApp.StartAsync(database);
        await app.UseCredential("web", "key");
        var ann = await app.Open("ann");
        await app.Seed.Change(db => Break(db, what, app.Time.GetUtcNow()));
        await app.Sweep();   // the safety net, for rows that changed without a request
        app.Cloud("web").Rules.ShouldBeEmpty();
        var row = await app.Row(ann);
        (row.Status, row.EndReason).ShouldBe((Domain.Sessions.ResourceIpStatus.Removed, Domain.Sessions.EndReason.AccessRevoked));
    }

    [Theory, EveryDatabase]
    public async Task E05_switching_a_Resource_off_ends_what_rests_on_it_and_nothing_else(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = await app.As("ann").StartSession(["web", "db"], [Address]);
        await app.RunUntilQuiet();
        await app.Edit("web", new UpdateResourceRequest { IsActive = false });
        await app.RunUntilQuiet();
        app.Cloud("web").Rules.ShouldBeEmpty();
        app.Cloud("db").Rules.ShouldBe([Standing]);
        (await app.Status(ann)).ShouldBe("ACTIVE");
        (await app.As("ann").TryStartSession(["web"], [Address])).Problem!.Error.ShouldBe("RESOURCE_INACTIVE");
        await app.Edit("db", new UpdateResourceRequest { IsActive = false });
        await app.RunUntilQuiet();
        (await app.Status(ann)).ShouldBe("CANCELLED");
        (await app.Session(ann)).EndedReason.ShouldBe("ACCESS_REVOKED");
    }

    [Theory, EveryDatabase]
    public async Task E05_a_failing_health_check_neither_ends_nor_delays_anything(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = await app.Open("ann");
        await app.Seed.Change(db => db.Resources.ExecuteUpdateAsync(set => set.SetProperty(r => r.Health, ResourceHealth.Invalid)));
        await app.Sweep();
        (await app.Status(ann)).ShouldBe("ACTIVE");
        await app.As("ann").Stop(ann);
        await app.RunUntilQuiet();
        (await app.Status(ann)).ShouldBe("CANCELLED");
    }

    [Theory, EveryDatabase]
    public async Task E08_other_ports_move_the_claims_in_one_transaction_and_keep_what_is_common(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var me = await app.As("ann").SignIn();
        await app.Seed.Resource(me.Organization, "web", 80, 443);
        var ann = await app.Open("ann");
        var shared = app.Cloud("web").Standing.Single(r => r.Rule.Scope == Scope.Tcp(443)).Id;
        await app.Edit("web", new UpdateResourceRequest { Config = JsonSerializer.Deserialize<JsonElement>("""{"ports":[443,8443]}""") });
        (await app.Session(ann)).ResourceIps.Count.ShouldBe(2);   // before any call
        await app.RunUntilQuiet();
        app.Cloud("web").Standing.Select(r => r.Rule.Scope).ShouldBe([Scope.Tcp(443), Scope.Tcp(8443)], ignoreOrder: true);
        await app.Advance(TimeSpan.FromSeconds(5));   // what it had in common stood for a claim that was not open yet
        app.Cloud("web").Standing.Single(r => r.Rule.Scope == Scope.Tcp(443)).Id.ShouldBe(shared);
        (await app.Session(ann)).ResourceIps.Select(c => c.Status).ShouldBe(["REMOVED", "APPLIED"], ignoreOrder: true);
        (await app.Status(ann)).ShouldBe("ACTIVE");
        await app.Advance(TimeSpan.FromHours(1));
        (await app.Session(ann)).EndedReason.ShouldBe("EXPIRED");   // SUPERSEDED is no reason to end
        app.Cloud("web").Rules.ShouldBeEmpty();
    }

    [Theory, EveryDatabase]
    public async Task E15_a_verification_that_proves_somebody_else_is_a_bad_one_and_closings_stay_open(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        await app.UseCredential("web", "key");
        await app.UseCredential("fine", "key");
        var ann = await app.Open("ann");
        await app.Edit("fine", new UpdateResourceRequest { Config = JsonSerializer.Deserialize<JsonElement>("""{"ports":[444]}""") });
        (await app.ResourceRow("fine")).Health.ShouldBe(ResourceHealth.Valid);   // what passes, if nothing is wrong
        app.Provider.OnVerify = _ => Domain.Providers.VerifyReport.Valid("another account", "It works.");
        await app.Edit("web", new UpdateResourceRequest { IsActive = true, Config = JsonSerializer.Deserialize<JsonElement>("""{"ports":[443,444]}""") });
        var row = await app.ResourceRow("web");
        (row.Health, row.Identity).ShouldBe((ResourceHealth.Invalid, "tester"));
        row.HealthMessage.ShouldNotBeNull().ShouldContain("another account");
        await app.As("ann").Stop(ann);
        await app.RunUntilQuiet();
        app.Cloud("web").Rules.ShouldBeEmpty();
    }

    private static Task Break(EntryGuardDb db, string what, DateTimeOffset now) => what switch
    {
        "Resource off" => db.Resources.ExecuteUpdateAsync(set => set.SetProperty(r => r.IsActive, false)),
        "Resource deleted" => db.Resources.ExecuteUpdateAsync(set => set.SetProperty(r => r.DeletedAt, now).SetProperty(r => r.IsActive, false)),
        "Resource unhealthy" => db.Resources.ExecuteUpdateAsync(set => set.SetProperty(r => r.Health, ResourceHealth.Invalid)),
        "credential deleted" => db.Credentials.ExecuteUpdateAsync(set => set.SetProperty(c => c.DeletedAt, now)),
        "user off" => db.Users.ExecuteUpdateAsync(set => set.SetProperty(u => u.IsActive, false)),
        "organization off" => db.Organizations.ExecuteUpdateAsync(set => set.SetProperty(o => o.IsActive, false)),
        "assignment gone" => db.UserResources.ExecuteDeleteAsync(),
        _ => BreakAllAsync(db, now),
    };

    private static async Task BreakAllAsync(EntryGuardDb db, DateTimeOffset now)
    {
        foreach (var one in new[] { "Resource deleted", "Resource unhealthy", "credential deleted", "user off", "organization off", "assignment gone" })
            await Break(db, one, now);
    }
}
