using Microsoft.Extensions.Options;
using TrustChain.Server.Anchoring;

namespace TrustChain.Server.Hosting;

/// <summary>
/// Headers that tell browsers what an answer may do. Every answer gets them, errors too; a handler may set others of the same names. What is not a page may load
/// nothing and be framed nowhere.
/// </summary>
internal static class SecurityHeaders
{
    private const string Nothing = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    /// <summary>A page needs none of them.</summary>
    private const string Permissions =
        "accelerometer=(), browsing-topics=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), serial=(), usb=(), xr-spatial-tracking=()";

    public static void UseSecurityHeaders(this WebApplication app)
    {
        var isHttps = app.Services.GetRequiredService<IOptions<ServerOptions>>().Value.PublicUrl.StartsWith("https:", StringComparison.OrdinalIgnoreCase);
        app.Use((context, next) =>
        {
            // When the answer begins, since an error clears what was set before.
            context.Response.OnStarting(static state => Complete(((HttpContext, bool))state), (context, isHttps));
            return next(context);
        });
    }

    /// <summary>What a page may do: its own scripts and styles, no inline ones, and asking this server and, where it checks anchors, the chain's node.</summary>
    /// <param name="context">The request for the page.</param>
    /// <param name="asksChain">Whether it has the button that asks the node.</param>
    /// <param name="hasForms">Whether it has forms, which are sent to this server.</param>
    public static void SetForPage(HttpContext context, bool asksChain = false, bool hasForms = false)
    {
        var node = "";
        if (asksChain)
        {
            var options = context.RequestServices.GetRequiredService<IOptions<AnchoringOptions>>().Value;
            node = options.RpcUrlForVisitors is { } url ? " " + new Uri(url).GetLeftPart(UriPartial.Authority) : "";
        }
        context.Response.Headers.ContentSecurityPolicy =
            $"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'{node}; form-action {(hasForms ? "'self'" : "'none'")}; base-uri 'none'; frame-ancestors 'none'";
    }

    private static Task Complete((HttpContext Context, bool IsHttps) state)
    {
        var (context, isHttps) = state;
        var headers = context.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        if (headers.ContentSecurityPolicy.Count == 0)
        {
            headers.ContentSecurityPolicy = Nothing;
        }
        if (headers["Referrer-Policy"].Count == 0)
        {
            headers["Referrer-Policy"] = "no-referrer";
        }
        headers["Permissions-Policy"] = Permissions;
        if (context.Request.IsHttps)
        {
            headers["Cross-Origin-Opener-Policy"] = "same-origin"; // Elsewhere browsers leave it aside, and complain.
        }
        if (isHttps && context.Request.IsHttps)
        {
            headers.StrictTransportSecurity = "max-age=31536000";
        }
        // What somebody gets by a key or a session belongs into no shared cache.
        if (headers.CacheControl.Count == 0 && (context.Request.Headers.Authorization.Count > 0 || Caller.Of(context).Organisation is not null))
        {
            headers.CacheControl = "private, no-store";
        }
        return Task.CompletedTask;
    }
}
