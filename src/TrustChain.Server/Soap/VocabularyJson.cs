using System.Buffers;
using System.Text.Json;
using TrustChain.Core.Query;
using TrustChain.Postgres.Query;

namespace TrustChain.Server.Soap;

/// <summary>Stored master data as the JSON array <c>vocabularyList</c>, with what a query asks to be told.</summary>
internal static class VocabularyJson
{
    /// <summary>Writes elements that are in the order of their vocabularies.</summary>
    /// <param name="elements">The elements.</param>
    /// <param name="query">Which attributes, and whether the children.</param>
    /// <param name="companyPrefixLength">For EPC URNs; see <see cref="EventOutput.Translate"/>.</param>
    public static ReadOnlyMemory<byte> Write(IReadOnlyList<MasterDataElement> elements, MasterDataQuery query, Func<string, int?> companyPrefixLength)
    {
        var output = new ArrayBufferWriter<byte>(4096);
        using (var json = new Utf8JsonWriter(output))
        {
            json.WriteStartArray();
            foreach (var vocabulary in elements.GroupBy(static e => e.Vocabulary))
            {
                json.WriteStartObject();
                json.WriteString("type", vocabulary.Key);
                json.WriteStartArray("vocabularyElementList");
                foreach (var element in vocabulary)
                {
                    WriteElement(json, element, query, companyPrefixLength);
                }
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        return output.WrittenMemory;
    }

    private static void WriteElement(Utf8JsonWriter json, MasterDataElement element, MasterDataQuery query, Func<string, int?> companyPrefixLength)
    {
        json.WriteStartObject();
        json.WriteString("id", EventOutput.Translate(element.Id, EpcFormat.AlwaysUrn, companyPrefixLength));
        if (query.IncludeAttributes)
        {
            json.WriteStartArray("attributes");
            using var given = JsonDocument.Parse(element.Attributes);
            // The ids as given may need prefixes that are declared nowhere here, so those with their prefixes expanded take their place.
            foreach (var (attribute, (id, _)) in given.RootElement.EnumerateArray().Zip(element.AttributeIds))
            {
                if (query.AttributeNames?.Contains(id) == false)
                {
                    continue;
                }
                json.WriteStartObject();
                json.WriteString("id", id);
                if (attribute.TryGetProperty("attribute", out var value))
                {
                    json.WritePropertyName("attribute");
                    value.WriteTo(json);
                }
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        if (query.IncludeChildren && element.Children.Count > 0)
        {
            json.WriteStartArray("children");
            foreach (var child in element.Children)
            {
                json.WriteStringValue(EventOutput.Translate(child, EpcFormat.AlwaysUrn, companyPrefixLength));
            }
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }
}
