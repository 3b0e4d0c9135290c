using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Domain.Providers;
using EntryGuard.Domain.Rules;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;

namespace EntryGuard.Server.Features.Resources;

/// <summary>
/// <c>POST /resources/{id}/reconcile</c>: what is found is told at once; what follows from it is the work of the allow-list's own worker,
/// which looks for itself. With <c>dryRun</c> nothing follows.
/// </summary>
public static class ReconcileResource
{
    public static async Task<Results<Ok<ReconcileResponse>, RefusalResult>> Handle(
        Guid id, ReconcileRequest? request, EntryGuardDb db, Caller caller, Inspection inspection, Reconciliation reconciliation, IEngine engine,
        DatabaseClock clock, HttpResponse response, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(inspection);
        ArgumentNullException.ThrowIfNull(reconciliation);
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentNullException.ThrowIfNull(clock);
        var resourceId = new ResourceId(id);
        if (await GetResource.FindAsync(db, resourceId, response, ct) is null)   // the engine sees all tenants, the caller does not
            return new RefusalResult(GetResource.NotFound);
        var (dryRun, unbraked) = (request?.DryRun == true, request?.Unbraked == true);
        var found = await inspection.CompareAsync(resourceId, unbraked, ct);
        if (found.Resource?.AllowListKey is not { } key)
            return new RefusalResult(new Refusal(ErrorCodes.VerificationFailed, RefusalKind.Invalid, "The Resource was never verified, so nothing of ours can stand there; verify it first."));
        if (!dryRun)
        {
            var audit = AuditRow.About(found.Resource, caller.Actor, "RESOURCE_RECONCILE", clock.Now, new { unbraked });
            await reconciliation.AskAsync(key, unbraked, audit, ct);
            engine.Wake([key]);
        }

        return TypedResults.Ok(Answer(id, found, caller.Organization, !dryRun));
    }

    private static ReconcileResponse Answer(Guid id, Comparison found, OrganizationId organization, bool asked)
    {
        var (drift, decision) = (found.Drift, found.Decision);
        var again = decision?.FoundAgain.Where(f => f.Organization == organization).Select(f => f.Entry).ToList() ?? [];
        var missing = drift?.Missing.Where(found.OwnRules.Contains).ToList() ?? [];
        var altered = decision?.Altered.Where(e => found.OwnMarks.Contains(e.Mark!)).ToList() ?? [];
        List<ObservedRule> toRemove = decision is null ? [] : [.. again, .. decision.Acts ? decision.Strays.Concat(altered).Concat(decision.Foreign) : []];
        return new ReconcileResponse
        {
            ResourceId = id,
            Message = Words(found, missing.Count, toRemove.Count),
            Asked = asked,
            IsBraked = decision?.IsBraked == true,
            Missing = [.. missing.Select(rule => Show(rule, null))],
            FoundAgain = Show(again),
            Strays = Show(decision?.Strays ?? []),
            Altered = Show(altered),
            Foreign = Show(drift?.Foreign ?? []),
            ToRemove = Show(toRemove),
            OtherOrganizations = (decision?.FoundAgain.Count ?? 0) - again.Count + (decision?.Altered.Count ?? 0) - altered.Count + (drift?.Missing.Count ?? 0) - missing.Count,
            ListedAt = found.ListedAt,
            ListError = found.Fault?.Message,
        };
    }

    private static string Words(Comparison found, int missing, int toRemove)
    {
        if (found.Drift is null)
            return $"It could not be compared with what should stand there. {found.Fault?.Message}";
        if (found.Decision!.Words is { } why)
            return why;
        return missing + toRemove == 0 ? "What stands there is what sessions and static rules want." : $"{missing} rule(s) are missing and {toRemove} are to be removed.";
    }

    private static IReadOnlyList<DriftedRule> Show(IEnumerable<ObservedRule> entries) => [.. entries.Select(e => Show(e.Rule, e.Id))];

    private static DriftedRule Show(RuleKey rule, string? id) => new() { Rule = rule.Scope.ToString(), Address = rule.Address.ToString(), ProviderRuleId = id };
}
