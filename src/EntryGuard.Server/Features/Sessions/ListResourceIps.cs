using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.Sessions;

/// <summary>
/// <c>GET /resource-ips</c>: whatever is open, being opened or being closed in the organization, whoever's it is, oldest first, a page at a time.
/// With <c>failing=true</c> the closings that fail, by since when they should be gone. Those of static rules only to who may read static rules.
/// </summary>
public static class ListResourceIps
{
    public static async Task<Results<Page<ResourceIpResponse>, RefusalResult>> Handle(
        [AsParameters] ListResourceIpsQuery query, EntryGuardDb db, Caller caller, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentNullException.ThrowIfNull(db);
        ArgumentNullException.ThrowIfNull(caller);
        var errors = new Dictionary<string, string>();
        var resource = RequestFields.Id("resourceId", query.ResourceId, errors);
        var (limit, after) = Cursor.Read(query.Limit, query.Cursor, errors);
        if (errors.Count > 0)
            return new RefusalResult(Refusal.Validation(errors));

        var claims = query.Failing == true ? HealthLedger.Failing(db) : db.ResourceIps.Where(c => c.DueAt != null);
        if (resource is { } only)
            claims = claims.Where(c => c.ResourceId == new ResourceId(only));
        if (!ApiScopes.Allow(caller.Scopes, ApiScopes.StaticRulesRead))
            claims = claims.Where(c => c.Session!.Kind != OwnerKind.StaticRule);
        await using var read = await db.BeginReadAsync(ct);
        var rows = await Sorted(claims, query.Failing == true, after).AsNoTracking().Take(limit + 1).Select(OwnedResourceIps.Projection).ToListAsync(ct);
        return Page<ResourceIpResponse>.Of(rows, limit, r => At(r.Shown.Claim, query.Failing == true), r => r.ToResponse());
    }

    private static IQueryable<ResourceIp> Sorted(IQueryable<ResourceIp> claims, bool isFailing, Cursor? after)
    {
        var (at, last) = (after?.At, new ResourceIpId(after?.Id ?? default));
        if (isFailing)
        {
            return (at is null ? claims : claims.Where(c => (c.EndingAt ?? c.FirstAttemptAt ?? c.CreatedAt) > at
                || ((c.EndingAt ?? c.FirstAttemptAt ?? c.CreatedAt) == at && c.Id.CompareTo(last) > 0))).OldestFirst();
        }

        return (at is null ? claims : claims.Where(c => c.Id.CompareTo(last) > 0)).OrderBy(c => c.Id);   // ids of version 7 are in the order of making
    }

    private static Cursor At(ResourceIp claim, bool isFailing) =>
        new(isFailing ? claim.EndingAt ?? claim.FirstAttemptAt ?? claim.CreatedAt : claim.CreatedAt, claim.Id.Value);
}

/// <summary>What to list.</summary>
/// <param name="Failing">
/// True: only those whose rules should be gone and may stand, where the last try to remove them went wrong or the closing is overdue. Else all that
/// are open, being opened or being closed; what is over, and an opening that was given up, is not among them.
/// </param>
/// <param name="ResourceId">Only those on this Resource.</param>
/// <param name="Limit">Most rows; 50 unless given, 200 at most.</param>
/// <param name="Cursor">From <c>X-Next-Cursor</c> of the page before.</param>
public sealed record ListResourceIpsQuery(
    [FromQuery(Name = "failing")] bool? Failing, [FromQuery(Name = "resourceId")] string? ResourceId, [FromQuery(Name = "limit")] int? Limit,
    [FromQuery(Name = "cursor")] string? Cursor);
