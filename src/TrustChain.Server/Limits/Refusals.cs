using System.Globalization;
using TrustChain.Server.Hosting;
using TrustChain.Server.Query;

namespace TrustChain.Server.Limits;

/// <summary>Answers of limits, in the form that a route's clients read.</summary>
internal static class Refusals
{
    /// <summary>429: the sender goes on too fast.</summary>
    public static Task TooManyAsync(HttpContext context, string limit, TimeSpan wait) => WriteAsync(
        context, StatusCodes.Status429TooManyRequests, ProblemCodes.TooManyRequests, $"Too much from this {limit}; wait as long as Retry-After says.", wait);

    /// <summary>503: the server has enough to do.</summary>
    public static Task BusyAsync(HttpContext context, TimeSpan wait) => WriteAsync(
        context, StatusCodes.Status503ServiceUnavailable, ProblemCodes.Busy, "More arrives than can be done just now; please try again.", wait);

    /// <summary>504: it took too long.</summary>
    public static Task TimeoutAsync(HttpContext context) => WriteAsync(
        context, StatusCodes.Status504GatewayTimeout, ProblemCodes.Timeout, "This took longer than requests may; please try again.", TimeSpan.FromSeconds(5));

    /// <summary>415: a compressed body. None is taken anywhere, so none can grow.</summary>
    public static Task EncodedAsync(HttpContext context) => WriteAsync(
        context, StatusCodes.Status415UnsupportedMediaType, ProblemCodes.UnsupportedMediaType, "Compressed bodies are not taken.", null, "UnsupportedMediaTypeException");

    private static Task WriteAsync(HttpContext context, int status, string code, string detail, TimeSpan? wait, string exception = "ImplementationException")
    {
        if (wait is { } time)
        {
            context.Response.Headers.RetryAfter = Math.Clamp((long)Math.Ceiling(time.TotalSeconds), 1, 3600).ToString(CultureInfo.InvariantCulture);
        }
        var isEpcis = context.Request.Path.StartsWithSegments("/epcis", StringComparison.Ordinal);
        return OldClients.WriteAsync(context, context.GetEndpoint(), EpcisGroup.InFormOf(context.Request, Problems.Create(status, code, detail, isEpcis ? exception : null)));
    }
}
