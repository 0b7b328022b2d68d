using System.Buffers;
using System.Xml.Linq;
using TrustChain.Core.Epcis.Xml;
using TrustChain.Core.Query;
using TrustChain.Postgres.Query;
using TrustChain.Server.Hosting;
using TrustChain.Server.Query;

namespace TrustChain.Server.Soap;

/// <summary>
/// The operations of the query control interface of EPCIS 1.2 (section 8.2.5). Events are found and shown by the same rules as everywhere; a query is
/// answered as a whole or not at all, since 1.2 has no pages.
/// </summary>
internal sealed class SoapOperations(EventQueryService queries, MasterDataStore masterData, CompanyPrefixes prefixes)
{
    /// <summary>Most events, and most elements of master data, in one answer.</summary>
    public const int MaxResults = 10_000;

    /// <summary>Largest answer.</summary>
    public const int MaxAnswerBytes = 16 << 20;

    private const string SimpleMasterDataQuery = "SimpleMasterDataQuery";
    private const string VendorVersionStart = "urn:x-trustchain:version:";

    /// <summary>The queries there are.</summary>
    public static IReadOnlyList<string> QueryNames { get; } = [EventEndpoints.SimpleEventQuery, SimpleMasterDataQuery];

    // The standard wants a URI of the vendor's own.
    private static readonly string VendorVersion = VendorVersionStart + typeof(SoapOperations).Assembly.GetName().Version?.ToString(3);

    private static readonly string TooManyBytes = $"The answer would be larger than {MaxAnswerBytes} bytes; narrow the query, for example by a time window.";

    /// <summary>Writes an operation's result into the answer, or gives the fault to answer with instead of it.</summary>
    public async Task<SoapFault?> RunAsync(XElement operation, Caller caller, SoapAnswer answer, CancellationToken cancellationToken)
    {
        switch (operation.Name.LocalName)
        {
            case "GetQueryNames":
                answer.WriteStrings("GetQueryNamesResult", QueryNames);
                return null;
            case "GetStandardVersion":
                answer.WriteText("GetStandardVersionResult", "1.2");
                return null;
            case "GetVendorVersion":
                answer.WriteText("GetVendorVersionResult", VendorVersion);
                return null;
            case "GetSubscriptionIDs":
                if (FindQuery(operation) is { } noQuery)
                {
                    return noQuery;
                }
                answer.WriteStrings("GetSubscriptionIDsResult", []);
                return null;
            case "Subscribe":
                return FindQuery(operation) ?? SoapFault.Of("SubscribeNotPermittedException", "Queries cannot be subscribed to in this binding; poll them, or subscribe through the REST binding of EPCIS 2.0.");
            case "Unsubscribe":
                return Text(operation, "subscriptionID") is null
                    ? SoapFault.Invalid("Unsubscribe has a subscriptionID.")
                    : SoapFault.Of("NoSuchSubscriptionException", "There are no subscriptions in this binding.");
            case "Poll":
                var (poll, fault) = PollRequest.Read(operation);
                return poll?.QueryName switch
                {
                    null => fault,
                    EventEndpoints.SimpleEventQuery => await PollEventsAsync(poll, caller, answer, cancellationToken),
                    SimpleMasterDataQuery => await PollMasterDataAsync(poll, caller, answer, cancellationToken),
                    var unknown => SoapFault.NoSuchName(unknown),
                };
            default:
                return SoapFault.Invalid("The body has no operation of the query control interface: GetQueryNames, GetSubscriptionIDs, GetStandardVersion, GetVendorVersion, Poll, Subscribe or Unsubscribe.");
        }
    }

    private async Task<SoapFault?> PollEventsAsync(PollRequest poll, Caller caller, SoapAnswer answer, CancellationToken cancellationToken)
    {
        if (EventQueryParser.Parse([.. poll.Parameters.Select(WithoutQuantityEvent)], [], out var faults) is not { } query)
        {
            return SoapFault.Parameters(faults);
        }
        var lengths = await prefixes.GetAsync(cancellationToken);
        var output = new EventOutput(EpcFormat.AlwaysUrn, lengths.Find);
        var json = new ArrayBufferWriter<byte>(4096);
        using var results = new EpcisXmlWriter(answer.Xml, new EpcisXmlWriteOptions { Version = EpcisXmlVersion.V1 });
        results.BeginQueryResults(poll.QueryName, null);
        QueryCursor? cursor = null;
        var count = 0;
        do
        {
            switch (await queries.RunAsync(query, caller, EpcisRequest.MaxPerPage, cursor, cancellationToken))
            {
                case QueryOutcome.TooLarge tooLarge:
                    return SoapFault.TooLarge(poll.QueryName, $"More than {tooLarge.Limit} events match.");
                case QueryOutcome.TooComplex tooComplex:
                    return SoapFault.Of("QueryTooComplexException", tooComplex.Detail);
                case QueryOutcome.Page page:
                    count += page.Events.Count;
                    cursor = page.Next;
                    if (count > MaxResults || (count == MaxResults && cursor is not null))
                    {
                        return SoapFault.TooLarge(poll.QueryName, $"More than {MaxResults} events match, which is more than one answer holds; narrow the query, for example by a time window.");
                    }
                    foreach (var e in page.Events)
                    {
                        json.ResetWrittenCount();
                        output.Write(json, e.Event, e.EffectiveEventId, e.RecordTime, needsContext: false);
                        answer.LeftOut += results.WriteEvent(json.WrittenMemory, e.RecordTime).Count;
                        if (answer.Length > MaxAnswerBytes)
                        {
                            return SoapFault.TooLarge(poll.QueryName, TooManyBytes);
                        }
                    }
                    break;
                default:
                    throw new System.Diagnostics.UnreachableException();
            }
        }
        while (cursor is not null);
        results.End();
        return null;
    }

    private async Task<SoapFault?> PollMasterDataAsync(PollRequest poll, Caller caller, SoapAnswer answer, CancellationToken cancellationToken)
    {
        if (MasterDataQuery.Parse(poll.Parameters, out var faults) is not { } query)
        {
            return SoapFault.Parameters(faults);
        }
        var limit = Math.Min(query.MaxElementCount ?? MaxResults, MaxResults);
        var search = new MasterDataSearch
        {
            Vocabularies = query.Vocabularies,
            Ids = query.Names,
            IdsWithDescendants = query.NamesWithDescendants,
            Attributes = [.. query.Conditions.Select(static c => (c.Names, c.Values))],
        };
        // Master data is its sender's own: nobody in particular has none.
        IReadOnlyList<MasterDataElement>? elements;
        try
        {
            elements = caller.Organisation is { } organisation ? await masterData.ListAsync(organisation.Id, search, limit + 1, MaxAnswerBytes, cancellationToken) : [];
        }
        catch (SearchTimeoutException)
        {
            return SoapFault.Of("QueryTooComplexException", $"The search took longer than {EventSearchStore.TimeoutSeconds} s; narrow it, for example to a vocabulary.");
        }
        if (elements is null)
        {
            return SoapFault.TooLarge(poll.QueryName, TooManyBytes);
        }
        if (elements.Count > limit)
        {
            return SoapFault.TooLarge(poll.QueryName, $"More than {limit} elements match.");
        }
        var lengths = await prefixes.GetAsync(cancellationToken);
        using var results = new EpcisXmlWriter(answer.Xml, new EpcisXmlWriteOptions { Version = EpcisXmlVersion.V1 });
        results.BeginQueryResults(poll.QueryName, null);
        answer.LeftOut += results.WriteVocabularyList(VocabularyJson.Write(elements, query, lengths.Find), default).Count;
        results.End();
        return answer.Length > MaxAnswerBytes ? SoapFault.TooLarge(poll.QueryName, TooManyBytes) : null;
    }

    /// <summary>The fault of an operation that names no query, or none that there is.</summary>
    private static SoapFault? FindQuery(XElement operation) => Text(operation, "queryName") switch
    {
        null => SoapFault.Invalid($"{operation.Name.LocalName} has a queryName."),
        var name when QueryNames.Contains(name) => null,
        var name => SoapFault.NoSuchName(name),
    };

    private static string? Text(XElement operation, string name) => operation.Elements().FirstOrDefault(e => SoapMessage.IsNamed(e, name))?.Value.Trim();

    /// <summary>
    /// EPCIS 1.2 still names the deprecated QuantityEvent, and clients list it among the types they want. Events sent as such were captured as ObjectEvents,
    /// so no event has this type; as a URI the query language takes it.
    /// </summary>
    private static QueryParameter WithoutQuantityEvent(QueryParameter parameter) => parameter.Name == "eventType" && parameter.Values.Contains("QuantityEvent")
        ? parameter with { Values = [.. parameter.Values.Select(static v => v == "QuantityEvent" ? "urn:epcglobal:epcis:xsd:1:QuantityEvent" : v)] }
        : parameter;
}
