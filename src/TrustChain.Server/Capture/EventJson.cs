using System.Buffers;
using System.Text.Json;
using TrustChain.Core.Log;
using TrustChain.Server.Verification;

namespace TrustChain.Server.Capture;

/// <summary>Events as EPCIS clients expect them: the stored JSON with what the repository adds.</summary>
internal static class EventJson
{
    private const string Context = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld";

    /// <summary>One event with eventID and recordTime.</summary>
    public static byte[] WithRecordTime(VisibleEvent visible)
    {
        var output = new ArrayBufferWriter<byte>(2048);
        using (var writer = new Utf8JsonWriter(output, Options))
        {
            WriteEvent(writer, visible, standalone: true);
        }
        return output.WrittenSpan.ToArray();
    }

    /// <summary>An EPCISQueryDocument with the events.</summary>
    public static byte[] QueryDocument(IEnumerable<VisibleEvent> events)
    {
        var output = new ArrayBufferWriter<byte>(8192);
        using (var writer = new Utf8JsonWriter(output, Options))
        {
            writer.WriteStartObject();
            writer.WriteString("@context", Context);
            writer.WriteString("type", "EPCISQueryDocument");
            writer.WriteString("schemaVersion", "2.0");
            writer.WriteStartObject("epcisBody");
            writer.WriteStartObject("queryResults");
            writer.WriteString("queryName", "SimpleEventQuery");
            writer.WriteStartObject("resultsBody");
            writer.WriteStartArray("eventList");
            foreach (var visible in events.Where(static e => e.Stored.Event is not null))
            {
                WriteEvent(writer, visible, standalone: false);
            }
            writer.WriteEndArray();
            writer.WriteEndObject();
            writer.WriteEndObject();
            writer.WriteEndObject();
            writer.WriteEndObject();
        }
        return output.WrittenSpan.ToArray();
    }

    // Names in other scripts stay readable; the answer is JSON and never put into HTML.
    private static readonly JsonWriterOptions Options = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static void WriteEvent(Utf8JsonWriter writer, VisibleEvent visible, bool standalone)
    {
        using var document = JsonDocument.Parse(visible.Stored.Event); // The callers leave out erased ones.
        var json = document.RootElement;
        writer.WriteStartObject();
        if (standalone && !json.TryGetProperty("@context", out _))
        {
            writer.WriteString("@context", Context);
        }
        foreach (var member in json.EnumerateObject().Where(static m => m.Name is not ("recordTime" or "eventID")))
        {
            member.WriteTo(writer);
        }
        writer.WriteString("eventID", visible.Stored.EffectiveEventId);
        writer.WriteString("recordTime", Record.FormatTime(visible.Stored.Record.ReceivedAt));
        writer.WriteEndObject();
    }
}
