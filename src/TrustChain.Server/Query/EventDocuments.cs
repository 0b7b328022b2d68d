using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using TrustChain.Core.Epcis.Xml;
using TrustChain.Core.Query;
using TrustChain.Postgres.Query;

namespace TrustChain.Server.Query;

/// <summary>How a query's answer is written.</summary>
internal sealed record DocumentForm(EventMedia Media, EpcFormat EpcFormat, EpcisXmlCbvFormat CbvXmlFormat)
{
    public static DocumentForm Of(EpcisRequest request) => new(request.Media, request.EpcFormat, request.CbvXmlFormat);
}

/// <summary>A document ready to send.</summary>
/// <param name="Body">Its bytes.</param>
/// <param name="EventsTag">A digest of its events alone: two documents with the same events have the same.</param>
/// <param name="LeftOut">What EPCIS 1.2 cannot say and the document therefore does not.</param>
internal sealed record QueryDocument(byte[] Body, string EventsTag, int LeftOut);

/// <summary>Writes the answer of a query as an EPCIS query document in JSON or XML.</summary>
internal sealed class EventDocuments(CompanyPrefixes prefixes)
{
    private static readonly byte[] Start = Encoding.ASCII.GetBytes(
        """{"@context":["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],"type":"EPCISQueryDocument","schemaVersion":"2.0","creationDate":""");

    public async Task<QueryDocument> WriteAsync(
        IReadOnlyList<FoundEvent> events, string queryName, string? subscriptionId, DocumentForm form, DateTimeOffset created, CancellationToken cancellationToken)
    {
        var lengths = form.EpcFormat == EpcFormat.AlwaysUrn ? await prefixes.GetAsync(cancellationToken) : CompanyPrefixLengths.None;
        var output = new EventOutput(form.EpcFormat, lengths.Find);
        return form.Media is EventMedia.Xml or EventMedia.Xml12
            ? WriteXml(events, queryName, subscriptionId, form, output, created)
            : WriteJson(events, queryName, subscriptionId, output, created);
    }

    private static QueryDocument WriteJson(IReadOnlyList<FoundEvent> events, string queryName, string? subscriptionId, EventOutput output, DateTimeOffset created)
    {
        var list = new ArrayBufferWriter<byte>(Math.Max(1024, events.Sum(static e => e.Event.Length + 256)));
        for (var i = 0; i < events.Count; i++)
        {
            list.Write(i == 0 ? default : ","u8);
            output.Write(list, events[i].Event, events[i].EffectiveEventId, events[i].RecordTime, needsContext: false);
        }
        var body = new ArrayBufferWriter<byte>(list.WrittenCount + 512);
        body.Write(Start);
        body.Write("\""u8);
        body.Write(Encoding.ASCII.GetBytes(created.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture)));
        body.Write("\",\"epcisBody\":{\"queryResults\":{\"queryName\":"u8);
        WriteText(body, queryName);
        if (subscriptionId is not null)
        {
            body.Write(",\"subscriptionID\":"u8);
            WriteText(body, subscriptionId);
        }
        body.Write(",\"resultsBody\":{\"eventList\":["u8);
        body.Write(list.WrittenSpan);
        body.Write("]}}}}"u8);
        return new QueryDocument(body.WrittenSpan.ToArray(), TagOf(list.WrittenSpan), 0);
    }

    private static QueryDocument WriteXml(
        IReadOnlyList<FoundEvent> events, string queryName, string? subscriptionId, DocumentForm form, EventOutput output, DateTimeOffset created)
    {
        var body = new ArrayBufferWriter<byte>(8192);
        var leftOut = 0;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using (var xml = new EpcisXmlWriter(body, new EpcisXmlWriteOptions { Version = form.Media == EventMedia.Xml12 ? EpcisXmlVersion.V1 : EpcisXmlVersion.V2, CbvFormat = form.CbvXmlFormat }))
        {
            xml.BeginQueryDocument(created, queryName, subscriptionId);
            var json = new ArrayBufferWriter<byte>(4096);
            foreach (var e in events)
            {
                json.ResetWrittenCount();
                output.Write(json, e.Event, e.EffectiveEventId, e.RecordTime, needsContext: false);
                hash.AppendData(json.WrittenSpan);
                leftOut += xml.WriteEvent(json.WrittenMemory, e.RecordTime).Count;
            }
            xml.End();
        }
        return new QueryDocument(body.WrittenSpan.ToArray(), Convert.ToBase64String(hash.GetHashAndReset(), 0, 12), leftOut);
    }

    private static string TagOf(ReadOnlySpan<byte> events) => Convert.ToBase64String(SHA256.HashData(events).AsSpan(0, 12));

    private static void WriteText(ArrayBufferWriter<byte> output, string text)
    {
        output.Write("\""u8);
        output.Write(JsonEncodedText.Encode(text, System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes);
        output.Write("\""u8);
    }
}
