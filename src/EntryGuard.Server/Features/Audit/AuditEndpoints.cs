using EntryGuard.Server.Hosting;

namespace EntryGuard.Server.Features.Audit;

/// <summary>What happened.</summary>
public static class AuditEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        var audit = api.MapGroup("/audit-logs").WithTags("Audit").RequireAdmin().RequireScope(ApiScopes.AuditRead);
        audit.MapGet("", ListAudit.Handle).WithName("ListAuditLogs").WithSummary("What happened, newest first");
        audit.MapGet("/export", ExportAudit.Handle).WithName("ExportAuditLogs").WithSummary("All that happened, oldest first, as CSV or JSON lines").OpenedByLink();
    }
}
