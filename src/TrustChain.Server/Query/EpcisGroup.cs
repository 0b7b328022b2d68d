using System.Xml;
using System.Xml.Linq;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Net.Http.Headers;
using TrustChain.Server.Hosting;

namespace TrustChain.Server.Query;

/// <summary>What every EPCIS route has in common: the <c>GS1-*</c> headers of answers, the limit of the URL, and OPTIONS.</summary>
internal static class EpcisGroup
{
    /// <summary>Vendor's version, as <c>GS1-Vendor-Version</c> tells it.</summary>
    public static string VendorVersion { get; } = $"TrustChain {typeof(EpcisGroup).Assembly.GetName().Version?.ToString(3)}";

    /// <summary>A group under <c>/epcis</c>.</summary>
    public static RouteGroupBuilder MapEpcis(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/epcis").WithTags("EPCIS");
        group.AddEndpointFilter(static async (context, next) =>
        {
            SetHeaders(context.HttpContext.Response.Headers);
            if (TargetOf(context.HttpContext).Length > EpcisRequest.MaxTarget)
            {
                return Problems.Create(
                    414, ProblemCodes.UriTooLong, $"Path and query are longer than {EpcisRequest.MaxTarget} characters; send a long query with POST /epcis/queries.", "URITooLongException");
            }
            var result = await next(context);
            return result is ProblemHttpResult problem ? InFormOf(context.HttpContext.Request, problem) : result;
        });
        return group;
    }

    /// <summary>A problem as a client of EPCIS routes reads it: XML if that is what it asks for.</summary>
    public static IResult InFormOf(HttpRequest request, IResult problem) =>
        problem is ProblemHttpResult { ProblemDetails: var details } && request.Path.StartsWithSegments("/epcis", StringComparison.Ordinal) && WantsXml(request) ? new XmlProblem(details) : problem;

    /// <summary>Answers OPTIONS of a route with what it can do.</summary>
    /// <param name="group">The group.</param>
    /// <param name="pattern">The route.</param>
    /// <param name="allow">Its methods, OPTIONS included.</param>
    /// <param name="headers">Further headers.</param>
    public static void MapDiscovery(this RouteGroupBuilder group, string pattern, string allow, params (string Name, string Value)[] headers) =>
        group.MapMethods(pattern, ["OPTIONS"], (HttpContext context) => Discover(context, allow, headers)).WithSummary("What this resource can do.");

    /// <summary>The answer to OPTIONS.</summary>
    public static IResult Discover(HttpContext context, string allow, params (string Name, string Value)[] headers)
    {
        var answer = context.Response.Headers;
        answer.Allow = allow;
        answer["GS1-EPCIS-Min"] = EpcisVersions.EpcisMin;
        answer["GS1-EPCIS-Max"] = EpcisVersions.Epcis;
        answer["GS1-CBV-Min"] = EpcisVersions.CbvMin;
        answer["GS1-CBV-Max"] = EpcisVersions.Cbv;
        answer["GS1-EPC-Format"] = "No_Preference, Always_GS1_Digital_Link, Always_EPC_URN, Never_Translates";
        answer["GS1-CBV-XML-Format"] = "No_Preference, Always_Web_URI, Always_URN, Never_Translates";
        answer["GS1-Vendor-Version"] = VendorVersion;
        foreach (var (name, value) in headers)
        {
            answer[name] = value;
        }
        return Results.NoContent();
    }

    /// <summary>A segment of the path as the client meant it: unescaped exactly once, which routing does not do for slashes.</summary>
    /// <param name="context">The request.</param>
    /// <param name="index">From 0 for <c>epcis</c>.</param>
    public static string Segment(HttpContext context, int index)
    {
        var segments = PathOf(context).TrimStart('/').Split('/');
        return index < segments.Length ? Uri.UnescapeDataString(segments[index]) : "";
    }

    /// <summary>The path as the client escaped it.</summary>
    public static string PathOf(HttpContext context)
    {
        var target = TargetOf(context);
        var end = target.IndexOf('?', StringComparison.Ordinal);
        return end < 0 ? target : target[..end];
    }

    private static bool WantsXml(HttpRequest request)
    {
        if (request.Headers.Accept.Count == 0 || !MediaTypeHeaderValue.TryParseList(request.Headers.Accept, out var accepted))
        {
            return false;
        }
        var best = accepted.OrderByDescending(static a => a.Quality ?? 1).First().MediaType.Value;
        return best is "application/xml" or "text/xml" or "application/problem+xml";
    }

    /// <summary>A problem in XML (RFC 9457 appendix B), for clients that read nothing else.</summary>
    private sealed class XmlProblem(ProblemDetails problem) : IResult
    {
        private static readonly XNamespace Problem = "urn:ietf:rfc:7807";

        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.StatusCode = problem.Status ?? 500;
            httpContext.Response.ContentType = "application/problem+xml; charset=utf-8";
            // Control characters, which no XML can have, may stand in what a problem quotes.
            var detail = string.Concat((problem.Detail ?? "").Select(static c => XmlConvert.IsXmlChar(c) || char.IsSurrogate(c) ? c : '\uFFFD'));
            var xml = new XElement(
                Problem + "problem",
                new XElement(Problem + "type", problem.Type),
                new XElement(Problem + "title", problem.Title),
                new XElement(Problem + "status", problem.Status),
                new XElement(Problem + "detail", detail),
                new XElement(Problem + "code", problem.Extensions.TryGetValue("code", out var code) ? code : null));
            return httpContext.Response.WriteAsync(xml.ToString(SaveOptions.DisableFormatting), httpContext.RequestAborted);
        }
    }

    private static string TargetOf(HttpContext context) =>
        context.Features.Get<IHttpRequestFeature>()?.RawTarget is { Length: > 0 } raw && raw[0] == '/' ? raw : context.Request.Path.ToUriComponent() + context.Request.QueryString;

    private static void SetHeaders(IHeaderDictionary headers)
    {
        headers["GS1-EPCIS-Version"] = EpcisVersions.Epcis;
        headers["GS1-CBV-Version"] = EpcisVersions.Cbv;
    }
}
