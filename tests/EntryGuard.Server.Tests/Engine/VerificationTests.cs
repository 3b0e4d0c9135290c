using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Domain.Providers;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Testing;
using EntryGuard.Testing.Providers;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using static EntryGuard.Server.Tests.Engine.EngineFacts;

namespace EntryGuard.Server.Tests.Engine;

/// <summary>Verification by itself, and what its outcomes mean for what is opened.</summary>
public sealed class VerificationTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public void Each_resource_has_instants_of_its_own_half_an_hour_apart()
    {
        var now = new DateTimeOffset(2026, 3, 2, 8, 0, 0, TimeSpan.Zero);
        var ids = Enumerable.Range(0, 3000).Select(_ => new ResourceId(Guid.CreateVersion7(now))).ToList();
        var first = ids.ConvertAll(id => VerificationTimes.Next(id, now));
        first.ShouldAllBe(at => at > now.AddMinutes(3) && at <= now.AddMinutes(33));
        first.GroupBy(at => (int)(at - now).TotalMinutes).Max(g => g.Count()).ShouldBeLessThan(200, "a hundred a minute, if they are spread");
        foreach (var (id, at) in ids.Zip(first))
        {
            VerificationTimes.Next(id, at).ShouldBe(at.AddMinutes(30));
            VerificationTimes.Next(id, at.AddSeconds(66)).ShouldBe(at.AddMinutes(30), "the sweep comes late, the next check does not");
        }
    }

    [Theory, EveryDatabase]
    public async Task Every_resource_is_verified_by_itself_every_half_hour(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var verified = Count(app);
        await app.Describe("web");
        await app.Describe("db");
        verified.Clear();
        for (var minute = 0; minute < 120; minute++)
            await app.Advance(TimeSpan.FromMinutes(1));
        verified.Keys.Order().ShouldBe(["db", "web"]);
        verified.Values.ShouldAllBe(at => at.Count >= 3 && at.Count <= 4);   // the first 3 to 33 min after the start
        foreach (var times in verified.Values)
            times.Zip(times.Skip(1), (a, b) => b - a).ShouldAllBe(gap => gap == TimeSpan.FromMinutes(30));
        (await app.ResourceRow("web")).LastVerifiedAt.ShouldBe(verified["web"][^1]);
    }

    [Theory, EveryDatabase]
    public async Task A_check_that_reached_nobody_is_made_again_after_5_minutes_and_changes_no_health(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var resource = await app.Describe("web");
        var good = app.Time.GetUtcNow();
        var verified = Count(app, _ => VerifyReport.Unreachable("Connection refused."));
        await Due(app, "web");
        for (var minute = 0; minute < 16; minute++)
            await app.Advance(TimeSpan.FromMinutes(1));
        verified["web"].Count.ShouldBe(4);
        var now = await app.ResourceRow("web");
        (now.Health, now.LastVerifiedAt).ShouldBe((ResourceHealth.Valid, good));
        now.HealthMessage.ShouldBe($"It could not be verified at {verified["web"][^1]:u}. Connection refused. The last good check was at {good:u}.");
        (await app.HealthEvents()).ShouldBe(["VERIFY open"]);
        var report = (await (await app.AsAdmin().Api()).VerifyResourceAsync(resource.Id, None)).Value;
        (report.IsValid, report.Outcome, report.Message, report.Resource.Health).ShouldBe((false, "UNREACHABLE", "Connection refused.", "VALID"));
        app.Provider.OnVerify = null;
        await app.Advance(TimeSpan.FromMinutes(6));
        (await app.ResourceRow("web")).HealthMessage.ShouldBe("Adding and removing would work.");
        (await app.HealthEvents()).ShouldBe(["VERIFY resolved"]);
    }

    [Theory, EveryDatabase]
    public async Task Invalid_stays_invalid_while_nobody_answers(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        app.Provider.OnVerify = _ => VerifyReport.Invalid("The token may not edit this list.");
        var resource = await app.Describe("web");
        app.Provider.OnVerify = _ => VerifyReport.Unreachable("Connection refused.");
        var report = (await (await app.AsAdmin().Api()).VerifyResourceAsync(resource.Id, None)).Value;
        (report.Outcome, report.Resource.Health, report.Resource.HealthMessage).ShouldBe(("UNREACHABLE", "INVALID", "The token may not edit this list."));
        report.Resource.LastVerifiedAt.ShouldBe(resource.LastVerifiedAt);
    }

    [Theory, EveryDatabase]
    public async Task Whoever_moves_the_date_makes_the_check_and_if_it_dies_another_makes_it_two_minutes_later(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        await app.Describe("web");
        var verified = Count(app);
        await Due(app, "web");
        app.Provider.BeforeVerify = (_, _) => throw new OperationCanceledException("the node dies");
        await app.Sweep();
        (await app.ResourceRow("web")).VerifyAt.ShouldBe(app.Time.GetUtcNow().AddMinutes(5), "a provider that throws is one that gave no answer");
        app.Provider.BeforeVerify = null;

        await using var elsewhere = database.Open();
        await Due(app, "web");
        verified.Clear();
        var rounds = app.Services.GetRequiredService<VerificationRounds>();
        app.Provider.BeforeVerify = async (_, _) =>
        {
            app.Provider.BeforeVerify = null;
            (await app.ResourceRow("web")).VerifyAt.ShouldBe(app.Time.GetUtcNow().AddMinutes(2));
            var second = new VerificationRounds(elsewhere, app.Services.GetRequiredService<Verification>(), app.Services.GetRequiredService<DatabaseClock>(),
                Microsoft.Extensions.Logging.Abstractions.NullLogger<VerificationRounds>.Instance);
            await second.RunAsync(None);
            await second.QuietAsync();
        };
        await rounds.RunAsync(None);
        await rounds.QuietAsync();
        verified["web"].Count.ShouldBe(1, "the other node found nothing due");
    }

    [Theory, EveryDatabase]
    public async Task What_was_missed_while_no_node_ran_is_spread_over_the_next_half_hour(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        for (var i = 0; i < 20; i++)
            await app.Describe($"r{i}");
        await app.Seed.Change(db => db.Resources.ExecuteUpdateAsync(set => set.SetProperty(r => r.VerifyAt, app.Time.GetUtcNow().AddHours(-1))));
        var verified = Count(app);
        await app.Sweep();
        verified.ShouldBeEmpty();
        for (var minute = 0; minute < 34; minute++)
            await app.Advance(TimeSpan.FromMinutes(1));
        verified.Count.ShouldBe(20);
        verified.Values.Select(at => at[0]).Distinct().Count().ShouldBeGreaterThan(5);
    }

    [Theory, EveryDatabase]
    public async Task A_provider_that_hangs_does_not_hold_up_the_others(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        foreach (var name in (string[])["hung", "web", "db"])
            await app.Describe(name);
        var verified = Count(app);
        foreach (var name in (string[])["hung", "web", "db"])
            await Due(app, name);
        var hangs = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        app.Provider.BeforeVerify = (context, _) =>
        {
            if (context.Config.Identifier != "hung")
                return Task.CompletedTask;
            hangs.TrySetResult();
            return new TaskCompletionSource().Task;
        };
        var waits = app.Time.Armed(AllowListWorker.CallTimeout);
        var rounds = app.Services.GetRequiredService<VerificationRounds>();
        await rounds.RunAsync(None);
        await hangs.Task;
        await waits;
        await rounds.RunAsync(None);   // the next sweep's: one is still at it
        app.Time.Advance(AllowListWorker.CallTimeout);
        await rounds.QuietAsync();
        verified.Keys.Order().ShouldBe(["db", "web"]);
        (await app.ResourceRow("hung")).ShouldSatisfyAllConditions(
            r => r.Health.ShouldBe(ResourceHealth.Valid), r => r.HealthMessage!.ShouldContain("did not answer within 15 s"));
    }

    [Theory, EveryDatabase]
    public async Task E05_verification_takes_no_call_that_a_closing_needs(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database, capabilities: Plain with { CallsPerSecond = 1 });
        await app.Describe("web");
        var verified = Count(app);
        var budget = app.Services.GetRequiredService<CallBudget>();
        while (budget.Take("scripted:tester:", 1, closing: false) == TimeSpan.Zero)
        {
        }

        await Due(app, "web");
        await app.Sweep();
        verified.ShouldBeEmpty();
        budget.Take("scripted:tester:", 1, closing: true).ShouldBe(TimeSpan.Zero);
        await app.Advance(TimeSpan.FromMinutes(1));
        verified["web"].Count.ShouldBe(1);
    }

    [Theory, EveryDatabase]
    public async Task A_deactivated_resource_is_verified_only_while_something_may_stand_on_it(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        await app.Open("ann");
        await app.UseCredential("web", "key");
        app.Provider.OnApply = (_, _) => Script.Unavailable;
        await app.Edit("web", new UpdateResourceRequest { IsActive = false });
        await app.RunUntilQuiet();
        var verified = Count(app);
        await Due(app, "web");
        await app.Sweep();
        verified["web"].Count.ShouldBe(1);
        app.Provider.OnApply = null;
        await app.Advance(TimeSpan.FromMinutes(1));
        app.Cloud("web").Rules.ShouldBeEmpty();
        verified.Clear();
        await Due(app, "web");
        await app.Sweep();
        verified.ShouldBeEmpty();
        (await app.ResourceRow("web")).VerifyAt.ShouldBeGreaterThan(app.Time.GetUtcNow());
    }

    [Theory, EveryDatabase]
    public async Task An_invalid_resource_fails_its_claims_at_once_with_the_verifications_words(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        app.Provider.OnVerify = _ => VerifyReport.Invalid("The token may not edit this list; grant it list:write.");
        var resource = await app.Describe("web", "ann");
        (resource.Health, resource.LastVerifiedAt).ShouldBe(("INVALID", app.Time.GetUtcNow()));
        var never = await Start(app, resource);
        (never.Status, never.ResourceIps.Single().ErrorCode, never.ResourceIps.Single().ErrorMessage)
            .ShouldBe(("FAILED", "INVALID_RESOURCE", "The token may not edit this list; grant it list:write."));
        (await app.Audit(never)).ShouldBe(["SESSION_START", "RULE_APPLY_FAILED", "SESSION_FAILED"]);

        // What stands goes on standing, and is closed; nothing new is opened.
        app.Provider.OnVerify = null;
        await Verify(app, resource);
        var open = await Start(app, resource);
        await app.RunUntilQuiet();
        app.Provider.OnVerify = _ => VerifyReport.Invalid("The list is gone.");
        await app.Advance(TimeSpan.FromSeconds(1));   // events of one instant have no order
        await Verify(app, resource);
        (await app.Status(open)).ShouldBe("ACTIVE");
        (await Start(app, resource)).ResourceIps.Single().ErrorMessage.ShouldBe("The list is gone.");
        await app.Advance(TimeSpan.FromHours(1));
        (await app.Status(open)).ShouldBe("EXPIRED");
        app.Cloud("web").Rules.ShouldBeEmpty();
        (await app.HealthEvents()).ShouldBe(["VERIFY resolved", "VERIFY open"]);
    }

    [Theory, EveryDatabase]
    public async Task E03_claims_on_a_resource_nobody_could_reach_so_far_ask_on_the_opening_schedule_then_fail(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var verified = Count(app, _ => VerifyReport.Unreachable("Connection refused."));
        var resource = await app.Describe("web", "ann");
        resource.Health.ShouldBe("UNVERIFIED");
        verified.Clear();
        var start = app.Time.GetUtcNow();
        var session = await Start(app, resource);
        (session.Status, session.ResourceIps.Single().Status, session.ResourceIps.Single().ErrorCode).ShouldBe(("PENDING", "PENDING", "NOT_VERIFIED"));
        await app.Advance(TimeSpan.FromMinutes(3));
        (await app.Status(session)).ShouldBe("PENDING");
        await app.Advance(TimeSpan.FromMinutes(1));
        verified["web"].Select(at => (at - start).TotalSeconds).ShouldBe([0, 30, 90, 210]);
        var ended = await app.Session(session);
        (ended.Status, ended.ResourceIps.Single().Status, ended.ResourceIps.Single().ErrorMessage).ShouldBe(("FAILED", "FAILED", "Connection refused."));
        (await app.Audit(session)).ShouldBe(
            ["SESSION_START", "RULE_APPLY_RETRY", "RULE_APPLY_RETRY", "RULE_APPLY_RETRY", "RULE_APPLY_FAILED", "SESSION_FAILED"]);
    }

    [Theory]
    [EveryDatabase(true)]
    [EveryDatabase(false)]
    public async Task E03_as_soon_as_verification_answers_they_are_opened_or_fail(TestDatabase database, bool works)
    {
        await using var app = await TestApp.StartAsync(database);
        app.Provider.OnVerify = _ => VerifyReport.Unreachable("Connection refused.");
        var resource = await app.Describe("web", "ann");
        var session = await Start(app, resource);
        await app.Advance(TimeSpan.FromSeconds(29));
        app.Provider.OnVerify = works ? null : _ => VerifyReport.Invalid("There is no such list.");
        await app.Advance(TimeSpan.FromSeconds(1));
        var now = await app.Session(session);
        var claim = now.ResourceIps.ShouldHaveSingleItem();
        (now.Status, claim.Status, claim.ErrorCode, claim.ErrorMessage)
            .ShouldBe(works ? ("ACTIVE", "APPLIED", (string?)null, (string?)null) : ("FAILED", "FAILED", "INVALID_RESOURCE", "There is no such list."));
        app.Cloud("web").Rules.ShouldBe(works ? [Standing] : []);
        await app.Advance(TimeSpan.FromHours(1));
        app.Cloud("web").Rules.ShouldBeEmpty();
        (await app.Status(session)).ShouldBe(works ? "EXPIRED" : "FAILED");
    }

    [Theory, EveryDatabase]
    public async Task E03_a_session_that_waits_for_a_verification_can_be_stopped_and_runs_out(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        app.Provider.OnVerify = _ => VerifyReport.Unreachable("Connection refused.");
        var resource = await app.Describe("web", "ann");
        var session = await Start(app, resource);
        await app.Advance(TimeSpan.FromSeconds(10));
        await app.As("ann").Stop(session);
        (await app.Status(session)).ShouldBe("CANCELLED");
        var soon = await Start(app, resource, seconds: 60);
        await app.Advance(TimeSpan.FromSeconds(60));
        (await app.Status(soon)).ShouldBe("EXPIRED");
    }

    // When each was verified; what is said, null: that it works.
    private static Dictionary<string, List<DateTimeOffset>> Count(TestApp app, Func<ProviderContext, VerifyReport?>? say = null)
    {
        var verified = new Dictionary<string, List<DateTimeOffset>>();
        app.Provider.OnVerify = context =>
        {
            lock (verified)
            {
                if (!verified.TryGetValue(context.Config.Identifier, out var at))
                    verified[context.Config.Identifier] = at = [];
                at.Add(app.Time.GetUtcNow());
            }

            return say?.Invoke(context);
        };
        return verified;
    }

    private static Task Due(TestApp app, string name) =>
        app.Seed.Change(db => db.Resources.Where(r => r.Name == name).ExecuteUpdateAsync(set => set.SetProperty(r => r.VerifyAt, app.Time.GetUtcNow())));

    private static async Task Verify(TestApp app, ResourceResponse resource) =>
        _ = (await (await app.AsAdmin().Api()).VerifyResourceAsync(resource.Id, None)).Value;

    private static async Task<SessionResponse> Start(TestApp app, ResourceResponse resource, int seconds = 3600) =>
        (await (await app.As("ann").Api()).StartSessionAsync(
            new StartSessionRequest { DurationSeconds = seconds, Ipv4Address = Address, ResourceIds = [resource.Id.ToString()] }, null, None)).Value;
}
