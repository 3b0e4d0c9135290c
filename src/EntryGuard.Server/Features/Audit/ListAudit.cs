using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.Audit;

/// <summary><c>GET /audit-logs</c>: newest first; by page number, or by cursor, which new rows do not shift.</summary>
public static class ListAudit
{
    private const int DefaultSize = 20;
    private const int MostRows = 200;

    // Rows that the database walks over to reach a page by its number; further back the cursor goes without walking.
    private const int DeepestRow = 100_000;

    public static async Task<Results<Ok<AuditPage>, RefusalResult>> Handle(
        [AsParameters] AuditFilter filter, [AsParameters] ListAuditQuery query, EntryGuardDb db, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(filter);
        ArgumentNullException.ThrowIfNull(query);
        ArgumentNullException.ThrowIfNull(db);
        var errors = new Dictionary<string, string>();
        var rows = filter.Of(db.Audit.AsNoTracking(), errors);
        var (page, size) = Paging(query, errors);
        var before = AuditCursor.Read(query.Cursor, errors);
        if (errors.Count > 0)
            return new RefusalResult(Refusal.Validation(errors));

        await using var read = await db.BeginReadAsync(ct);
        var organization = await db.Organizations.Select(o => o.Name).SingleAsync(ct);
        var total = await rows.LongCountAsync(ct);
        if (before is { } cursor)
            rows = rows.Where(a => a.Id < cursor);
        var found = await rows.OrderByDescending(a => a.Id).Skip(page * size).Take(size + 1).ToListAsync(ct);
        var content = found.Take(size).Select(a => AuditView.ToResponse(a, organization)).ToList();
        return TypedResults.Ok(new AuditPage
        {
            Content = content,
            TotalElements = total,
            TotalPages = (int)((total + size - 1) / size),
            Number = page,
            Size = size,
            NextCursor = found.Count > size ? AuditCursor.Of(content[^1].Id) : null,
        });
    }

    private static (int Page, int Size) Paging(ListAuditQuery query, Dictionary<string, string> errors)
    {
        var (page, size) = (query.Page ?? 0, query.Size ?? DefaultSize);
        if (size is < 1 or > MostRows)
            errors["size"] = $"must be a number from 1 to {MostRows}";
        else if (page < 0)
            errors["page"] = "must be a number from 0";
        else if ((long)page * size > DeepestRow)
            errors["page"] = $"is more than {DeepestRow} rows back; go on by nextCursor, or narrow from and to";
        if (page > 0 && query.Cursor is not null)
            errors["page"] = "is given beside cursor; give one of the two";
        return (page, size);
    }
}

/// <summary>Which page.</summary>
/// <param name="Page">From 0.</param>
/// <param name="Size">Most rows; 20 unless given, 200 at most.</param>
/// <param name="Cursor">From <c>nextCursor</c> of the page before; instead of a page.</param>
public sealed record ListAuditQuery([FromQuery(Name = "page")] int? Page, [FromQuery(Name = "size")] int? Size, [FromQuery(Name = "cursor")] string? Cursor);
