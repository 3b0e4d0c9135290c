using EntryGuard.Contracts;
using EntryGuard.Domain.Providers;
using EntryGuard.Server.Data;
using Microsoft.AspNetCore.Http.HttpResults;

namespace EntryGuard.Server.Features.Resources;

/// <summary><c>?dryRun=true</c> of what makes or changes a Resource: read and verified, and nothing is stored.</summary>
internal static class VerifyDraft
{
    /// <summary>What the provider says of a Resource that is not stored so.</summary>
    public static Ok<VerifyPreview> Show(Resource draft, VerifyReport report) => TypedResults.Ok(new VerifyPreview
    {
        IsValid = report.IsValid,
        Outcome = Names.Wire(report.Outcome),
        Message = report.Message,
        Warnings = report.Warnings,
        Rules = [.. draft.Scopes.Select(s => s.ToString())],
        Capacity = [.. (report.Snapshot?.Quotas ?? []).Select(q => new CapacityResponse { IpVersion = q.IpVersion, Used = q.Used, Limit = q.Limit })],
    });
}
