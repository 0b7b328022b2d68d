using System.Diagnostics;
using Microsoft.AspNetCore.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace TrustChain.Server.Telemetry;

/// <summary>Sends traces and metrics to an OpenTelemetry collector, if one is named. Otherwise nothing of this is there.</summary>
internal static class OtlpExtensions
{
    private static readonly string[] Methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"];

    public static void AddOtlp(this IServiceCollection services, TelemetryOptions options)
    {
        if (!Uri.TryCreate(options.OtlpEndpoint.TrimEnd('/') + "/", UriKind.Absolute, out var endpoint) || options.OtlpEndpoint.Length == 0)
        {
            return; // Not wanted; what is no address stops the start when the options are validated.
        }
        services.AddOpenTelemetry()
            .ConfigureResource(static resource => resource.AddService("trustchain-server", serviceVersion: PrometheusText.Version))
            .WithTracing(tracing => tracing
                .SetSampler(new TraceSampler(options.TraceRatio))
                .AddSource(Tracing.SourceName, SpanFilter.WebServer, SpanFilter.HttpClient, SpanFilter.Database)
                .AddProcessor(new SpanFilter())
                .AddOtlpExporter(exporter => Configure(exporter, new Uri(endpoint, "v1/traces"))))
            .WithMetrics(metrics => metrics
                .AddMeter("TrustChain.*", "Microsoft.AspNetCore.Hosting", "Npgsql", "System.Runtime")
                .AddOtlpExporter((exporter, reader) =>
                {
                    Configure(exporter, new Uri(endpoint, "v1/metrics"));
                    reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds = (int)options.MetricsInterval.TotalMilliseconds;
                }));
    }

    /// <summary>Gives a request's span method, status and route, the last of which is known only once routing is done. The path and the query stay out of it.</summary>
    public static void UseOtlp(this WebApplication app)
    {
        if (app.Services.GetService<TracerProvider>() is null)
        {
            return;
        }
        app.Use(static async (context, next) =>
        {
            var span = Activity.Current; // the request's own; what is begun below ends below
            try
            {
                await next(context);
            }
            finally
            {
                if (span is { IsAllDataRequested: true })
                {
                    Describe(span, context);
                }
            }
        });
    }

    private static void Describe(Activity span, HttpContext context)
    {
        var endpoint = context.Features.Get<IExceptionHandlerFeature>()?.Endpoint ?? context.GetEndpoint();
        span.SetTag(SpanFilter.Route, (endpoint as RouteEndpoint)?.RoutePattern.RawText);
        span.SetTag(SpanFilter.Method, Methods.Contains(context.Request.Method) ? context.Request.Method : "_OTHER");
        span.SetTag(SpanFilter.Status, context.Response.StatusCode);
        if (context.Response.StatusCode >= 500)
        {
            span.SetStatus(ActivityStatusCode.Error);
        }
    }

    private static void Configure(OtlpExporterOptions exporter, Uri endpoint)
    {
        exporter.Protocol = OtlpExportProtocol.HttpProtobuf;
        exporter.Endpoint = endpoint;
    }
}
