using System.Text;
using System.Text.Json;
using TrustChain.Core.Query;
using TrustChain.Postgres.Query;
using TrustChain.Server.Accounts;
using TrustChain.Server.Hosting;
using TrustChain.Server.Subscriptions;

namespace TrustChain.Server.Query;

/// <summary>Queries under a name (EPCIS 2.0 REST binding). An organisation sees its own; <c>SimpleEventQuery</c> is there for everybody.</summary>
internal static class NamedQueryEndpoints
{
    private const int MaxName = 200;

    public static void MapNamedQueries(this IEndpointRouteBuilder app)
    {
        var epcis = app.MapEpcis();
        epcis.MapGet("/queries", ListAsync).RequireOrganisation().WithName("GetQueries").WithSummary("The caller's named queries.");
        epcis.MapPost("/queries", CreateAsync).RequireOrganisation().Audited("query-made").WithName("CreateQuery").WithSummary("Creates a named query.");
        epcis.MapGet("/queries/{queryName}", GetAsync).WithName("GetQuery").WithSummary("A named query's definition.");
        epcis.MapDelete("/queries/{queryName}", DeleteAsync).RequireOrganisation().Audited("query-removed").WithName("DeleteQuery").WithSummary("Deletes a named query with its subscriptions.");
        epcis.MapGet("/queries/{queryName}/events", GetEventsAsync).WithName("GetEventsOfQuery").WithSummary("The events a named query finds.");
        epcis.MapDiscovery("/queries/{queryName}/events", "OPTIONS, GET");
        epcis.MapDiscovery("/queries", "OPTIONS, GET, POST");
        epcis.MapDiscovery("/queries/{queryName}", "OPTIONS, GET, DELETE");
    }

    private static async Task<IResult> ListAsync(
        HttpContext context, Caller caller, NamedQueryStore store, PageTokens tokens, Microsoft.Extensions.Options.IOptions<ServerOptions> server, CancellationToken cancellationToken)
    {
        var (request, problem) = EpcisRequest.Read(context.Request, offersXml: false);
        if (request is null)
        {
            return problem!; // One of the two is set.
        }
        if (request.Parameters.Count > 0)
        {
            return EpcisRequest.Parameter(request.Parameters[0].Name, "is not taken here.");
        }
        var organisation = caller.Organisation!.Id; // The filter of the route sees to it.
        var fingerprint = EventQuery.ComputeFingerprint([EventAnswers.PathOf(context)]);
        QueryCursor? cursor = null;
        if (request.NextPageToken is { } token)
        {
            cursor = await tokens.OpenAsync(token, organisation, fingerprint, cancellationToken);
            if (cursor is null)
            {
                return EventAnswers.BadToken();
            }
        }
        var found = await store.ListAsync(organisation, cursor?.Text ?? "", request.PerPage + 1, cancellationToken);
        if (found.Count > request.PerPage)
        {
            EventAnswers.SetLink(context, server.Value.PublicUrl, tokens.Make(organisation, fingerprint, new QueryCursor(default, 0, null, found[request.PerPage - 1].Name, 0)));
        }
        return Results.Json(found.Take(request.PerPage).Select(QueryDefinition.From), contentType: request.ContentType);
    }

    private static async Task<IResult> CreateAsync(HttpContext context, Caller caller, NamedQueryStore store, TimeProvider time, CancellationToken cancellationToken)
    {
        if (NotJson(context.Request) is { } wrongType)
        {
            return wrongType;
        }
        if (await RequestBody.ReadAsync(context.Request, 65_536, cancellationToken) is not { } body)
        {
            return Problems.TooLarge(65_536);
        }
        string? name;
        string query;
        try
        {
            using var json = JsonDocument.Parse(body, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 16 });
            var root = json.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("name", out var n) || n.ValueKind != JsonValueKind.String
                || !root.TryGetProperty("query", out var q) || q.ValueKind != JsonValueKind.Object
                || root.EnumerateObject().Any(static m => m.Name is not ("name" or "query" or "@context")))
            {
                return Invalid("", "A named query is {\"name\":\"…\",\"query\":{…}} and nothing else.");
            }
            name = n.GetString();
            query = q.GetRawText();
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return Invalid("", "The body is not JSON without repeated members.");
        }
        if (name is not { Length: > 0 and <= MaxName } || !name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '~'))
        {
            return Invalid("name", $"has 1 to {MaxName} letters, digits, hyphens, underscores, dots or tildes.");
        }
        var (parsed, problem) = Parse(query, EpcisRequest.ReadPrefixes(context.Request.Headers["GS1-Extensions"]));
        if (parsed is null)
        {
            return problem!; // One of the two is set.
        }
        var organisation = caller.Organisation!.Id; // The filter of the route sees to it.
        if (await store.CountAsync(organisation, cancellationToken) >= NamedQueryStore.MaxQueries)
        {
            return Problems.Create(409, ProblemCodes.AlreadyExists, $"An organisation has at most {NamedQueryStore.MaxQueries} named queries; delete one first.", "ResourceAlreadyExistsException");
        }
        var named = new NamedQuery(organisation, name, query, time.GetUtcNow());
        if (name == EventEndpoints.SimpleEventQuery || !await store.AddAsync(named, cancellationToken))
        {
            return Problems.Create(409, ProblemCodes.AlreadyExists, $"There is a query named \"{name}\" already.", "ResourceAlreadyExistsException");
        }
        context.Concerning(name);
        context.Response.Headers.Location = $"/epcis/queries/{name}";
        return Results.Json(QueryDefinition.From(named), statusCode: StatusCodes.Status201Created);
    }

    private static async Task<IResult> GetAsync(string queryName, HttpContext context, Caller caller, NamedQueryStore store, CancellationToken cancellationToken)
    {
        var (request, problem) = EpcisRequest.Read(context.Request, offersXml: false);
        if (request is null)
        {
            return problem!; // One of the two is set.
        }
        return await FindAsync(store, caller, queryName, cancellationToken) is { } query
            ? Results.Json(QueryDefinition.From(query), contentType: request.ContentType)
            : NoSuchQuery();
    }

    private static async Task<IResult> DeleteAsync(string queryName, Caller caller, NamedQueryStore store, CancellationToken cancellationToken)
    {
        var organisation = caller.Organisation!.Id; // The filter of the route sees to it.
        return await store.DeleteAsync(organisation, queryName, cancellationToken) ? Results.NoContent() : NoSuchQuery();
    }

    private static async Task<IResult> GetEventsAsync(
        string queryName, HttpContext context, Caller caller, NamedQueryStore store, EventAnswers answers, EventStreams streams, CancellationToken cancellationToken)
    {
        if (EventStreams.IsAskedFor(context))
        {
            return await streams.ServeAsync(queryName, context, caller, cancellationToken);
        }
        if (queryName == EventEndpoints.SimpleEventQuery)
        {
            return await answers.QueryAsync(context, queryName, [], [], cancellationToken);
        }
        var (request, problem) = EpcisRequest.Read(context.Request, offersXml: true);
        if (request is null)
        {
            return problem!; // One of the two is set.
        }
        if (request.Parameters.Count > 0)
        {
            return EpcisRequest.Parameter(request.Parameters[0].Name, "is not taken here: the query says what is asked.");
        }
        if (await FindAsync(store, caller, queryName, cancellationToken) is not { } named)
        {
            return NoSuchQuery();
        }
        var (query, invalid) = Parse(named.Query, request.Prefixes);
        return query is null
            ? invalid! // One of the two is set.
            : await answers.AnswerAsync(
                context, request, query, queryName, EventQuery.ComputeFingerprint([EventAnswers.PathOf(context), new QueryParameter("query", [named.Query], ParameterForm.JsonScalar)]), mustExist: false, cancellationToken);
    }

    /// <summary>A query the caller has under this name.</summary>
    public static async Task<NamedQuery?> FindAsync(NamedQueryStore store, Caller caller, string name, CancellationToken cancellationToken)
    {
        if (name == EventEndpoints.SimpleEventQuery)
        {
            return new NamedQuery(caller.Organisation?.Id ?? 0, name, "{}", DateTimeOffset.UnixEpoch);
        }
        return caller.Organisation is { } organisation ? await store.FindAsync(organisation.Id, name, cancellationToken) : null;
    }

    /// <summary>The query that a definition says, or the problem.</summary>
    public static (EventQuery? Query, IResult? Problem) Parse(string definition, IEnumerable<KeyValuePair<string, string>> prefixes)
    {
        if (QueryJson.Read(Encoding.UTF8.GetBytes(definition), out var fault) is not var (parameters, own))
        {
            return (null, EpcisRequest.Problem([fault!])); // Set when there are no parameters.
        }
        return EventQueryParser.Parse(parameters, [.. prefixes, .. own], out var faults) is { } query ? (query, null) : (null, EpcisRequest.Problem(faults));
    }

    public static IResult NoSuchQuery() => Problems.Create(404, ProblemCodes.NotFound, "There is no query of this name that you may see.", "NoSuchNameException");

    /// <summary>The problem of a body that is not sent as JSON.</summary>
    public static IResult? NotJson(HttpRequest request) => request.HasJsonContentType()
        ? null
        : Problems.Create(415, ProblemCodes.UnsupportedMediaType, "The Content-Type must be application/json.", "UnsupportedMediaTypeException");

    private static IResult Invalid(string place, string message) => EpcisRequest.Problem([new QueryFault(place, message, QueryFaultKind.Validation)]);

    private sealed record QueryDefinition(string Name, JsonElement Query)
    {
        public static QueryDefinition From(NamedQuery query) => new(query.Name, JsonElement.Parse(query.Query));
    }
}
