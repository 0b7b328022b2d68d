using System.Text;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using TrustChain.Core.Epcis;
using TrustChain.Core.Identifiers;
using TrustChain.Core.Log;
using TrustChain.Core.Query;
using TrustChain.Postgres.Accounts;
using TrustChain.Postgres.Capture;
using TrustChain.Postgres.Partitions;
using TrustChain.Postgres.Query;
using TrustChain.Server.Hosting;
using TrustChain.Server.Partitions;
using TrustChain.Server.Verification;
using TrustChain.Server.Standby;

namespace TrustChain.Server.Query;

/// <summary>Events by query and by the resources they are under (EPCIS 2.0 REST binding).</summary>
internal static class EventEndpoints
{
    public const string SimpleEventQuery = "SimpleEventQuery";

    private static readonly ItemRole[] AnyItem = Enum.GetValues<ItemRole>();

    public static void MapEvents(this IEndpointRouteBuilder app)
    {
        var epcis = app.MapEpcis();
        epcis.MapGet("/events", static (HttpContext context, EventAnswers answers) => answers.QueryAsync(context, SimpleEventQuery, [], [], context.RequestAborted))
            .MayReadStandby().WithName("QueryEvents").WithSummary("Events that match a query; parameters as in the EPCIS query language.");
        epcis.MapGet("/events/{eventID}", GetEventAsync).MayReadStandby().WithName("GetEvent").WithSummary("The event with this eventID, in a query document.");
        epcis.MapGet("/eventTypes/{eventType}/events", static (string eventType, HttpContext context, EventAnswers answers) =>
            answers.QueryAsync(context, SimpleEventQuery, [Implied("eventType", EpcisGroup.Segment(context, 2))], ["eventType"], context.RequestAborted))
            .MayReadStandby().WithName("GetEventsOfType").WithSummary("Events of a type.");
        epcis.MapGet("/epcs/{epc}/events", GetEpcEventsAsync).MayReadStandby().WithName("GetEventsOfEpc").WithSummary("The events that speak of an item.");
        epcis.MapGet("/bizSteps/{bizStep}/events", static (string bizStep, HttpContext context, EventAnswers answers) =>
            answers.QueryAsync(context, SimpleEventQuery, [Implied("EQ_bizStep", EpcisGroup.Segment(context, 2))], ["EQ_bizStep"], context.RequestAborted))
            .MayReadStandby().WithName("GetEventsOfBizStep").WithSummary("Events of a business step.");
        epcis.MapGet("/bizLocations/{bizLocation}/events", static (string bizLocation, HttpContext context, EventAnswers answers) =>
            answers.QueryAsync(context, SimpleEventQuery, [Implied("EQ_bizLocation", EpcisGroup.Segment(context, 2))], ["EQ_bizLocation"], context.RequestAborted))
            .MayReadStandby().WithName("GetEventsOfBizLocation").WithSummary("Events at a business location.");
        epcis.MapGet("/readPoints/{readPoint}/events", static (string readPoint, HttpContext context, EventAnswers answers) =>
            answers.QueryAsync(context, SimpleEventQuery, [Implied("EQ_readPoint", EpcisGroup.Segment(context, 2))], ["EQ_readPoint"], context.RequestAborted))
            .MayReadStandby().WithName("GetEventsOfReadPoint").WithSummary("Events at a read point.");
        epcis.MapGet("/dispositions/{disposition}/events", static (string disposition, HttpContext context, EventAnswers answers) =>
            answers.QueryAsync(context, SimpleEventQuery, [Implied("EQ_disposition", EpcisGroup.Segment(context, 2))], [], context.RequestAborted))
            .MayReadStandby().WithName("GetEventsOfDisposition").WithSummary("Events with a disposition.");
        epcis.MapDelete("/nextPageToken/{token}", DeleteTokenAsync).NeedsRole(OrganisationRole.Viewer).WithName("DeleteNextPageToken").WithSummary("Gives a next page token back before it runs out.");
        foreach (var pattern in (string[])["/events/{eventID}", "/eventTypes/{eventType}/events", "/epcs/{epc}/events", "/bizSteps/{bizStep}/events",
            "/bizLocations/{bizLocation}/events", "/readPoints/{readPoint}/events", "/dispositions/{disposition}/events"])
        {
            epcis.MapDiscovery(pattern, "OPTIONS, GET");
        }
        epcis.MapDiscovery("/events", "OPTIONS, GET, POST");
    }

    private static Task<IResult> GetEpcEventsAsync(string epc, HttpContext context, EventAnswers answers, CancellationToken cancellationToken)
    {
        var text = EpcisGroup.Segment(context, 2);
        var uri = CanonicalDigitalLink.TryCanonicalise(text, out var canonical) ? canonical : Gs1Identifier.TryParse(text, out var id, out _) ? id.DigitalLink : text;
        if (!EpcPattern.TryParse(uri, out var pattern, out var error))
        {
            return Task.FromResult(EpcisRequest.Parameter("epc", error!)); // Set when the answer is false.
        }
        // A class is found in the quantity lists under its own URI, which is no EPC's: so both may be asked for here.
        return answers.QueryAsync(context, SimpleEventQuery, [new ItemCriterion("epc", AnyItem, [pattern])], ["MATCH_anyEPC"], cancellationToken);
    }

    private static async Task<IResult> GetEventAsync(
        string eventID, HttpContext context, EventAnswers answers, EventQueryService queries, RecordStore records, Visibility visibility, ColdStorage cold, CancellationToken cancellationToken)
    {
        var id = EpcisGroup.Segment(context, 2);
        var answer = await answers.QueryAsync(context, SimpleEventQuery, [new IdCriterion("eventID", IdField.EventId, [id])], null, cancellationToken);
        if (answer is not ProblemHttpResult { StatusCode: StatusCodes.Status404NotFound })
        {
            return answer;
        }
        var caller = Caller.Of(context);
        var stored = await records.ListByEventIdAsync(id, await queries.ReaderOfAsync(caller, cancellationToken), 0, 100, 16 << 20, cancellationToken);
        var found = await visibility.FilterAsync(caller, stored.Records, cancellationToken);
        return await cold.FindAsync(found, cancellationToken) is { Count: > 0 } archives ? Problems.InColdStorage(archives) : answer;
    }

    private static async Task<IResult> DeleteTokenAsync(string token, PageTokens tokens, CancellationToken cancellationToken)
    {
        await tokens.RevokeAsync(token, cancellationToken);
        return Results.NoContent();
    }

    private static object Implied(string parameter, string value) => new QueryParameter(parameter, [value], ParameterForm.JsonArray);
}

/// <summary>Runs the query of a request and writes the answer: page, link, tag.</summary>
internal sealed class EventAnswers(EventQueryService queries, EventDocuments documents, PageTokens tokens, PartitionStore partitions, IOptions<ServerOptions> server, TimeProvider time)
{
    /// <summary>Answers a query that the URL carries.</summary>
    /// <param name="context">The request.</param>
    /// <param name="queryName">Name in the answer.</param>
    /// <param name="implied">What the path asks for: parameters or conditions.</param>
    /// <param name="excluded">Parameters that say the same as the path and that the standard's OpenAPI therefore does not have there; null: none may be given, and no event is an error.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<IResult> QueryAsync(HttpContext context, string queryName, IReadOnlyList<object> implied, IReadOnlyList<string>? excluded, CancellationToken cancellationToken)
    {
        var (request, problem) = EpcisRequest.Read(context.Request, offersXml: true);
        if (request is null)
        {
            return problem!; // One of the two is set.
        }
        if (request.Parameters.FirstOrDefault(p => excluded is null || excluded.Contains(p.Name)) is { } twice)
        {
            return EpcisRequest.Parameter(twice.Name, "is not taken here: the address says it already.");
        }
        var parameters = request.Parameters.Concat(implied.OfType<QueryParameter>()).ToList();
        if (EventQueryParser.Parse(parameters, request.Prefixes, out var faults) is not { } query)
        {
            return EpcisRequest.Problem(faults);
        }
        query = query.With([.. implied.OfType<EventCriterion>(), .. query.Criteria], query.AttributeConditions);
        return await AnswerAsync(context, request, query, queryName, EventQuery.ComputeFingerprint([.. parameters, PathOf(context)]), mustExist: excluded is null, cancellationToken);
    }

    /// <summary>Answers a query that was read before.</summary>
    public async Task<IResult> AnswerAsync(
        HttpContext context, EpcisRequest request, EventQuery query, string queryName, Hash32 fingerprint, bool mustExist, CancellationToken cancellationToken)
    {
        var caller = Caller.Of(context);
        QueryCursor? cursor = null;
        if (request.NextPageToken is { } token)
        {
            cursor = await tokens.OpenAsync(token, caller.Organisation?.Id, fingerprint, cancellationToken);
            if (cursor is null)
            {
                return BadToken();
            }
        }
        switch (await queries.RunAsync(query, caller, request.PerPage, cursor, cancellationToken))
        {
            case QueryOutcome.TooLarge tooLarge:
                return Problems.Create(413, ProblemCodes.QueryTooLarge, $"More than {tooLarge.Limit} events match.", "QueryTooLargeException");
            case QueryOutcome.TooComplex tooComplex:
                return Problems.Create(413, ProblemCodes.QueryTooComplex, tooComplex.Detail, "QueryTooComplexException");
            case QueryOutcome.Page page when mustExist && page.Events.Count == 0:
                return Problems.NotFound("event", epcis: true);
            case QueryOutcome.Page page:
                var document = await documents.WriteAsync(page.Events, queryName, null, DocumentForm.Of(request), time.GetUtcNow(), cancellationToken);
                return Answer(context, request, document, page.Next is null ? null : tokens.Make(caller.Organisation?.Id, fingerprint, page.Next));
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    /// <summary>The body with its headers, or 304 when the client has it already.</summary>
    public IResult Answer(HttpContext context, EpcisRequest request, QueryDocument document, (string Token, DateTimeOffset Expires)? next)
    {
        var headers = context.Response.Headers;
        if (partitions.Room is { Cold: > 0 and var cold })
        {
            headers["TrustChain-Cold-Storage"] = cold.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }
        headers["GS1-EPC-Format"] = EpcisRequest.NameOf(request.EpcFormat);
        headers.Vary = "Accept, Authorization, GS1-EPC-Format, GS1-CBV-XML-Format";
        headers.CacheControl = "private, no-cache";
        if (request.Media == EventMedia.Xml12)
        {
            headers["GS1-EPCIS-Version"] = "1.2.0";
            headers["GS1-CBV-Version"] = "1.2.0";
        }
        if (document.LeftOut > 0)
        {
            headers["TrustChain-Left-Out"] = document.LeftOut.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }
        if (next is { } token)
        {
            SetLink(context, server.Value.PublicUrl, token);
        }
        // The tag is weak: the document's creationDate differs from answer to answer. A page's link is part of what it says.
        var etag = $"W/\"{document.EventsTag}{(next is null ? "" : "+")}{request.Media:D}{(request.IsXml ? request.CbvXmlFormat.ToString("D") : "")}\"";
        headers.ETag = etag;
        if (context.Request.Headers.IfNoneMatch.SelectMany(static v => (v ?? "").Split(',', StringSplitOptions.TrimEntries)).Any(v => v == etag || v == "*" || v == etag[2..]))
        {
            return Results.StatusCode(StatusCodes.Status304NotModified);
        }
        return Results.Bytes(document.Body, request.ContentType);
    }

    /// <summary>The path as a part of the query's fingerprint.</summary>
    public static QueryParameter PathOf(HttpContext context) => new("", [.. EpcisGroup.PathOf(context).Split('/').Select(Uri.UnescapeDataString)], ParameterForm.Url);

    /// <summary>The answer to a token that is of no use.</summary>
    public static IResult BadToken() =>
        EpcisRequest.Parameter("nextPageToken", "is not a token of this query, or it has run out or was given back; ask for the first page again.");

    /// <summary>Tells where the next page is, and until when.</summary>
    public static void SetLink(HttpContext context, string publicAddress, (string Token, DateTimeOffset Expires) next)
    {
        context.Response.Headers.Link = $"<{LinkTo(context, new Uri(publicAddress), next.Token)}>; rel=\"next\"";
        context.Response.Headers["GS1-Next-Page-Token-Expires"] = Record.FormatTime(next.Expires);
    }

    /// <summary>This request's address with another token; under the public address where the client used that.</summary>
    private static string LinkTo(HttpContext context, Uri publicUrl, string token)
    {
        var request = context.Request;
        var root = string.Equals(request.Host.Value, publicUrl.Authority, StringComparison.OrdinalIgnoreCase) ? publicUrl.GetLeftPart(UriPartial.Authority) : $"{request.Scheme}://{request.Host}";
        var link = new StringBuilder(root).Append(EpcisGroup.PathOf(context)).Append('?');
        foreach (var (name, values) in request.Query.Where(static q => q.Key != "nextPageToken"))
        {
            foreach (var value in values)
            {
                link.Append(Uri.EscapeDataString(name)).Append('=').Append(Uri.EscapeDataString(value ?? "")).Append('&');
            }
        }
        return link.Append("nextPageToken=").Append(token).ToString();
    }
}
