using System.Net;
using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Domain.Sessions;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace EntryGuard.Server.Tests.StaticRules;

/// <summary>A static rule is no session, and nobody else's business.</summary>
public sealed class StaticRuleLeakTests
{
    [Theory, EveryDatabase]
    public async Task No_session_route_knows_a_static_rule_and_no_member_sees_it(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var rule = await app.AsAdmin().CreateStaticRule("office", "203.0.113.7", "web");
        var session = await app.As("ann").StartSession("web", "203.0.113.7", hours: 1);
        await app.RunUntilQuiet();
        var (admin, ann) = (await app.AsAdmin().Api(), await app.As("ann").Api());
        (await admin.ListSessionsAsync(null, true, default)).Value.Select(s => s.Id).ShouldBe([session.Id]);
        (await admin.GetSessionAsync(rule.Id, default)).Status.ShouldBe(HttpStatusCode.NotFound);
        (await admin.StopSessionAsync(rule.Id, true, default)).Status.ShouldBe(HttpStatusCode.NotFound);
        (await admin.StopSessionAsync(rule.Id, false, default)).Status.ShouldBe(HttpStatusCode.NotFound);
        (await admin.ExtendSessionAsync(rule.Id, new ExtendSessionRequest { AdditionalHours = 1 }, default)).Status.ShouldBe(HttpStatusCode.NotFound);
        (await admin.GetStaticRuleAsync(session.Id, default)).Status.ShouldBe(HttpStatusCode.NotFound);
        (await admin.DeleteStaticRuleAsync(session.Id, default)).Status.ShouldBe(HttpStatusCode.NotFound);
        (await admin.UpdateStaticRuleAsync(session.Id, new UpdateStaticRuleRequest { Label = "x" }, null, default)).Status.ShouldBe(HttpStatusCode.NotFound);
        (await ann.ListStaticRulesAsync(null, default)).Status.ShouldBe(HttpStatusCode.Forbidden);
        (await ann.RetryResourceIpAsync(rule.Resources[0].ResourceIpId, default)).Status.ShouldBe(HttpStatusCode.NotFound);

        var told = (await ann.ExplainAsync(rule.Resources[0].ResourceId, "203.0.113.7", default)).Value;
        told.Claims.ShouldHaveSingleItem().OwnerKind.ShouldBe("SESSION");
        told.Message.ShouldContain("belongs to somebody else");
        var all = (await admin.ExplainAsync(rule.Resources[0].ResourceId, "203.0.113.7", default)).Value;
        var shown = all.Claims.Single(c => c.OwnerKind == "STATIC_RULE");
        (shown.OwnerName, shown.Until).ShouldBe(("office", null));
        all.Message.ShouldContain("without an end");
    }

    [Theory, EveryDatabase]
    public async Task Another_organization_neither_sees_nor_ends_it_and_shares_its_rule_at_the_provider(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var rule = await app.AsAdmin().CreateStaticRule("office", "203.0.113.7", "web");
        var theirs = await app.AsAdmin("globex").CreateStaticRule("office", "203.0.113.7", "web");
        await app.RunUntilQuiet();
        app.Cloud("web").Standing.Count.ShouldBe(1);
        var globex = await app.AsAdmin("globex").Api();
        (await globex.GetStaticRuleAsync(rule.Id, default)).Problem!.Error.ShouldBe(ErrorCodes.StaticRuleNotFound);
        (await globex.DeleteStaticRuleAsync(rule.Id, default)).Problem!.Error.ShouldBe(ErrorCodes.StaticRuleNotFound);
        (await globex.UpdateStaticRuleAsync(rule.Id, new UpdateStaticRuleRequest { Label = "x" }, null, default)).Problem!.Error.ShouldBe(ErrorCodes.StaticRuleNotFound);
        (await globex.ListStaticRulesAsync("ended=true", default)).Value.Select(r => r.Id).ShouldBe([theirs.Id]);
        (await globex.CreateStaticRuleAsync(new CreateStaticRuleRequest { Label = "x", IpAddress = "203.0.113.7", ResourceIds = [rule.Resources[0].ResourceId.ToString()] }, null, default))
            .Problem!.Error.ShouldBe(ErrorCodes.ResourceNotFound);
        var owner = (await app.AsAdmin().SignIn()).User.Value.ToString();
        (await app.AsAdmin("globex").TryUpdate(theirs, new UpdateStaticRuleRequest { OwnerUserId = owner })).Problem!.Error.ShouldBe(ErrorCodes.UserNotFound);
        await app.AsAdmin().Delete(rule);
        await app.RunUntilQuiet();
        app.Cloud("web").Rules.ShouldBe(["203.0.113.7/32"]);
    }

    [Theory, EveryDatabase]
    public async Task E29_what_a_static_rule_wanted_once_is_pruned_and_what_it_names_is_not(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var admin = app.AsAdmin();
        var rule = await admin.CreateStaticRule("office", "203.0.113.7", "web", "db", "log");
        await app.RunUntilQuiet();
        await admin.TryUpdate(rule, new UpdateStaticRuleRequest { IpAddress = "203.0.113.8" }, ["web", "db"]);
        await app.RunUntilQuiet();
        var api = await admin.Api();
        (await api.UpdateResourceAsync(rule.Resources.Single(r => r.ResourceName == "web").ResourceId, new UpdateResourceRequest { IsActive = false }, null, default)).Problem.ShouldBeNull();
        (await api.DeleteResourceAsync(rule.Resources.Single(r => r.ResourceName == "db").ResourceId, true, default)).Problem.ShouldBeNull();
        var gone = await admin.CreateStaticRule("gone", "203.0.113.9", "log");
        await app.RunUntilQuiet();
        await admin.Delete(gone);
        await app.RunUntilQuiet();
        (await ClaimsAsync(app)).ShouldBe(6);
        await app.Advance(TimeSpan.FromDays(91));
        await app.Services.GetRequiredService<Retention>().PruneAsync(default);
        (await ClaimsAsync(app)).ShouldBe(1);
        (await api.GetStaticRuleAsync(gone.Id, default)).Status.ShouldBe(HttpStatusCode.NotFound);
        (await admin.Get(rule)).Resources.Select(r => (r.ResourceName, r.Status)).ShouldBe([("web", "REMOVED")]);
    }

    [Theory, EveryDatabase]
    public async Task Drift_ends_without_a_word_about_sessions(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var organization = (await app.AsAdmin().SignIn()).Organization;
        await app.Seed.Resource(organization, "web");
        await app.Seed.Change(async db =>
        {
            var now = app.Time.GetUtcNow();
            var owner = new Session
            {
                Id = new SessionId(Guid.CreateVersion7(now)),
                OrganizationId = organization,
                Kind = OwnerKind.Drift,
                Status = SessionStatus.Expiring,
                EndReason = EndReason.Drift,
                StartedAt = now,
                EndingAt = now,
                ExpiresAt = now,
                ChangedAt = now,
            };
            var claim = ResourceIp.Born(owner, await db.Resources.SingleAsync(), Domain.Net.Cidr.Parse("203.0.113.7"), Grant.Drift, now, now, now);
            (claim.State, claim.EndReason, claim.EndingAt) = (new ClaimState(Wanted.Absent, ResourceIpStatus.Removing, true), EndReason.Drift, now);
            owner.ResourceIps.Add(claim);
            SessionWrite.Start(db, owner, now, Actor.System).Complete();
        });
        await app.Sweep();
        await using var db = app.Databases.OpenEngine();
        await using var read = await db.BeginReadAsync(default);
        (await db.Sessions.AsNoTracking().SingleAsync()).State.ShouldBe(new SessionState(SessionStatus.Cancelled, EndReason.Drift));
        (await db.Audit.Where(a => a.EventType.StartsWith("SESSION")).CountAsync()).ShouldBe(0);
    }

    private static async Task<int> ClaimsAsync(TestApp app)
    {
        await using var db = app.Databases.OpenEngine();
        await using var read = await db.BeginReadAsync(default);
        return await db.ResourceIps.CountAsync();
    }
}
