using EntryGuard.Contracts;
using EntryGuard.Domain.Net;
using EntryGuard.Server.Engine;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace EntryGuard.Server.Hosting;

/// <summary>
/// Metrics for Prometheus at <c>/metrics</c>; metrics, traces and logs by OTLP where the standard <c>OTEL_EXPORTER_OTLP_…</c> variables say
/// so, and nowhere else.
/// </summary>
internal static class Telemetry
{
    /// <summary>Who may read <c>/metrics</c>: addresses and ranges. Default: this machine.</summary>
    public const string ReadersSetting = "EntryGuard:Metrics:From";

    private const string Path = "/metrics";
    private static readonly Cidr[] ThisMachine = [Cidr.Parse("127.0.0.0/8"), Cidr.Parse("::1")];

    public static void AddTelemetry(this WebApplicationBuilder builder)
    {
        var telemetry = builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService("entryguard"))
            .WithMetrics(metrics => metrics
                .AddMeter(EngineMetrics.MeterName, NodeMetrics.MeterName, "EntryGuard.Gate")
                .AddMeter("Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "Microsoft.AspNetCore.RateLimiting")
                .AddRuntimeInstrumentation()
                .AddPrometheusExporter(prometheus => prometheus.ScrapeResponseCacheDurationMilliseconds = 0));
        if (!builder.Configuration.AsEnumerable().Any(s => s.Key.StartsWith("OTEL_EXPORTER_OTLP_", StringComparison.Ordinal) && s.Value is { Length: > 0 }))
            return;
        telemetry
            .WithTracing(tracing => tracing.AddSource(EngineTrace.SourceName).AddAspNetCoreInstrumentation())
            .UseOtlpExporter();
    }

    /// <summary>Before the endpoint: who may read, and fresh figures.</summary>
    public static void UseMetricsGuard(this WebApplication app)
    {
        var readers = app.Configuration.GetSection(ReadersSetting).Get<string[]>() is { Length: > 0 } texts ? texts.Select(Cidr.Parse).ToArray() : ThisMachine;
        app.UseWhen(context => context.Request.Path.Equals(Path, StringComparison.OrdinalIgnoreCase), metrics => metrics.Use(async (context, next) =>
        {
            if (!MayRead(context, readers))
            {
                await RefusalResult.WriteAsync(
                    context, StatusCodes.Status403Forbidden, ErrorCodes.Forbidden, $"Metrics are read from configured addresses only; see {ReadersSetting}.");
                return;
            }

            await context.RequestServices.GetRequiredService<NodeMetrics>().RefreshAsync(context.RequestAborted);
            await next(context);
        }));
    }

    public static void MapMetrics(this WebApplication app) => app.MapPrometheusScrapingEndpoint(Path).AllowPublic();

    // A proxy on this machine that nobody configured as one would make the whole world local.
    private static bool MayRead(HttpContext context, Cidr[] readers)
    {
        var client = ClientAddress.Of(context);
        var isForwarded = context.Request.Headers.ContainsKey("X-Forwarded-For") || context.Request.Headers.ContainsKey("Forwarded");
        return readers.Any(r => r.Contains(client)) && (!isForwarded || client != Cidr.Of(context.Connection.RemoteIpAddress!));
    }
}
