using EntryGuard.Server.Hosting;

namespace EntryGuard.Server.Features.Audit;

/// <summary>What happened.</summary>
public static class AuditEndpoints
{
    public static void Map(RouteGroupBuilder api) =>
        api.MapGet("/audit-logs", ListAudit.Handle).WithTags("Audit").WithName("ListAuditLogs").WithSummary("What happened, newest first")
            .RequireAdmin().RequireScope(ApiScopes.AuditRead);
}
