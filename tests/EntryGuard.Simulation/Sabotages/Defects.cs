using EntryGuard.Domain;
using EntryGuard.Domain.Providers;
using EntryGuard.Domain.Rules;
using EntryGuard.Domain.Sessions;
using EntryGuard.Server.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;

namespace EntryGuard.Simulation.Sabotages;

/// <summary>
/// The defects the laws must find. Two that SQLite, with its one writer, cannot show are found on PostgreSQL: no session lock by
/// E18_two_workers_that_finish_one_session_leave_it_ended (it is planted beside it), an unguarded date by E12_of_two_unanswered_calls_the_later_deadline_stays.
/// </summary>
internal static class Defects
{
    private static readonly RuleFault Lost = new("LOST", "The connection was lost.", false);

    /// <summary>By name; made anew for each run, since some remember.</summary>
    public static IReadOnlyDictionary<string, Func<Sabotage>> All { get; } = new Dictionary<string, Func<Sabotage>>
    {
        ["an unknown opening is taken for applied"] = () => new()
        {
            Hear = (outcome, added) => added && outcome is RuleOutcome.Unknown ? new RuleOutcome.Applied(new RuleEntry(null, Scope.Tcp(443))) : outcome,
        },
        ["an unknown opening is taken for failed"] = () => new() { Hear = (outcome, added) => added && outcome is RuleOutcome.Unknown ? new RuleOutcome.Failed(Lost) : outcome },
        ["an unknown removal is taken for removed"] = () => new() { Hear = (outcome, added) => !added && outcome is RuleOutcome.Unknown ? new RuleOutcome.Removed() : outcome },
        ["a failed removal is taken for already gone"] = () => new() { Hear = (outcome, added) => !added && outcome is RuleOutcome.Failed ? new RuleOutcome.AlreadyGone() : outcome },
        ["nothing is read back: success is believed everywhere"] = () => new() { Believe = can => can with { SuccessIsProof = true } },
        ["the read delay is ignored"] = () => new() { Believe = can => can with { ReadDelay = TimeSpan.Zero } },
        ["an incomplete list proves absence"] = () => new() { See = (_, list) => list with { IsComplete = true } },
        ["a batch may be of any size"] = () => new() { Believe = can => can with { BatchSize = 1000 } },
        ["the owner mark is ignored"] = () => new()
        {
            See = (context, list) => list with { Rules = [.. list.Rules.Select(r => r with { Mark = r.Rule.OwnerMark("simulate", context.Key!.Value) })] },
        },
        ["the owner mark is another each time"] = () =>
        {
            var calls = 0;
            return new() { Send = (_, changes) => changes with { Additions = [.. changes.Additions.Select(a => a with { Mark = $"eg:simulate:{++calls}" })] } };
        },
        ["the end at the provider is never moved"] = () =>
        {
            var first = new Dictionary<(AllowListKey, RuleKey), DateTimeOffset>();
            return new()
            {
                Send = (context, changes) => changes with
                {
                    Additions = [.. changes.Additions.Select(a => a with { Until = First((context.Key!.Value, a.Rule), a.Until) })],
                },
            };

            DateTimeOffset First((AllowListKey, RuleKey) rule, DateTimeOffset until)
            {
                if (!first.TryGetValue(rule, out var held) || held < until - TimeSpan.FromHours(1))
                    first[rule] = held = until;
                return held;
            }
        },
        ["the reference count is by Resource"] = () => new() { Key = (cloud, resource) => new AllowListKey($"{cloud.Key.Value}#{resource}") },
        ["the clock is off"] = () => new() { IsClockOff = true },
        ["the sweep is off"] = () => new() { IsSweepOff = true },
        ["claims are deleted with their assignment"] = () => new()
        {
            Schema = "CREATE TRIGGER cascade AFTER DELETE ON user_resources BEGIN DELETE FROM resource_ips WHERE resource_id = OLD.resource_id; END",
        },
        ["unanswered calls are forgotten"] = () => new()
        {
            Save = tracker => tracker.Entries<AllowList>().Where(e => e.State == EntityState.Modified).ToList().ForEach(e => e.Entity.QuietAfter = null),
        },
        ["closing is given up after the schedule"] = () => Sabotage.OfClaims(e =>
        {
            if (e.Entity.State.IsOverdue)
                (e.Entity.NextAttemptAt, e.Entity.DueAt) = (null, null);
        }),
        ["a claim is taken up past its end"] = () => Sabotage.OfClaims(e =>
        {
            if (e.Entity.State.IsLive && e.Entity.DueAt == e.Entity.EndsAt)
                e.Entity.DueAt = e.Entity.EndsAt + TimeSpan.FromSeconds(3);
        }),
        ["the entries of an ended claim are forgotten"] = () => Sabotage.OfClaims(e =>
        {
            if (e.Entity.State.IsLeaving)
                e.Entity.Entries = [];
        }),
        ["a claim reads REMOVED before its rule is seen gone"] = () => Sabotage.OfClaims(e =>
        {
            if (e.Entity is { Status: ResourceIpStatus.Removing, Wanted: Wanted.Absent, AttemptId: null } && e.OriginalValues.GetValue<Guid?>(nameof(ResourceIp.AttemptId)) is not null)
                (e.Entity.Status, e.Entity.MayStand, e.Entity.DueAt, e.Entity.RemovedAt) = (ResourceIpStatus.Removed, false, null, e.Entity.EndingAt);
        }),
        ["an ended claim is wanted again"] = () => Sabotage.OfClaims(e =>
        {
            if (e.Entity is { Wanted: Wanted.Absent, Status: ResourceIpStatus.Removing, Attempts: > 1 })
                (e.Entity.Wanted, e.Entity.Status) = (Wanted.Present, ResourceIpStatus.Pending);
        }),
        ["the attempt is not durable before its call"] = () => new()
        {
            Forget = tracker => tracker.Entries<ResourceIp>().Any(e => e.State == EntityState.Modified && e.Entity is { Status: ResourceIpStatus.Applying, AttemptId: not null }),
        },
        ["a removal leaves no audit row"] = () => new() { Save = tracker => Rows(tracker, "RULE_REMOVED").ForEach(e => e.State = EntityState.Detached) },
    };

    private static List<EntityEntry<AuditEntry>> Rows(ChangeTracker tracker, string what) =>
        [.. tracker.Entries<AuditEntry>().Where(e => e.State == EntityState.Added && e.Entity.EventType == what)];
}
