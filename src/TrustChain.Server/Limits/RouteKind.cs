using System.Collections.Concurrent;

namespace TrustChain.Server.Limits;

/// <summary>What a request asks of the server.</summary>
internal enum RouteKind
{
    /// <summary>A row or a file: cheap.</summary>
    Plain,

    /// <summary>Bundles, proofs and traces.</summary>
    Evidence,

    /// <summary>A search, or a list.</summary>
    Query,

    /// <summary>A page for people.</summary>
    Page,

    /// <summary>A QR code.</summary>
    Label,

    /// <summary>A document taken in.</summary>
    Upload,

    /// <summary>Events taken in.</summary>
    Capture,

    /// <summary>Many statements of devices in one body, which is in memory as a whole.</summary>
    CaptureBatch,

    /// <summary>A form of the account's pages: passwords are made slow to check on purpose.</summary>
    Account,
}

/// <summary>Tells the kinds of routes apart by their patterns, so that a new route of a kind cannot be forgotten.</summary>
internal static class RouteKinds
{
    private static readonly ConcurrentDictionary<Endpoint, RouteKind> Known = new();

    /// <summary>The kind of the route that a request was matched to; plain where there is none.</summary>
    public static RouteKind Of(HttpContext context) =>
        context.GetEndpoint() is { } endpoint ? Known.GetOrAdd(endpoint, static e => Of((e as RouteEndpoint)?.RoutePattern.RawText ?? "", MethodsOf(e))) : RouteKind.Plain;

    /// <summary>The kind of a pattern with its methods.</summary>
    public static RouteKind Of(string pattern, IReadOnlyList<string> methods)
    {
        var path = "/" + pattern.Trim('/');
        var takesPost = methods.Contains("POST");
        return path switch
        {
            "/epcis/capture" or "/epcis/events" when takesPost => RouteKind.Capture,
            "/api/devices/statements" when takesPost => RouteKind.CaptureBatch,
            "/api/documents" or "/api/devices/imports" or "/api/devices/{id}/imports" when takesPost => RouteKind.Upload,
            _ when takesPost && (path == "/account" || path.StartsWith("/account/", StringComparison.Ordinal)) => RouteKind.Account,
            "/evidence" or "/log/inclusion" or "/log/consistency" or "/api/devices/{id}/evidence" => RouteKind.Evidence,
            "/api/devices/{id}/history" or "/api/devices/{id}/verdicts" or "/api/devices/{id}/readings" or "/api/devices/{id}/statements" => RouteKind.Query,
            "/api/qr" => RouteKind.Label,
            "/" or "/item" or "/anchors" or "/status" or "/devices/{id}" => RouteKind.Page,
            _ when path == "/account" || path.StartsWith("/account/", StringComparison.Ordinal) => RouteKind.Page,
            _ when methods.Contains("OPTIONS") => RouteKind.Plain,
            _ when path.StartsWith("/epcis/capture", StringComparison.Ordinal) => RouteKind.Plain,
            _ when path.StartsWith("/epcis/", StringComparison.Ordinal) && (methods.Contains("GET") || path == "/epcis/soap") => RouteKind.Query,
            // The paths of GS1 Digital Link.
            _ when path.EndsWith("/{**rest}", StringComparison.Ordinal) => RouteKind.Page,
            _ => RouteKind.Plain,
        };
    }

    /// <summary>Tokens that a request of a kind takes beside those for its body: about in proportion to the processor time that each takes.</summary>
    public static int CostOf(RouteKind kind) => kind switch
    {
        RouteKind.Account => 20,
        RouteKind.Evidence or RouteKind.Query => 10,
        RouteKind.Page or RouteKind.Label => 5,
        _ => 1,
    };

    private static IReadOnlyList<string> MethodsOf(Endpoint endpoint) => endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? [];
}
