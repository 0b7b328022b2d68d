using System.Text.Json;
using TrustChain.Core.Epcis;
using TrustChain.Core.Identifiers;
using TrustChain.Core.Query;
using TrustChain.Postgres.Capture;
using TrustChain.Postgres.Query;
using TrustChain.Server.Hosting;

namespace TrustChain.Server.Query;

/// <summary>The top-level resources of EPCIS 2.0: which event types, EPCs, steps, places and dispositions there are in what the caller may read.</summary>
internal static class ResourceEndpoints
{
    private const string Context = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld";

    private static readonly string[] TopLevel = ["capture", "events", "eventTypes", "epcs", "bizSteps", "bizLocations", "readPoints", "dispositions", "queries"];
    private static readonly short[] EpcRoles = [(short)ItemRole.Epc, (short)ItemRole.ParentId, (short)ItemRole.ChildEpc, (short)ItemRole.InputEpc, (short)ItemRole.OutputEpc];
    private static readonly short[] ItemRoles = [.. Enum.GetValues<ItemRole>().Select(static r => (short)r)];

    public static void MapResources(this IEndpointRouteBuilder app)
    {
        var epcis = app.MapEpcis();
        epcis.MapGet("/", static (HttpContext context) => Collection(context, TopLevel)).WithName("GetTopLevelResources").WithSummary("The top-level resources.");
        epcis.MapGet("/eventTypes", ListEventTypesAsync).WithName("GetEventTypes").WithSummary("The standard's event types, and those of extensions that events here have.");
        epcis.MapGet("/epcs", static (HttpContext context, ResourceLists lists, CancellationToken cancellationToken) => lists.ListItemsAsync(context, EpcRoles, cancellationToken))
            .WithName("GetEpcs").WithSummary("The EPCs of events that the caller may read.");
        epcis.MapGet("/bizSteps", static (HttpContext context, ResourceLists lists, CancellationToken cancellationToken) => lists.ListTermsAsync(context, EventFact.BizStep, cancellationToken))
            .WithName("GetBizSteps").WithSummary("The standard's business steps, and others that events here have.");
        epcis.MapGet("/dispositions", static (HttpContext context, ResourceLists lists, CancellationToken cancellationToken) => lists.ListTermsAsync(context, EventFact.Disposition, cancellationToken))
            .WithName("GetDispositions").WithSummary("The standard's dispositions, and others that events here have.");
        epcis.MapGet("/bizLocations", static (HttpContext context, ResourceLists lists, CancellationToken cancellationToken) => lists.ListItemsAsync(context, [ItemKey.BizLocationRole], cancellationToken))
            .WithName("GetBizLocations").WithSummary("The business locations of events that the caller may read.");
        epcis.MapGet("/readPoints", static (HttpContext context, ResourceLists lists, CancellationToken cancellationToken) => lists.ListItemsAsync(context, [ItemKey.ReadPointRole], cancellationToken))
            .WithName("GetReadPoints").WithSummary("The read points of events that the caller may read.");
        epcis.MapGet("/eventTypes/{eventType}", GetEventTypeAsync).WithName("GetEventType").WithSummary("What there is under an event type.");
        epcis.MapGet("/epcs/{epc}", static (string epc, HttpContext context, EventQueryService queries, CancellationToken cancellationToken) =>
            GetItemAsync(context, queries, ItemRoles.Select(static r => (ItemRole)r), null, cancellationToken)).WithName("GetEpc").WithSummary("What there is under an EPC.");
        epcis.MapGet("/bizLocations/{bizLocation}", static (string bizLocation, HttpContext context, EventQueryService queries, CancellationToken cancellationToken) =>
            GetItemAsync(context, queries, [], PlaceField.BizLocation, cancellationToken)).WithName("GetBizLocation").WithSummary("What there is under a business location.");
        epcis.MapGet("/readPoints/{readPoint}", static (string readPoint, HttpContext context, EventQueryService queries, CancellationToken cancellationToken) =>
            GetItemAsync(context, queries, [], PlaceField.ReadPoint, cancellationToken)).WithName("GetReadPoint").WithSummary("What there is under a read point.");
        epcis.MapGet("/bizSteps/{bizStep}", static (string bizStep, HttpContext context, EventQueryService queries, CancellationToken cancellationToken) =>
            GetTermAsync(context, queries, "EQ_bizStep", StandardVocabulary.BizSteps, cancellationToken)).WithName("GetBizStep").WithSummary("What there is under a business step.");
        epcis.MapGet("/dispositions/{disposition}", static (string disposition, HttpContext context, EventQueryService queries, CancellationToken cancellationToken) =>
            GetTermAsync(context, queries, "EQ_disposition", StandardVocabulary.Dispositions, cancellationToken)).WithName("GetDisposition").WithSummary("What there is under a disposition.");
        foreach (var pattern in (string[])["/", "/eventTypes", "/epcs", "/bizSteps", "/dispositions", "/bizLocations", "/readPoints", "/eventTypes/{eventType}", "/epcs/{epc}",
            "/bizLocations/{bizLocation}", "/readPoints/{readPoint}", "/bizSteps/{bizStep}", "/dispositions/{disposition}"])
        {
            epcis.MapDiscovery(pattern, "OPTIONS, GET");
        }
    }

    private static async Task<IResult> ListEventTypesAsync(HttpContext context, ResourceLists lists, CancellationToken cancellationToken) =>
        await lists.ListTermsAsync(context, EventFact.EventType, cancellationToken);

    private static async Task<IResult> GetEventTypeAsync(string eventType, HttpContext context, EventQueryService queries, CancellationToken cancellationToken)
    {
        var type = EpcisGroup.Segment(context, 2);
        return await ExistsAsync(context, queries, new QueryParameter("eventType", [type], ParameterForm.JsonArray), StandardVocabulary.EventTypes.Contains(type), cancellationToken);
    }

    private static Task<IResult> GetTermAsync(HttpContext context, EventQueryService queries, string parameter, IReadOnlyList<string> standard, CancellationToken cancellationToken)
    {
        var term = EpcisGroup.Segment(context, 2);
        return ExistsAsync(context, queries, new QueryParameter(parameter, [term], ParameterForm.JsonArray), standard.Contains(StandardVocabulary.ToWord(term)), cancellationToken);
    }

    private static async Task<IResult> ExistsAsync(HttpContext context, EventQueryService queries, QueryParameter parameter, bool isStandard, CancellationToken cancellationToken)
    {
        if (EventQueryParser.Parse([parameter], EpcisRequest.ReadPrefixes(context.Request.Headers["GS1-Extensions"]), out var faults) is not { } query)
        {
            return EpcisRequest.Problem(faults);
        }
        return isStandard || await AnyAsync(queries, query, context, cancellationToken) ? Collection(context, ["events"]) : Problems.NotFound("such resource", epcis: true);
    }

    private static async Task<IResult> GetItemAsync(HttpContext context, EventQueryService queries, IEnumerable<ItemRole> roles, PlaceField? place, CancellationToken cancellationToken)
    {
        var text = EpcisGroup.Segment(context, 2);
        var uri = ItemUris.Canonicalise(Gs1Identifier.TryParse(text, out var id, out _) && !text.Contains(':', StringComparison.Ordinal) ? id.DigitalLink : text);
        if (!EpcPattern.TryParse(uri, out var pattern, out var error))
        {
            return EpcisRequest.Parameter("epc", error!); // Set when the answer is false.
        }
        EventCriterion criterion = place is { } field ? new PlaceCriterion("", field, [uri], false) : new ItemCriterion("", [.. roles], [pattern]);
        return await AnyAsync(queries, EventQuery.All.With([criterion], []), context, cancellationToken) ? Collection(context, ["events"]) : Problems.NotFound("such resource", epcis: true);
    }

    private static async Task<bool> AnyAsync(EventQueryService queries, EventQuery query, HttpContext context, CancellationToken cancellationToken) =>
        await queries.RunAsync(query, Caller.Of(context), 1, null, cancellationToken) is QueryOutcome.Page { Events.Count: > 0 };

    /// <summary>A collection as the standard writes it.</summary>
    public static IResult Collection(HttpContext context, IReadOnlyList<string> members, IReadOnlyList<KeyValuePair<string, string>>? prefixes = null)
    {
        var (request, problem) = EpcisRequest.Read(context.Request, offersXml: false);
        if (request is null)
        {
            return problem!; // One of the two is set.
        }
        object json = prefixes is { Count: > 0 } ? new object[] { Context, prefixes.ToDictionary(static p => p.Key, static p => p.Value) } : Context;
        return Results.Json(new Dictionary<string, object> { ["@context"] = json, ["type"] = "Collection", ["member"] = members }, contentType: request.ContentType);
    }
}
