using EntryGuard.Domain;
using EntryGuard.Domain.Sessions;
using EntryGuard.Server.Data;
using EntryGuard.Testing;
using EntryGuard.Testing.Providers;
using Microsoft.EntityFrameworkCore;
using static EntryGuard.Server.Tests.Engine.EngineFacts;

namespace EntryGuard.Server.Tests.Engine;

/// <summary>What people can do to a session, and what it says of itself (E02, E10, E17–E21).</summary>
public sealed class SessionRuleTests
{
    [Theory, EveryDatabase]
    public async Task E02_a_claim_that_never_went_out_is_REMOVED_at_the_stop_without_a_call(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = await app.As("ann").StartSession("web", Address);
        (await app.As("ann").Stop(ann)).Status.ShouldBe("CANCELLED");
        (await app.Claim(ann)).Status.ShouldBe("REMOVED");
        await app.RunUntilQuiet();
        app.Provider.Calls.ShouldBeEmpty();
    }

    [Theory, EveryDatabase]
    public async Task E02_an_opening_given_up_stays_FAILED_when_its_session_ends(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        app.Cloud("full").Capacity = 0;
        var ann = await app.As("ann").StartSession(["web", "full"], [Address]);
        await app.RunUntilQuiet();
        (await app.Status(ann)).ShouldBe("PARTIAL");
        await app.As("ann").Stop(ann);
        await app.RunUntilQuiet();
        (await app.Session(ann)).ResourceIps.Select(c => c.Status).ShouldBe(["REMOVED", "FAILED"], ignoreOrder: true);
        (await app.Status(ann)).ShouldBe("CANCELLED");
        (await app.Session(ann)).OpenRules.ShouldBe(0);
    }

    [Theory, EveryDatabase]
    public async Task E10_no_claim_is_made_for_a_family_the_Resource_cannot_hold_and_the_answer_says_so(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database, capabilities: Plain with { IPv6 = false });
        var ann = await app.As("ann").StartSession(["web"], [Address, "2001:db8::7"]);
        ann.ResourceIps.ShouldHaveSingleItem().IpAddress.ShouldBe(Address);
        ann.NotOpened.ShouldNotBeNull().ShouldHaveSingleItem().Why.ShouldContain("IPv6");
        await app.RunUntilQuiet();
        (await app.Status(ann)).ShouldBe("ACTIVE");
    }

    [Theory, EveryDatabase]
    public async Task E10_a_start_that_makes_no_claim_is_refused(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database, capabilities: Plain with { IPv6 = false });
        var answer = await app.As("ann").TryStartSession(["web"], ["2001:db8::7"]);
        ((int)answer.Status, answer.Problem!.Error).ShouldBe((400, "NOTHING_TO_OPEN"));
        await using var db = app.Databases.OpenEngine();
        await using var read = await db.BeginReadAsync(CancellationToken.None);
        (await db.Sessions.AnyAsync()).ShouldBeFalse();
    }

    [Theory, EveryDatabase]
    public async Task E17_a_session_is_PENDING_then_PARTIAL_while_one_Resource_is_tried_and_ACTIVE_when_it_works(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        app.Provider.OnApply = (context, _) => context.Config.Identifier == "slow" ? Script.Unavailable : null;
        var ann = await app.As("ann").StartSession(["web", "slow"], [Address]);
        ann.Status.ShouldBe("PENDING");
        await app.RunUntilQuiet();
        (await app.Status(ann)).ShouldBe("PARTIAL");
        app.Provider.OnApply = null;
        await app.Advance(TimeSpan.FromSeconds(30));
        (await app.Status(ann)).ShouldBe("ACTIVE");
        (await app.Audit(ann)).ShouldBe(
            ["SESSION_START", "RULE_APPLIED", "RULE_APPLY_RETRY", "SESSION_PARTIAL", "RULE_APPLIED", "SESSION_ACTIVE"], ignoreOrder: true);
    }

    [Theory, EveryDatabase]
    public async Task E18_a_claim_that_lost_its_grant_is_not_opened(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = await app.As("ann").StartSession("web", Address);
        await app.Seed.Change(db => db.UserResources.ExecuteDeleteAsync());
        await app.RunUntilQuiet();
        app.Provider.Calls.ShouldBeEmpty();
        (await app.Session(ann)).EndedReason.ShouldBe("ACCESS_REVOKED");
        (await app.Status(ann)).ShouldBe("CANCELLED");
    }

    [Theory, EveryDatabase]
    public async Task E18_a_claim_that_lost_its_grant_does_not_share_a_rule_either(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        await app.Open("ann");
        var bob = await app.As("bob").StartSession("web", Address);
        var user = new UserId(bob.UserId);
        await app.Seed.Change(db => db.UserResources.Where(g => g.UserId == user).ExecuteDeleteAsync());
        await app.RunUntilQuiet();
        (await app.Audit(bob)).ShouldNotContain("RULE_APPLIED");
        (await app.Session(bob)).EndedReason.ShouldBe("ACCESS_REVOKED");
        app.Cloud("web").Rules.ShouldBe([Standing]);
    }

    [Theory, EveryDatabase]
    public async Task E18_extending_ends_what_lost_its_grant(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = await app.As("ann").StartSession(["web", "db"], [Address]);
        await app.RunUntilQuiet();
        var lost = (await app.ResourceRow("db")).Id;
        await app.Seed.Change(db => db.UserResources.Where(g => g.ResourceId == lost).ExecuteDeleteAsync());
        var longer = await app.As("ann").Extend(ann, 1);
        await app.RunUntilQuiet();
        longer.ExpiresAt.ShouldBe(ann.ExpiresAt.AddHours(1));
        app.Cloud("db").Rules.ShouldBeEmpty();
        app.Cloud("web").Rules.ShouldBe([Standing]);
        (await app.Status(ann)).ShouldBe("ACTIVE");
    }

    [Theory, EveryDatabase]
    public async Task E19_stopping_twice_changes_nothing_and_the_first_reason_stays(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = await app.Open("ann");
        app.OnClosing(Script.Unavailable);
        await app.As("ann").Stop(ann);
        await app.RunUntilQuiet();
        var audit = await app.Audit(ann);
        var again = await app.AsAdmin().TryStopAny(ann);
        ((int)again.Status, again.Value.Status, again.Value.EndedReason).ShouldBe((200, "EXPIRING", "MANUAL"));
        (await app.Audit(ann)).ShouldBe(audit);
        app.Provider.OnApply = null;
        await app.Advance(TimeSpan.FromSeconds(30));
        (await app.Session(ann)).EndedReason.ShouldBe("MANUAL");
        var ended = await app.As("ann").TryStop(ann);
        ((int)ended.Status, ended.Problem!.Error).ShouldBe((400, "SESSION_NOT_STOPPABLE"));
    }

    [Theory, EveryDatabase]
    public async Task E19_an_admins_stop_says_so_and_a_failed_session_cannot_be_stopped(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = await app.Open("ann");
        (await app.AsAdmin().TryStopAny(ann)).Value.EndedReason.ShouldBe("ADMIN");
        app.Cloud("full").Capacity = 0;
        var bob = await app.As("bob").StartSession("full", Address);
        await app.RunUntilQuiet();
        (await app.Status(bob)).ShouldBe("FAILED");
        (await app.As("bob").TryStop(bob)).Problem!.Error.ShouldBe("SESSION_NOT_STOPPABLE");
    }

    [Theory, EveryDatabase]
    public async Task E19_at_the_very_end_expiry_has_won_over_an_extension(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = await app.Open("ann");
        app.Time.SetUtcNow(ann.ExpiresAt.AddMilliseconds(-1));
        var longer = await app.As("ann").Extend(ann, 1);
        app.Time.SetUtcNow(longer.ExpiresAt);   // nobody has acted yet
        var late = await app.As("ann").TryExtend(ann, 1);
        ((int)late.Status, late.Problem!.Error).ShouldBe((400, "SESSION_NOT_EXTENDABLE"));
        await app.Advance(TimeSpan.Zero);
        (await app.Status(ann)).ShouldBe("EXPIRED");
        (await app.Audit(ann)).ShouldBe(["SESSION_START", "RULE_APPLIED", "SESSION_ACTIVE", "SESSION_EXTEND", "SESSION_EXPIRING", "RULE_REMOVED", "SESSION_EXPIRED"]);
    }

    [Theory, EveryDatabase]
    public async Task E19_an_extension_moves_every_claim_up_to_its_cap_and_no_further(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        await app.As("ann").Reach("web");
        await app.AsAdmin().CreateRole("short", ["db"], [app.As("ann")], maxMinutes: 70);
        var ann = await app.As("ann").Start(hours: 1, from: Address);
        await app.RunUntilQuiet();
        var cap = ann.ExpiresAt.AddMinutes(10);
        (await app.As("ann").Extend(ann, 1)).ExpiresAt.ShouldBe(ann.ExpiresAt.AddHours(1));
        (await app.Rows(ann)).Select(c => c.EndsAt).ShouldBe([ann.ExpiresAt.AddHours(1), cap], ignoreOrder: true);
        await app.Advance(cap - app.Time.GetUtcNow());
        app.Cloud("db").Rules.ShouldBeEmpty();
        (await app.Status(ann)).ShouldBe("ACTIVE");
        var far = await app.As("ann").TryExtend(ann, 10_000);
        ((int)far.Status, far.Problem!.Error).ShouldBe((400, "SESSION_TOO_LONG"));
    }

    [Theory, EveryDatabase]
    public async Task E19_a_claim_given_up_may_be_tried_again_while_its_session_runs(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        app.Cloud("full").Capacity = 0;
        var ann = await app.As("ann").StartSession(["web", "full"], [Address]);
        await app.RunUntilQuiet();
        var failed = (await app.Session(ann)).ResourceIps.Single(c => c.Status == "FAILED");
        var open = (await app.Session(ann)).ResourceIps.Single(c => c.Status == "APPLIED");
        (await app.As("ann").TryRetry(open)).Problem!.Error.ShouldBe("RESOURCE_IP_NOT_RETRYABLE");
        app.Cloud("full").Capacity = 10;
        var retried = (await app.As("ann").TryRetry(failed)).Value;
        (retried.Status, retried.Attempts).ShouldBe(("PENDING", 0));
        await app.RunUntilQuiet();
        (await app.Status(ann)).ShouldBe("ACTIVE");
        await app.As("ann").Stop(ann);
        await app.RunUntilQuiet();
        (await app.As("ann").TryRetry(failed)).Problem!.Error.ShouldBe("RESOURCE_IP_NOT_RETRYABLE");
    }

    [Theory, EveryDatabase]
    public async Task E19_a_claim_given_up_is_not_tried_again_without_a_grant_nor_in_a_failed_session(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        app.Cloud("full").Capacity = 0;
        var ann = await app.As("ann").StartSession(["web", "full"], [Address]);
        var bob = await app.As("bob").StartSession("full", Address);
        await app.RunUntilQuiet();
        (await app.As("bob").TryRetry(await app.Claim(bob))).Problem!.Error.ShouldBe("RESOURCE_IP_NOT_RETRYABLE");
        var resource = (await app.ResourceRow("full")).Id;
        await app.Seed.Change(db => db.UserResources.Where(g => g.ResourceId == resource).ExecuteDeleteAsync());
        var failed = (await app.Session(ann)).ResourceIps.Single(c => c.Status == "FAILED");
        (await app.As("ann").TryRetry(failed)).Problem!.Error.ShouldBe("RESOURCE_IP_NOT_RETRYABLE");
    }

    [Theory, EveryDatabase]
    public async Task E20_ending_is_the_decision_and_ended_the_last_rule_seen_gone(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = await app.Open("ann");
        app.OnClosing(Script.Unavailable);
        await app.Advance(ann.ExpiresAt - app.Time.GetUtcNow());
        var closing = await app.Session(ann);
        (closing.Status, closing.EndingAt, closing.EndedAt, closing.OpenRules, closing.OverdueSince).ShouldBe(("EXPIRING", ann.ExpiresAt, null, 1, null));
        app.Provider.OnApply = null;
        await app.Advance(TimeSpan.FromSeconds(30));
        var ended = await app.Session(ann);
        (ended.Status, ended.EndingAt, ended.EndedAt, ended.OpenRules, ended.EndedReason).ShouldBe(("EXPIRED", ann.ExpiresAt, ann.ExpiresAt.AddSeconds(30), 0, "EXPIRED"));
    }

    [Theory, EveryDatabase]
    public async Task E20_an_overdue_closing_is_said_in_any_state_and_listed(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var stuck = await app.Open("ann");
        var fine = await app.Open("ann", "db");
        app.OnClosing(Script.Unavailable);
        await app.As("ann").Stop(stuck);
        await app.Advance(TimeSpan.FromSeconds(210));
        var api = await app.As("ann").Api();
        (await api.ListSessionsAsync("overdue=true", false, CancellationToken.None)).Value.Select(s => s.Id).ShouldBe([stuck.Id]);
        (await api.ListSessionsAsync("overdue=false", false, CancellationToken.None)).Value.Select(s => s.Id).ShouldBe([fine.Id]);
        var said = await app.Session(stuck);
        (said.OpenRules, said.OverdueSince is not null, said.EndedAt).ShouldBe((1, true, null));
        said.ResourceIps[0].OverdueSince.ShouldBe(said.OverdueSince);
    }

    [Theory, EveryDatabase]
    public async Task E20_an_admin_may_declare_a_rule_gone_as_the_last_resort(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = await app.Open("ann");
        var claim = await app.Claim(ann);
        (await app.AsAdmin().TryDeclareGone(claim, "I looked")).Problem!.Error.ShouldBe("NOTHING_TO_DECLARE");   // it is live
        app.OnClosing(Script.Unavailable);
        await app.As("ann").Stop(ann);
        await app.Advance(TimeSpan.FromSeconds(210));
        ((int)(await app.As("ann").TryDeclareGone(claim, "I looked")).Status).ShouldBe(403);
        (await app.AsAdmin().TryDeclareGone(claim, " ")).Problem!.ValidationErrors!.ShouldContainKey("reason");
        (await app.AsAdmin().TryDeclareGone(claim, "The account was closed")).Value.Status.ShouldBe("REMOVED");
        var ended = await app.Session(ann);
        (ended.Status, ended.OpenRules, ended.OverdueSince).ShouldBe(("CANCELLED", 0, null));
        (await app.Row(ann)).IsDeclaredGone.ShouldBeTrue();
        (await app.Audit(ann)).TakeLast(2).ShouldBe(["RULE_DECLARED_GONE", "SESSION_CANCELLED"]);
    }

    [Theory, EveryDatabase]
    public async Task E21_every_transition_has_one_audit_row_in_order_and_what_changes_nothing_has_none(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = await app.Open("ann");
        await app.As("ann").Extend(ann, 1);
        await app.Advance(TimeSpan.FromMinutes(30));
        await app.Sweep();
        await app.As("ann").Stop(ann);
        await app.As("ann").Stop(ann);
        await app.RunUntilQuiet();
        await app.As("ann").TryStop(ann);
        await app.Advance(TimeSpan.FromHours(3));
        (await app.Audit(ann)).ShouldBe([
            "SESSION_START", "RULE_APPLIED", "SESSION_ACTIVE", "SESSION_EXTEND", "SESSION_STOP", "SESSION_EXPIRING", "RULE_REMOVED", "SESSION_CANCELLED"]);
    }

    [Theory, EveryDatabase]
    public async Task E21_a_transaction_that_does_not_commit_leaves_neither_change_nor_audit_row(TestDatabase database)
    {
        await using var app = await TestApp.StartAsync(database);
        var ann = await app.Open("ann");
        var before = await app.Audit(ann);
        await using (var db = app.Databases.OpenEngine())
        {
            await using var work = await db.BeginWriteAsync(WritePriority.Closing, CancellationToken.None);
            var write = await SessionWrite.LockAsync(db, [new SessionId(ann.Id)], app.Time.GetUtcNow(), Actor.System, false, CancellationToken.None);
            write.End(write.Sessions[new SessionId(ann.Id)], EndReason.Admin);
            write.Complete();
            await db.SaveChangesAsync();   // and the process dies before the commit
        }

        (await app.Status(ann)).ShouldBe("ACTIVE");
        (await app.Audit(ann)).ShouldBe(before);
    }
}
