using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using TrustChain.Core.Query;
using TrustChain.Postgres.Query;

namespace TrustChain.Server.Query;

/// <summary>Writes the answer of a query as an EPCIS query document.</summary>
internal sealed class EventDocuments(CompanyPrefixes prefixes)
{
    private static readonly byte[] Start = Encoding.ASCII.GetBytes(
        """{"@context":["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],"type":"EPCISQueryDocument","schemaVersion":"2.0","creationDate":""");

    /// <summary>The document, and a digest of its events alone: two answers with the same events have the same.</summary>
    public async Task<(byte[] Body, string EventsTag)> WriteAsync(
        IReadOnlyList<FoundEvent> events, string queryName, string? subscriptionId, EpcisRequest request, DateTimeOffset created, CancellationToken cancellationToken)
    {
        var format = request.EpcFormat;
        var lengths = format == EpcFormat.AlwaysUrn ? await prefixes.GetAsync(cancellationToken) : CompanyPrefixLengths.None;
        var list = new ArrayBufferWriter<byte>(Math.Max(1024, events.Sum(static e => e.Event.Length + 256)));
        var output = new EventOutput(format, lengths.Find);
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
        return (body.WrittenSpan.ToArray(), Convert.ToBase64String(System.Security.Cryptography.SHA256.HashData(list.WrittenSpan), 0, 12));
    }

    private static void WriteText(ArrayBufferWriter<byte> output, string text)
    {
        output.Write("\""u8);
        output.Write(JsonEncodedText.Encode(text, System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes);
        output.Write("\""u8);
    }
}
