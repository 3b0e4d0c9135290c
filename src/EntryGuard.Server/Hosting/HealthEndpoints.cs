using EntryGuard.Server.Engine;
using Microsoft.AspNetCore.Http.HttpResults;

namespace EntryGuard.Server.Hosting;

/// <summary>For load balancers, service managers and monitors. Public: they say nothing about any tenant, and no secret.</summary>
internal static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder app)
    {
        var health = app.MapGroup("/health").AllowPublic().ExcludeFromDescription();
        health.MapGet("/live", () => Answer(true, new { status = "live" }));
        health.MapGet("/ready", async (Readiness readiness, CancellationToken ct) =>
        {
            var state = await readiness.LookAsync(ct);
            return Answer(state.IsReady, new { status = state.IsReady ? "ready" : "not ready", reasons = state.Reasons, warnings = state.Warnings });
        });
        health.MapGet("/closing", async (OverdueClosings overdue, DatabaseClock clock, CancellationToken ct) =>
        {
            var (count, since) = await overdue.CountAsync(ct);
            var age = since is { } at ? (long)Math.Max(0, (clock.Now - at).TotalSeconds) : (long?)null;
            return Answer(count == 0, new
            {
                status = count == 0 ? "nothing overdue" : "overdue",
                overdue = count,
                oldestSeconds = age,
                reasons = count == 0 ? [] : new[] { "Addresses that should be closed may still be open. They are tried every 5 minutes; GET /api/v1/resource-ips?failing=true says which and why." },
            });
        });
    }

    private static JsonHttpResult<object> Answer(bool isWell, object body) =>
        TypedResults.Json(body, statusCode: isWell ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
}
