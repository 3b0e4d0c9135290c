using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.StaticRules;

/// <summary><c>GET /static-ip-rules/{id}</c>: also one that has ended, until it is pruned.</summary>
public static class GetStaticRule
{
    internal static Refusal NotFound { get; } = new(ErrorCodes.StaticRuleNotFound, RefusalKind.NotFound, "There is no such static rule.");

    public static async Task<Results<Ok<StaticRuleResponse>, RefusalResult>> Handle(Guid id, EntryGuardDb db, HttpResponse response, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(db);
        await using var read = await db.BeginReadAsync(ct);
        return await ShowAsync(db, new SessionId(id), response, null, ct) is { } found ? TypedResults.Ok(found) : new RefusalResult(NotFound);
    }

    /// <summary>With its ETag in the answer. Inside a transaction of the caller's; null: there is none.</summary>
    internal static async Task<StaticRuleResponse?> ShowAsync(
        EntryGuardDb db, SessionId id, HttpResponse response, IReadOnlyList<NotOpened>? notOpened, CancellationToken ct)
    {
        var row = await db.StaticRules.AsNoTracking().Where(s => s.Id == id).Select(StaticRuleView.Projection(db)).AsSplitQuery().SingleOrDefaultAsync(ct);
        if (row is not null)
            response.Headers.ETag = row.ETag;
        return row?.ToResponse(notOpened);
    }
}
