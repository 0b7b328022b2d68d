using System.Buffers;
using System.Text.Json;
using TrustChain.Core.Devices;
using TrustChain.Server.Pages;

namespace TrustChain.Server.Items;

/// <summary>An item's story as JSON-LD, for machines: what it is, how it stands, and its events as they were signed.</summary>
internal static class ItemJson
{
    public static byte[] Write(ItemStory story)
    {
        var output = new ArrayBufferWriter<byte>(8192);
        using (var writer = new Utf8JsonWriter(output, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            writer.WriteStartObject();
            writer.WriteStartArray("@context");
            writer.WriteStringValue("https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld");
            writer.WriteStartObject();
            writer.WriteString("schema", "https://schema.org/");
            writer.WriteString("tc", EventExtensions.Namespace);
            writer.WriteEndObject();
            writer.WriteEndArray();
            writer.WriteString("@id", story.Item);
            writer.WriteString("@type", "schema:Product");
            WriteOptional(writer, "schema:name", story.View.Name);
            WriteOptional(writer, "schema:manufacturer", story.View.Producer);
            WriteOptional(writer, "tc:origin", story.View.Origin);
            WriteOptional(writer, "tc:variety", story.View.Variety);
            writer.WriteString("tc:verdict", story.View.Verdict.GetType().Name);
            writer.WriteBoolean("tc:complete", story.Walk.IsComplete);
            writer.WriteString("tc:evidence", story.View.Check.EvidenceUrl);
            writer.WriteStartArray("tc:recalls");
            foreach (var recall in story.View.Recalls)
            {
                writer.WriteStartObject();
                writer.WriteString("tc:since", recall.Since);
                writer.WriteString("tc:by", recall.By.Text);
                writer.WriteString("tc:reason", recall.Reason.Text);
                if (recall.LiftedAt is { } lifted)
                {
                    writer.WriteString("tc:liftedAt", lifted);
                }
                writer.WriteEndObject();
            }
            writer.WriteEndArray();
            writer.WriteStartArray("tc:certificates");
            foreach (var certificate in story.View.Certificates)
            {
                writer.WriteStartObject();
                writer.WriteString("schema:name", certificate.Name.Text);
                writer.WriteString("tc:issuer", certificate.Issuer.Text);
                writer.WriteString("tc:state", certificate.State.ToString());
                writer.WriteEndObject();
            }
            writer.WriteEndArray();
            writer.WriteStartArray("tc:measuredBy");
            foreach (var device in story.View.Steps.SelectMany(static s => s.MeasuredBy))
            {
                writer.WriteStartObject();
                writer.WriteString("@id", device.Uri);
                writer.WriteString("tc:from", device.From.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture));
                writer.WriteString("tc:until", device.Until.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture));
                writer.WriteNumber("tc:expectedReadings", device.Expected);
                writer.WriteNumber("tc:coveredReadings", device.Covered);
                writer.WriteString("tc:answer", device.Answer.Kind.ToString());
                if (device.ByService)
                {
                    writer.WriteString("tc:basis", ServicePlaces.Basis);
                }
                writer.WriteEndObject();
            }
            writer.WriteEndArray();
            if (story.View.Steps.Sum(static s => s.MoreMeasuredBy) is > 0 and var more)
            {
                writer.WriteNumber("tc:moreMeasuredBy", more);
            }
            writer.WriteStartArray("tc:events");
            foreach (var step in story.Walk.Steps)
            {
                writer.WriteRawValue(step.Event.Stored.Event, skipInputValidation: true); // Steps have content; it was read as JSON before.
            }
            writer.WriteEndArray();
            writer.WriteEndObject();
        }
        return output.WrittenSpan.ToArray();
    }

    private static void WriteOptional(Utf8JsonWriter writer, string name, Phrase? phrase)
    {
        if (phrase is not null)
        {
            writer.WriteString(name, phrase.Text);
        }
    }
}
