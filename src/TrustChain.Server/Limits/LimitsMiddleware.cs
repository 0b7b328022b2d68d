using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Timeouts;
using TrustChain.Core.Signing;
using TrustChain.Server.Devices;
using TrustChain.Server.Hosting;

namespace TrustChain.Server.Limits;

/// <summary>
/// Before an API key is looked up or a password checked: an address that has guessed wrong too often is not asked again for a while, unless it sends a header that was
/// good.
/// </summary>
internal sealed class GuessMiddleware(RequestDelegate next, RateLimits limits, LimitsMetrics metrics)
{
    public async Task InvokeAsync(HttpContext context)
    {
        var hasHeader = context.Request.Headers.Authorization.Count > 0;
        if (!(hasHeader || RouteKinds.Of(context) == RouteKind.Account) || limits.IsExempt(context))
        {
            await next(context);
            return;
        }
        if (limits.CheckGuesses(context) is { } wait)
        {
            metrics.Refused("failed-authentication");
            await Refusals.TooManyAsync(context, "address", wait);
            return;
        }
        await next(context);
        if (Caller.Of(context) != Caller.Anonymous)
        {
            if (hasHeader)
            {
                limits.Remember(context);
            }
        }
        else if (context.Response.StatusCode == StatusCodes.Status401Unauthorized)
        {
            limits.ChargeGuess(context);
        }
    }
}

/// <summary>Once it is known who asks, and before a body is read or a signature checked: rates, compressed bodies, places and back-pressure.</summary>
internal sealed class LimitsMiddleware(RequestDelegate next, RateLimits limits, Places places, CapturePressure pressure, LimitsMetrics metrics)
{
    private const double BytesPerToken = 1024;

    /// <summary>Longest form of the account's pages.</summary>
    private const int MaxFormBytes = 256 << 10;

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    public async Task InvokeAsync(HttpContext context)
    {
        var request = context.Request;
        var kind = RouteKinds.Of(context);
        if (request.Headers.ContentEncoding.Count > 0 && !request.Headers.ContentEncoding.ToString().Equals("identity", StringComparison.OrdinalIgnoreCase))
        {
            await Refusals.EncodedAsync(context);
            return;
        }
        if (kind == RouteKind.Account && context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = MaxFormBytes;
        }
        // No URI, name or text that is stored can hold it. EPCIS routes say so themselves, by parameter.
        if (request.QueryString.Value?.Contains("%00", StringComparison.Ordinal) is true && !request.Path.StartsWithSegments("/epcis", StringComparison.Ordinal))
        {
            await Problems.InvalidRequest("The query holds a NUL character.").ExecuteAsync(context);
            return;
        }
        if (limits.IsExempt(context))
        {
            await RunAsync(context, kind);
            return;
        }
        var organisation = Caller.Of(context).Organisation?.Id;
        var cost = RouteKinds.CostOf(kind) + Math.Ceiling((request.ContentLength ?? 0) / BytesPerToken);
        if (limits.Take(context, organisation, cost) is var (wait, limit))
        {
            metrics.Refused(limit);
            await Refusals.TooManyAsync(context, limit, wait);
            return;
        }
        if (request.ContentLength is null && context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody is true && !context.WebSockets.IsWebSocketRequest)
        {
            var body = new CountedBody(request.Body);
            request.Body = body;
            try
            {
                await RunAsync(context, kind);
            }
            finally
            {
                limits.Charge(context, organisation, Math.Ceiling(body.Count / BytesPerToken));
            }
            return;
        }
        await RunAsync(context, kind);
    }

    private async Task RunAsync(HttpContext context, RouteKind kind)
    {
        if (context.WebSockets.IsWebSocketRequest)
        {
            context.Features.Get<IHttpRequestTimeoutFeature>()?.DisableTimeout(); // It has limits of its own.
            await next(context);
        }
        else if (kind is RouteKind.Capture or RouteKind.CaptureBatch)
        {
            if (pressure.Enter(context.Request.ContentLength, kind == RouteKind.Capture ? Statement.MaxBytes : TelemetryEndpoints.MaxBytes, out var held) is { } limit)
            {
                metrics.Refused(limit);
                await Refusals.BusyAsync(context, Soon);
                return;
            }
            try
            {
                await next(context);
            }
            finally
            {
                pressure.Leave(held);
            }
        }
        else if (places.Of(kind) is { } limiter)
        {
            using var lease = await limiter.AcquireAsync(1, context.RequestAborted);
            if (!lease.IsAcquired)
            {
                metrics.Refused("places");
                await Refusals.BusyAsync(context, Soon);
                return;
            }
            await next(context);
        }
        else
        {
            await next(context);
        }
    }
}
