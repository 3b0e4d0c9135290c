using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace EntryGuard.Server.Tests.Operations;

public sealed class RetentionTests
{
    private static readonly Dictionary<string, string> Days = new() { ["EntryGuard:Retention:SessionDays"] = "30", ["EntryGuard:Retention:AuditDays"] = "60" };

    [Theory, EveryDatabase]
    public async Task E29_what_is_over_and_old_goes_and_its_audit_later(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database, Days);
        var old = await app.As("ann").StartSession("web", "203.0.113.7", hours: 1);
        await app.Advance(TimeSpan.FromHours(1));
        await app.Advance(TimeSpan.FromDays(25));
        var recent = await app.As("ann").StartSession("web", "203.0.113.7", hours: 1);
        await app.Advance(TimeSpan.FromHours(1));

        app.Time.Advance(TimeSpan.FromDays(10));
        await PruneAsync(app);
        (await SessionsAsync(database)).ShouldBe([recent.Id]);
        (await app.Audit(old)).ShouldNotBeEmpty();

        app.Time.Advance(TimeSpan.FromDays(30));
        await PruneAsync(app);
        (await app.Audit(old)).ShouldBeEmpty();
        (await app.Audit(recent)).ShouldNotBeEmpty();
    }

    [Theory, EveryDatabase]
    public async Task E29_what_is_unsettled_stays_with_its_audit_however_old(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database, Days);
        var overdue = await app.MakeOverdue();
        app.Time.Advance(TimeSpan.FromDays(4000));
        await PruneAsync(app);
        (await SessionsAsync(database)).ShouldBe([overdue.Id]);
        (await app.Audit(overdue)).ShouldContain("RULE_REMOVE_FAILED");
    }

    [Theory, EveryDatabase]
    public async Task E29_a_deleted_Resource_stays_while_a_claim_names_it(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database, Days);
        var session = await app.As("ann").StartSession("web", "203.0.113.7", hours: 1);
        var resource = new ResourceId(session.ResourceIps[0].ResourceId);
        await app.Advance(TimeSpan.FromHours(1));
        await app.Seed.Change(async db => (await db.Resources.SingleAsync(r => r.Id == resource)).DeletedAt = app.Time.GetUtcNow().AddDays(-50));
        await PruneAsync(app);
        (await HasAsync(database, resource)).ShouldBeTrue();
        app.Time.Advance(TimeSpan.FromDays(31));
        await PruneAsync(app);
        (await HasAsync(database, resource)).ShouldBeFalse();
    }

    [Theory, EveryDatabase]
    public async Task E29_zero_keeps_everything_for_ever(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(
            database, new Dictionary<string, string> { ["EntryGuard:Retention:SessionDays"] = "0", ["EntryGuard:Retention:AuditDays"] = "0" });
        var session = await app.As("ann").StartSession("web", "203.0.113.7", hours: 1);
        await app.Advance(TimeSpan.FromHours(1));
        app.Time.Advance(TimeSpan.FromDays(4000));
        await PruneAsync(app);
        (await SessionsAsync(database)).ShouldBe([session.Id]);
        (await app.Audit(session)).ShouldNotBeEmpty();
    }

    [Theory, EveryDatabase]
    public async Task E29_one_run_takes_a_bounded_piece(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database, Days);
        var organization = await app.Seed.Organization("acme");
        var longAgo = app.Time.GetUtcNow().AddDays(-100);
        await app.Seed.Change(db =>
        {
            for (var i = 0; i < Retention.BatchSize + 5; i++)
                db.Audit.Add(new AuditEntry { OrganizationId = organization, EventType = "TEST", ActorType = "SYSTEM", Result = "SUCCESS", CreatedAt = longAgo });
            return Task.CompletedTask;
        });
        (await PruneAsync(app)).ShouldBeTrue();
        (await LeftAsync()).ShouldBe(5);
        (await PruneAsync(app)).ShouldBeFalse();
        (await LeftAsync()).ShouldBe(0);

        async Task<int> LeftAsync()
        {
            await using var db = database.Databases.OpenEngine();
            await using var read = await db.BeginReadAsync(default);
            return await db.Audit.CountAsync(a => a.EventType == "TEST");
        }
    }

    private static Task<bool> PruneAsync(TestApp app) => app.Services.GetRequiredService<Retention>().PruneAsync(default);

    private static async Task<List<Guid>> SessionsAsync(TestDatabase database)
    {
        await using var db = database.Databases.OpenEngine();
        await using var read = await db.BeginReadAsync(default);
        return [.. (await db.Sessions.Select(s => s.Id).ToListAsync()).Select(s => s.Value)];
    }

    private static async Task<bool> HasAsync(TestDatabase database, ResourceId id)
    {
        await using var db = database.Databases.OpenEngine();
        await using var read = await db.BeginReadAsync(default);
        return await db.Resources.AnyAsync(r => r.Id == id);
    }
}
