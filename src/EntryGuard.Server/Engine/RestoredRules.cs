using System.Collections.Immutable;
using EntryGuard.Domain;
using EntryGuard.Domain.Providers;
using EntryGuard.Domain.Rules;
using EntryGuard.Domain.Sessions;
using EntryGuard.Server.Data;

namespace EntryGuard.Server.Engine;

/// <summary>
/// Static rules after a restore (E27). The backup may be older than the decision to take one away, so nothing is opened for them: what stands
/// goes on standing, what does not reads FAILED until an admin tries it again.
/// </summary>
internal sealed class RestoredRules(Databases databases, DatabaseClock clock, EngineMetrics metrics)
{
    private const string Code = "RESTORED";
    private const string Words = "The database was restored from a backup, and the rule did not stand. If it is still wanted, an administrator must retry it.";

    /// <summary>Brings the claims of static rules on an allow-list into line with what stands there.</summary>
    /// <param name="key">The allow-list.</param>
    /// <param name="ours">All entries there with our mark.</param>
    /// <param name="tell">A line per claim.</param>
    /// <param name="ct">Gives up.</param>
    /// <returns>Rules that are wanted, and stay.</returns>
    public async Task<ImmutableHashSet<RuleKey>> KeepAsync(AllowListKey key, IReadOnlyList<ObservedRule> ours, Action<string> tell, CancellationToken ct)
    {
        await using var db = databases.OpenEngine();
        await using var work = await db.BeginWriteAsync(WritePriority.Closing, ct);
        var write = await SessionWrite.LockOwnersAsync(db, db.ResourceIps.Where(c => c.AllowListKey == key && c.DueAt != null
            && c.Wanted == Wanted.Present && c.Session!.Kind == OwnerKind.StaticRule), clock.Now, Actor.System, ct);
        var live = write.Sessions.Values.SelectMany(s => s.ResourceIps).Where(c => c.AllowListKey == key && c.State.IsLive).OrderBy(c => c.Id).ToList();
        var standing = ours.Select(o => o.Rule).ToHashSet();
        var kept = ImmutableHashSet.CreateBuilder<RuleKey>();
        foreach (var claim in live)
        {
            RuleKey[] wanted = [.. claim.Scopes.Select(scope => new RuleKey(scope, claim.Address))];
            var found = ours.Where(o => wanted.Contains(o.Rule)).ToList();
            var name = $"{string.Join(", ", wanted)} on {claim.Resource!.Name} ({key}) for the static rule {write.Sessions[claim.SessionId].Label}";
            if (wanted.All(standing.Contains))
            {
                kept.UnionWith(wanted);
                claim.Entries = [.. found.Select(o => new RuleEntry(o.Id, o.Rule.Scope))];   // the ids of that day may be others' by now
                write.Touch(claim);
                tell($"kept {name}");
            }
            else
            {
                Shut(write, claim, found);
                tell($"WAITS {name}: retry it if it is still wanted");
            }
        }

        write.Complete();
        await work.CommitAsync(ct);
        metrics.Wrote(write);
        return kept.ToImmutable();
    }

    // Of several rules a few may stand: those are taken off first, like any half of an opening (E09).
    private static void Shut(SessionWrite write, ResourceIp claim, List<ObservedRule> found)
    {
        (claim.ErrorCode, claim.ErrorMessage) = (Code, Words);
        (claim.AttemptId, claim.AttemptEpoch, claim.AttemptDeadlineAt) = (null, null, null);
        claim.Entries = [.. found.Select(o => new RuleEntry(o.Id, o.Rule.Scope))];
        if (found.Count > 0)
        {
            write.Move(claim, RuleEvent.MustUndo);
            return;
        }

        if (claim is { Status: ResourceIpStatus.Pending, MayStand: true })
            write.Move(claim, RuleEvent.SeenGone);
        write.Move(claim, claim.Status == ResourceIpStatus.Applied ? RuleEvent.LostForGood : RuleEvent.GaveUp);
    }
}
