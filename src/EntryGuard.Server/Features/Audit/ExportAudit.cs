using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Json;
using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.Audit;

/// <summary>
/// <c>GET /audit-logs/export</c>: everything a filter lets through, as it was when it was asked for, oldest first, as CSV or JSON lines. It is
/// read and sent a thousand rows at a time, so its size costs neither memory nor a long transaction. Exporting is itself written down.
/// </summary>
public static class ExportAudit
{
    public static async Task<Results<AuditFile, RefusalResult>> Handle(
        [AsParameters] AuditFilter filter, string? format, EntryGuardDb db, Caller caller, DatabaseClock clock, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(filter);
        ArgumentNullException.ThrowIfNull(db);
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(clock);
        var errors = new Dictionary<string, string>();
        var rows = filter.Of(db.Audit.AsNoTracking(), errors);
        if (format is not (null or "csv" or "jsonl"))
            errors["format"] = "is unknown; write csv or jsonl";
        if (errors.Count > 0)
            return new RefusalResult(Refusal.Validation(errors));
        await using var work = await db.BeginWriteAsync(WritePriority.Other, ct);
        var (name, last) = (await db.Organizations.Select(o => o.Name).SingleAsync(ct), await rows.MaxAsync(a => (long?)a.Id, ct) ?? 0);
        db.Audit.Add(AuditRow.Of(caller.Organization, caller.Actor, "AUDIT_EXPORT", clock.Now,
            new AuditSubject("ORGANIZATION", caller.Organization.Value.ToString(), name), new { format = format ?? "csv", filter, lastId = last }));
        await work.CommitAsync(ct);
        return new AuditFile(db, rows.Where(a => a.Id <= last), name, format == "jsonl");
    }
}

/// <summary>The answer, written while it is read.</summary>
public sealed class AuditFile(EntryGuardDb db, IQueryable<AuditEntry> rows, string organization, bool isJson) : IResult, IEndpointMetadataProvider
{
    private const int Chunk = 1000;

    private const string Header =
        "id,createdAt,eventType,actorType,actorEmail,actorKey,resourceType,resourceId,resourceName,sessionId,result,ipAddress,errorMessage,details\r\n";

    /// <inheritdoc/>
    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Metadata.Add(new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(string), ["text/csv", "application/x-ndjson"]));
    }

    /// <inheritdoc/>
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        ArgumentNullException.ThrowIfNull(httpContext);
        var (response, ct) = (httpContext.Response, httpContext.RequestAborted);
        response.ContentType = isJson ? "application/x-ndjson" : "text/csv; charset=utf-8";
        response.Headers.ContentDisposition = $"attachment; filename=\"audit.{(isJson ? "jsonl" : "csv")}\"";
        if (!isJson)
            await response.WriteAsync(Header, ct);
        for (var (after, some) = (0L, Chunk); some == Chunk;)
        {
            List<AuditEntry> page;
            await using (await db.BeginReadAsync(ct))
                page = await rows.Where(a => a.Id > after).OrderBy(a => a.Id).Take(Chunk).ToListAsync(ct);
            some = page.Count;
            after = some > 0 ? page[^1].Id : after;
            var text = new StringBuilder();
            foreach (var row in page)
                text.Append(isJson ? JsonSerializer.Serialize(AuditView.ToResponse(row, organization), ContractsJson.Default.AuditEntryResponse) + "\n" : Line(row));
            await response.WriteAsync(text.ToString(), ct);
        }
    }

    private static string Line(AuditEntry row)
    {
        string?[] cells =
        [
            row.Id.ToString(CultureInfo.InvariantCulture), row.CreatedAt.ToString("O", CultureInfo.InvariantCulture), row.EventType, row.ActorType, row.ActorEmail, row.ActorKey,
            row.ResourceType, row.ResourceId, row.ResourceName, row.SessionId?.Value.ToString(), row.Result, row.IpAddress, row.ErrorMessage, row.Details,
        ];
        return string.Join(',', cells.Select(Cell)) + "\r\n";
    }

    // RFC 4180; and what a spreadsheet would take for a formula is kept from being one: names and reasons are anybody's words.
    private static string Cell(string? text)
    {
        if (string.IsNullOrEmpty(text))
            return "";
        if (text[0] is '=' or '+' or '-' or '@' or '\t' or '\r')
            text = $"'{text}";
        return text.AsSpan().ContainsAny(",\"\r\n") ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;
    }
}
