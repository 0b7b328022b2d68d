using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.OpenApi;

namespace TrustChain.Server.Hosting;

/// <summary>
/// What the OpenAPI document says about the EPCIS routes beyond their paths: query parameters, <c>GS1-*</c> headers, and answers with their problem types. The routes read
/// requests by hand, so none of it follows from their signatures.
/// </summary>
internal static partial class EpcisApi
{
    private const string Root = "/epcis";
    private const string NamedQueryEvents = "/queries/{queryName}/events";

    /// <summary>Name, type and meaning of what a simple event query may ask in a URL. A list is separated by bars.</summary>
    private static readonly Dictionary<string, OpenApiParameter> QueryParameters = ReadParameters(ParameterLocation.Query, """
        perPage | integer | Most events or entries in an answer, 1 to 1000; 30 if not given.
        nextPageToken | string | From the header Link of the page before.
        eventType | list | Event types: those of the standard, or URIs.
        GE_eventTime | date-time | Happened at this time or later.
        LT_eventTime | date-time | Happened before this time.
        GE_recordTime | date-time | Recorded at this time or later.
        LT_recordTime | date-time | Recorded before this time.
        EQ_action | list | ADD, OBSERVE or DELETE.
        EQ_bizStep | list | Business steps, as words or URIs.
        EQ_disposition | list | Dispositions, as words or URIs.
        EQ_persistentDisposition_set | list | Dispositions that the event sets for good.
        EQ_persistentDisposition_unset | list | Dispositions that the event takes away.
        EQ_readPoint | uris | Read points.
        WD_readPoint | uris | Read points and, by the caller's master data, those within them.
        EQ_bizLocation | uris | Business locations.
        WD_bizLocation | uris | Business locations and, by the caller's master data, those within them.
        EQ_transformationID | uris | Transformations.
        MATCH_epc | uris | In epcList or childEPCs; patterns in EPC URNs count.
        MATCH_parentID | uris | As the parent.
        MATCH_inputEPC | uris | In inputEPCList.
        MATCH_outputEPC | uris | In outputEPCList.
        MATCH_anyEPC | uris | In any list of EPCs or as the parent.
        MATCH_epcClass | uris | In quantityList or childQuantityList.
        MATCH_inputEPCClass | uris | In inputQuantityList.
        MATCH_outputEPCClass | uris | In outputQuantityList.
        MATCH_anyEPCClass | uris | In any list of quantities.
        EQ_quantity | number | Some quantity equals this.
        GT_quantity | number | Some quantity is above this.
        GE_quantity | number | Some quantity is this or above.
        LT_quantity | number | Some quantity is below this.
        LE_quantity | number | Some quantity is this or below.
        EQ_eventID | uris | Event ids.
        EXISTS_errorDeclaration | boolean | Only declarations that an event was wrong.
        GE_errorDeclarationTime | date-time | Declared wrong at this time or later.
        LT_errorDeclarationTime | date-time | Declared wrong before this time.
        EQ_errorReason | list | Reasons of the declaration, as words or URIs.
        EQ_correctiveEventID | uris | Events named as the correction.
        EXISTS_sensorElementList | boolean | Only events with sensor data.
        EXISTS_ilmd | boolean | Only events with instance or lot master data.
        GE_time | date-time | Measured at this time or later.
        LT_time | date-time | Measured before this time.
        GE_startTime | date-time | The measurement began at this time or later.
        LT_startTime | date-time | The measurement began before this time.
        GE_endTime | date-time | The measurement ended at this time or later.
        LT_endTime | date-time | The measurement ended before this time.
        EQ_type | list | Kinds of measurement, as words or URIs.
        EQ_deviceID | uris | Sensor devices.
        EQ_deviceMetadata | uris | Descriptions of the device.
        EQ_rawData | uris | Raw data of the measurement.
        EQ_dataProcessingMethod | uris | Ways in which the data were processed.
        EQ_microorganism | uris | Microorganisms found.
        EQ_chemicalSubstance | uris | Substances found.
        EQ_bizRules | uris | Business rules behind the measurement.
        EQ_stringValue | list | Texts measured.
        EQ_hexBinaryValue | list | Binary values measured.
        EQ_uriValue | uris | URIs measured.
        EQ_booleanValue | boolean | The truth value measured.
        orderBy | string | eventTime, recordTime, or an extension field by its full name.
        orderDirection | string | DESC, which is meant if nothing is said, or ASC.
        eventCountLimit | integer | Only so many events, the first by orderBy.
        maxEventCount | integer | An error if more events than this match.
        """);

    /// <summary>When a subscription through a WebSocket runs.</summary>
    private static readonly Dictionary<string, OpenApiParameter> SubscriptionParameters = ReadParameters(ParameterLocation.Query, """
        stream | boolean | WebSocket only: true tells of each event as it is recorded. Not together with a schedule.
        second | string | WebSocket only: seconds of the schedule, such as 0, [0-30] or 5,[20-25].
        minute | string | WebSocket only: minutes of the schedule.
        hour | string | WebSocket only: hours of the schedule, in UTC.
        dayOfMonth | string | WebSocket only: days of the month.
        month | string | WebSocket only: months, 1 to 12.
        dayOfWeek | string | WebSocket only: days of the week, 1 (Monday) to 7.
        reportIfEmpty | boolean | WebSocket only: whether a run that found nothing is told too.
        initialRecordTime | date-time | WebSocket only: events recorded before are not told.
        """);

    private static readonly Dictionary<string, OpenApiParameter> Headers = ReadParameters(ParameterLocation.Header, """
        GS1-Extensions | string | Prefixes of extensions, as prefix=namespace, separated by commas.
        GS1-EPCIS-Version | string | The version of EPCIS that the body is written in.
        GS1-CBV-Version | string | The version of CBV that the body is written in.
        GS1-EPCIS-Min | string | The earliest version of EPCIS that the client reads.
        GS1-EPCIS-Max | string | The latest version of EPCIS that the client reads; 1.2.0 with application/xml gives XML of 1.2.
        GS1-CBV-Min | string | The earliest version of CBV that the client reads.
        GS1-CBV-Max | string | The latest version of CBV that the client reads.
        GS1-EPC-Format | string | Always_GS1_Digital_Link if nothing is said, Always_EPC_URN, Never_Translates or No_Preference.
        GS1-CBV-XML-Format | string | How XML spells standard words: No_Preference, Always_Web_URI, Always_URN or Never_Translates.
        Connection | string | Upgrade, to receive events through a WebSocket.
        Upgrade | string | websocket, to receive events through a WebSocket.
        GS1-Capture-Error-Behaviour | string | rollback, which is all or nothing and meant if nothing is said, or proceed, which keeps what can be kept.
        """);

    /// <summary>Filled with the table below, so it stands before it.</summary>
    private static readonly Dictionary<string, string> ProblemStatus = [];

    /// <summary>Name, status, exceptions and meaning of the problems.</summary>
    private static readonly Dictionary<string, OpenApiResponse> ProblemResponses = ReadProblems("""
        BadCapture | 400 | ValidationException | The document or an event breaks the standard; errors names each place.
        BadQuery | 400 | QueryParameterException, QueryValidationException | A parameter is unknown, ill-typed or contradicts another; errors names each.
        NotAuthenticated | 401 | SecurityException | No API key where one is needed, or one that is unknown.
        NotAllowed | 403 | SecurityException | The caller may not do this.
        NotFound | 404 | NoSuchResourceException | There is no such thing, or none that the caller may see.
        NoSuchQuery | 404 | NoSuchNameException | The caller has no query of this name.
        NotAcceptable | 406 | NotAcceptableException | No answer has the form and versions asked for.
        InUse | 409 | ResourceAlreadyExistsException | The name or eventID stands for something else already.
        TooLarge | 413 | CaptureLimitExceededException | The body or the document is larger than the limits that OPTIONS tells.
        TooMuch | 413 | QueryTooLargeException, QueryTooComplexException | More matches than maxEventCount, or too many events to compare.
        UriTooLong | 414 | URITooLongException | Path and query are longer than 32,768 characters.
        UnsupportedMediaType | 415 | UnsupportedMediaTypeException | The body's media type is none of those taken, or it is compressed.
        Failed | 500 | ImplementationException | A fault of this server; the trace id is for its operator.
        Unavailable | 503 | ImplementationException | Not possible just now; Retry-After says when to try again.
        """);

    /// <summary>The shared parts that operations refer to.</summary>
    public static void AddComponents(OpenApiComponents components)
    {
        components.Parameters ??= new Dictionary<string, IOpenApiParameter>();
        components.Responses ??= new Dictionary<string, IOpenApiResponse>();
        foreach (var (name, parameter) in QueryParameters.Concat(SubscriptionParameters).Concat(Headers))
        {
            components.Parameters[name] = parameter;
        }
        foreach (var (name, response) in ProblemResponses)
        {
            components.Responses[name] = response;
        }
    }

    /// <summary>Adds what is known of an EPCIS route; leaves other routes alone.</summary>
    /// <param name="operation">The operation.</param>
    /// <param name="method">Its method, in capitals.</param>
    /// <param name="path">Its path, with a slash at the start and none at the end.</param>
    /// <param name="document">Holds the shared parts.</param>
    public static void Describe(OpenApiOperation operation, string method, string path, OpenApiDocument document)
    {
        if (path != Root && !path.StartsWith(Root + "/", StringComparison.Ordinal))
        {
            return;
        }
        path = path[Root.Length..];
        operation.Parameters ??= [];
        foreach (var name in PathParameter().Matches(path).Select(static m => m.Groups[1].Value).Where(name => operation.Parameters.All(p => p.Name != name)))
        {
            operation.Parameters.Add(new OpenApiParameter { Name = name, In = ParameterLocation.Path, Required = true, Schema = new OpenApiSchema { Type = JsonSchemaType.String } });
        }
        foreach (var name in ListQueryParameters(method, path).Concat(ListHeaders(method, path)))
        {
            operation.Parameters.Add(new OpenApiParameterReference(name, document));
        }
        operation.Responses = Answers(method, path);
        foreach (var name in ListProblems(method, path))
        {
            operation.Responses[ProblemStatus[name]] = new OpenApiResponseReference(name, document);
        }
    }

    private static bool IsEvents(string path) => path.EndsWith("/events", StringComparison.Ordinal);

    private static bool IsOne(string path) => path.Length == 0 || path is "/events/{eventID}" or "/capture/{captureID}" or "/queries/{queryName}" || path.EndsWith("/{subscriptionID}", StringComparison.Ordinal);

    private static IEnumerable<string> ListQueryParameters(string method, string path)
    {
        if (method != "GET" || IsOne(path))
        {
            return [];
        }
        // A named query says all but the page; a path says one condition.
        if (path == NamedQueryEvents)
        {
            return ["perPage", "nextPageToken", .. SubscriptionParameters.Keys];
        }
        return !IsEvents(path) ? ["perPage", "nextPageToken"] : QueryParameters.Keys.Where(name => name != path switch
        {
            "/eventTypes/{eventType}/events" => "eventType",
            "/epcs/{epc}/events" => "MATCH_anyEPC",
            "/bizSteps/{bizStep}/events" => "EQ_bizStep",
            "/bizLocations/{bizLocation}/events" => "EQ_bizLocation",
            "/readPoints/{readPoint}/events" => "EQ_readPoint",
            _ => null,
        });
    }

    private static IEnumerable<string> ListHeaders(string method, string path) => method switch
    {
        "OPTIONS" => ["GS1-Extensions"],
        "POST" => ["GS1-Extensions", "GS1-EPCIS-Version", "GS1-CBV-Version",
            .. path == "/capture" ? (string[])["GS1-Capture-Error-Behaviour"] : [],
            .. path.EndsWith("/subscriptions", StringComparison.Ordinal) ? (string[])["GS1-EPC-Format", "GS1-CBV-XML-Format"] : []],
        "GET" => ["GS1-Extensions", "GS1-EPCIS-Min", "GS1-EPCIS-Max", "GS1-CBV-Min", "GS1-CBV-Max",
            .. path.StartsWith("/capture", StringComparison.Ordinal) || (path.StartsWith("/queries", StringComparison.Ordinal) && !IsEvents(path)) ? [] : (string[])["GS1-EPC-Format", "GS1-CBV-XML-Format"],
            .. path == NamedQueryEvents ? (string[])["Connection", "Upgrade"] : []],
        _ => [],
    };

    private static OpenApiResponses Answers(string method, string path)
    {
        switch (method)
        {
            case "POST" when path == "/capture":
                return new() { ["202"] = Answer("Taken; Location is the capture job.", ["application/json"], "Location") };
            case "POST":
                return new() { ["201"] = Answer("Created; Location is its address.", ["application/json"], "Location") };
            case "OPTIONS":
                return new() { ["204"] = Answer("The headers say what can be done here.", [], "Allow") };
            case "DELETE" when path.StartsWith("/nextPageToken/", StringComparison.Ordinal):
                return new() { ["204"] = Answer("The token is of no use any more.", []), ["501"] = Answer("The standard's answer of servers that cannot do this; this one can.", []) };
            case "DELETE":
                return new() { ["204"] = Answer("It is gone.", []) };
            case "GET" when IsEvents(path) || path == "/events/{eventID}":
                var answers = new OpenApiResponses
                {
                    ["200"] = Answer("The events, in a query document.", ["application/json", "application/ld+json", "application/xml"], "Link", "GS1-Next-Page-Token-Expires", "ETag"),
                    ["304"] = Answer("The client has these events already (If-None-Match).", []),
                };
                if (path == NamedQueryEvents)
                {
                    answers["101"] = Answer("Events come through the WebSocket, each message a query document.", []);
                }
                return answers;
            case "GET" when path == "/capture/{captureID}":
                return new() { ["200"] = Answer("The capture job.", ["application/json", "application/xml"]) };
            case "GET":
                return new() { ["200"] = Answer("What was asked for.", ["application/json", "application/ld+json"], IsOne(path) ? [] : ["Link", "GS1-Next-Page-Token-Expires"]) };
            default:
                return [];
        }
    }

    private static IEnumerable<string> ListProblems(string method, string path)
    {
        if (path.StartsWith("/nextPageToken/", StringComparison.Ordinal))
        {
            return [];
        }
        var isCapture = path == "/capture" || (path == "/events" && method == "POST");
        return
        [
            .. method switch
            {
                "POST" when isCapture => ["BadCapture", "InUse", "TooLarge", "UnsupportedMediaType", "Unavailable"],
                "POST" => ["BadQuery", "InUse", "TooLarge", "UnsupportedMediaType", "Unavailable"],
                "GET" => (string[])["BadQuery"],
                _ => [],
            },
            .. path.StartsWith("/queries/", StringComparison.Ordinal) && method == "GET" ? (string[])["TooMuch"] : IsEvents(path) && method == "GET" ? ["TooMuch"] : [],
            .. path.Contains('{', StringComparison.Ordinal) ? (string[])[path.StartsWith("/queries/", StringComparison.Ordinal) ? "NoSuchQuery" : "NotFound"] : [],
            .. IsEvents(path) ? (string[])["UriTooLong"] : [],
            "NotAuthenticated", "NotAllowed", "NotAcceptable", "Failed",
        ];
    }

    private static OpenApiResponse Answer(string description, string[] mediaTypes, params string[] headers) => new()
    {
        Description = description,
        Content = mediaTypes.Length == 0 ? null : mediaTypes.ToDictionary(static type => type, static _ => new OpenApiMediaType()),
        Headers = headers.Length == 0 ? null : headers.ToDictionary(static name => name, static IOpenApiHeader (_) => new OpenApiHeader { Schema = new OpenApiSchema { Type = JsonSchemaType.String } }),
    };

    private static Dictionary<string, OpenApiParameter> ReadParameters(ParameterLocation location, string table) => Rows(table).ToDictionary(static row => row[0], row =>
    {
        var isList = row[1] is "list" or "uris";
        var schema = new OpenApiSchema
        {
            Type = row[1] switch { "integer" => JsonSchemaType.Integer, "number" => JsonSchemaType.Number, "boolean" => JsonSchemaType.Boolean, _ => JsonSchemaType.String },
            Format = row[1] switch { "date-time" => "date-time", "uris" => "uri", _ => null },
        };
        return new OpenApiParameter
        {
            Name = row[0],
            In = location,
            Description = row[2],
            Style = isList ? ParameterStyle.PipeDelimited : null,
            Explode = false,
            Schema = isList ? new OpenApiSchema { Type = JsonSchemaType.Array, Items = schema } : schema,
        };
    });

    private static Dictionary<string, OpenApiResponse> ReadProblems(string table)
    {
        var problems = new Dictionary<string, OpenApiResponse>();
        foreach (var row in Rows(table))
        {
            ProblemStatus[row[0]] = row[1];
            var types = row[2].Split(", ").Select(static exception => $"epcisException:{exception}").ToList();
            problems[row[0]] = new OpenApiResponse
            {
                Description = $"{string.Join(" or ", types)}: {row[3]}",
                Content = new Dictionary<string, OpenApiMediaType>
                {
                    ["application/problem+json"] = new()
                    {
                        Schema = new OpenApiSchema
                        {
                            Type = JsonSchemaType.Object,
                            Properties = new Dictionary<string, IOpenApiSchema>
                            {
                                ["type"] = new OpenApiSchema { Type = JsonSchemaType.String, Enum = [.. types.Select(static type => (JsonNode)type)] },
                                ["title"] = new OpenApiSchema { Type = JsonSchemaType.String },
                                ["status"] = new OpenApiSchema { Type = JsonSchemaType.Integer },
                                ["detail"] = new OpenApiSchema { Type = JsonSchemaType.String },
                                ["code"] = new OpenApiSchema { Type = JsonSchemaType.String },
                            },
                        },
                    },
                },
            };
        }
        return problems;
    }

    private static IEnumerable<string[]> Rows(string table) => table.Split('\n').Select(static line => line.Split(" | ", StringSplitOptions.TrimEntries));

    [GeneratedRegex("{([^}]+)}")]
    private static partial Regex PathParameter();
}
