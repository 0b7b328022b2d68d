using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using TrustChain.Postgres.Limits;
using TrustChain.Server.Accounts;
using TrustChain.Server.Hosting;

namespace TrustChain.Server.Limits;

/// <summary>Registers the limits and puts them before the routes.</summary>
internal static class LimitsExtensions
{
    /// <summary>Name of the time limit of routes that take large bodies.</summary>
    public const string Upload = "upload";

    public static void AddLimits(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<LimitsOptions>, LimitsOptionsValidator>();
        services.AddOptionsWithValidateOnStart<LimitsOptions>().BindConfiguration(LimitsOptions.Section);
        services.AddSingleton<ServerStore>();
        services.AddSingleton<LiveServers>();
        services.AddSingleton<RateLimits>();
        services.AddSingleton<Places>();
        services.AddSingleton<CapturePressure>();
        services.AddSingleton<ConnectionLimit>();
        services.AddSingleton<LimitsMetrics>();
        services.AddHostedService<ServerHeartbeat>();
        services.AddRequestTimeouts();
        services.AddOptions<RequestTimeoutOptions>().Configure<IOptions<LimitsOptions>>(static (timeouts, limits) =>
        {
            timeouts.DefaultPolicy = PolicyOf(limits.Value.RequestTimeout);
            timeouts.Policies[Upload] = PolicyOf(limits.Value.UploadTimeout);
        });
        services.AddOptions<KestrelServerOptions>().Configure<IOptions<LimitsOptions>, ConnectionLimit>(static (kestrel, options, connections) =>
        {
            var limits = options.Value;
            kestrel.Limits.MaxConcurrentConnections = limits.MaxConnections;
            kestrel.Limits.MaxConcurrentUpgradedConnections = limits.MaxUpgradedConnections;
            kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(limits.MinBodyBytesPerSecond, TimeSpan.FromSeconds(5));
            kestrel.Limits.RequestHeadersTimeout = limits.HeadersTimeout;
            kestrel.Limits.KeepAliveTimeout = limits.KeepAliveTimeout;
            kestrel.Limits.Http2.MaxStreamsPerConnection = 100;
            kestrel.ConfigureEndpointDefaults(listen => listen.Use(next => connection => connections.RunAsync(connection, next)));
        });
    }

    /// <summary>Around the lookup of the caller: guesses before it, everything else after it, so that what is refused costs as little as can be.</summary>
    public static void UseLimits(this WebApplication app)
    {
        _ = app.Services.GetRequiredService<LimitsMetrics>(); // counts from the start
        app.UseRequestTimeouts();
        app.UseMiddleware<GuessMiddleware>();
        app.UseMiddleware<CallerMiddleware>();
        app.UseMiddleware<LimitsMiddleware>();
        app.UseMiddleware<SecondFactorMiddleware>();
    }

    private static RequestTimeoutPolicy PolicyOf(TimeSpan timeout) => new()
    {
        Timeout = timeout,
        TimeoutStatusCode = StatusCodes.Status504GatewayTimeout,
        WriteTimeoutResponse = Refusals.TimeoutAsync,
    };
}
