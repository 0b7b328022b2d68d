using Microsoft.Extensions.Options;
using TrustChain.Postgres.Log;
using TrustChain.Server.Anchoring;
using TrustChain.Server.Capture;
using TrustChain.Server.Hosting;
using TrustChain.Server.Log;
using TrustChain.Server.Standby;
using TrustChain.Server.Subscriptions;
using TrustChain.Server.Verification;
using TrustChain.Server.Witness;

namespace TrustChain.Server.Telemetry;

/// <summary>Registers what an operator sees of a server: metrics, traces, readiness, the page.</summary>
internal static class TelemetryExtensions
{
    public static void AddTelemetry(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddSingleton<IValidateOptions<TelemetryOptions>, TelemetryOptionsValidator>();
        services.AddOptionsWithValidateOnStart<TelemetryOptions>().BindConfiguration(TelemetryOptions.Section);
        services.AddSingleton<PrometheusText>();
        services.AddSingleton<ServerState>();
        services.AddSingleton<ServerMetrics>();
        services.AddSingleton<LogWatchStore>();
        services.AddSingleton<StatusViews>();
        services.AddHostedService<StateWatch>();
        services.AddHealthChecks()
            .AddCheck<DatabaseCheck>("database", tags: [ReadinessChecks.Tag])
            .AddCheck<LogCheck>("log", tags: [ReadinessChecks.Tag])
            .AddCheck<AnchoringCheck>("anchoring", tags: [ReadinessChecks.Tag])
            .AddCheck<StandbyCheck>("standby", tags: [ReadinessChecks.Tag])
            .AddCheck<DrainingCheck>("draining", tags: [ReadinessChecks.Tag]);
        services.AddOtlp(builder.Configuration.GetSection(TelemetryOptions.Section).Get<TelemetryOptions>() ?? new TelemetryOptions());
    }

    /// <summary>Makes every instrument before the first request, the listener first: what is counted before anyone listens is lost.</summary>
    public static void UseTelemetry(this WebApplication app)
    {
        _ = app.Services.GetRequiredService<PrometheusText>();
        _ = app.Services.GetRequiredService<ServerMetrics>();
        _ = app.Services.GetRequiredService<CaptureMetrics>();
        _ = app.Services.GetRequiredService<LogMetrics>();
        _ = app.Services.GetRequiredService<WitnessMetrics>();
        _ = app.Services.GetRequiredService<AnchorMetrics>();
        _ = app.Services.GetRequiredService<EvidenceMetrics>();
        _ = app.Services.GetRequiredService<SubscriptionMetrics>();
        _ = app.Services.GetRequiredService<StandbyMetrics>();
        app.UseOtlp();
    }

    public static void MapTelemetry(this WebApplication app)
    {
        app.MapReadiness();
        app.MapMetrics();
        app.MapStatus();
    }
}
