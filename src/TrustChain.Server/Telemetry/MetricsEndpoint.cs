using Microsoft.Extensions.Options;
using TrustChain.Core.Query;
using TrustChain.Server.Hosting;

namespace TrustChain.Server.Telemetry;

/// <summary>Serves <c>/metrics</c> to those who may see it; to others there is no such thing.</summary>
internal static class MetricsEndpoint
{
    /// <summary>What a proxy adds to a request it passes on, or what is left when the server took the client's address from it.</summary>
    private static readonly string[] ProxyHeaders = ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via", "X-Original-For"];

    public static void MapMetrics(this IEndpointRouteBuilder app) => app.MapGet("/metrics", Get).ExcludeFromDescription();

    private static IResult Get(HttpContext context, PrometheusText metrics, IOptions<TelemetryOptions> options)
    {
        var settings = options.Value;
        if ((settings.MetricsPort is { } port && context.Connection.LocalPort != port) || (settings.MetricsAccess == MetricsAccess.Private && !IsNear(context)))
        {
            return Problems.NotFound("page");
        }
        context.Response.Headers.CacheControl = "no-store";
        return Results.Text(metrics.Write(), PrometheusText.ContentType);
    }

    /// <summary>
    /// Whether the request comes from this machine or a private network by itself. One that a proxy brings has the proxy's address, which is near, but
    /// may come from anywhere.
    /// </summary>
    private static bool IsNear(HttpContext context) =>
        context.Connection.RemoteIpAddress is { } address && !DestinationRules.IsPublic(address) && !ProxyHeaders.Any(context.Request.Headers.ContainsKey);
}
