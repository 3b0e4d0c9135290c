using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Domain.Sessions;
using EntryGuard.Server.Data;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.StaticRules;

/// <summary><c>GET /static-ip-rules</c>: newest first, a page at a time.</summary>
public static class ListStaticRules
{
    public static async Task<Results<Page<StaticRuleResponse>, RefusalResult>> Handle(
        [AsParameters] ListStaticRulesQuery query, EntryGuardDb db, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentNullException.ThrowIfNull(db);
        var errors = new Dictionary<string, string>();
        var statuses = RequestFields.Statuses(query.Status, errors);
        var resource = RequestFields.Id("resourceId", query.ResourceId, errors);
        var (limit, after) = Cursor.Read(query.Limit, query.Cursor, errors);
        if (errors.Count > 0)
            return new RefusalResult(Refusal.Validation(errors));

        var rules = db.StaticRules.AsNoTracking();
        if (query.Ended != true)
            rules = rules.Where(s => s.EndedAt == null);
        if (statuses.Count > 0)
            rules = rules.Where(s => statuses.Contains(s.Status));
        if (resource is { } id)
        {
            var named = new ResourceId(id);
            rules = rules.Where(s => s.ResourceIps.Any(c => c.ResourceId == named
                && (c.EndReason == null || (c.EndReason != EndReason.Superseded && c.EndReason != EndReason.Manual) || c.DueAt != null)));
        }

        if (after is { } cursor)
        {
            var last = new SessionId(cursor.Id);   // ids of version 7 are in the order of making
            rules = rules.Where(s => s.Id.CompareTo(last) < 0);
        }

        await using var read = await db.BeginReadAsync(ct);
        var rows = await rules.OrderByDescending(s => s.Id).Take(limit + 1).Select(StaticRuleView.Projection(db)).AsSplitQuery().ToListAsync(ct);
        return Page<StaticRuleResponse>.Of(rows, limit, r => new Cursor(r.Rule.StartedAt, r.Rule.Id.Value), r => r.ToResponse());
    }
}

/// <summary>What to list.</summary>
/// <param name="Status">Only these; repeated or comma separated.</param>
/// <param name="ResourceId">Only those that name this Resource, or are being closed on it.</param>
/// <param name="Ended">True: those that have ended as well, until they are pruned.</param>
/// <param name="Limit">Most rows; 50 unless given, 200 at most.</param>
/// <param name="Cursor">From <c>X-Next-Cursor</c> of the page before.</param>
public sealed record ListStaticRulesQuery(
    [FromQuery(Name = "status")] string[]? Status, [FromQuery(Name = "resourceId")] string? ResourceId, [FromQuery(Name = "ended")] bool? Ended,
    [FromQuery(Name = "limit")] int? Limit, [FromQuery(Name = "cursor")] string? Cursor);
