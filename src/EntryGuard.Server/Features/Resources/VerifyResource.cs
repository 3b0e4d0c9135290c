using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;

namespace EntryGuard.Server.Features.Resources;

/// <summary><c>POST /resources/{id}/verify</c>: 200 whatever was found; that the check ran is the success.</summary>
public static class VerifyResource
{
    public static async Task<Results<Ok<VerifyResponse>, RefusalResult>> Handle(
        Guid id, EntryGuardDb db, Caller caller, Verification verification, HttpResponse response, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(verification);
        var resourceId = new ResourceId(id);
        if (await GetResource.FindAsync(db, resourceId, response, ct) is null)   // verification sees all tenants, the caller does not
            return new RefusalResult(GetResource.NotFound);
        var report = await verification.VerifyAsync(resourceId, caller.Actor, ct);
        if (report is null || await GetResource.FindAsync(db, resourceId, response, ct) is not { } resource)
            return new RefusalResult(GetResource.NotFound);
        return TypedResults.Ok(new VerifyResponse
        {
            IsValid = report.IsValid,
            Outcome = Names.Wire(report.Outcome),
            Message = report.Message,
            Warnings = report.Warnings,
            Resource = resource,
        });
    }
}
