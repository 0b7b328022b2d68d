using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using TrustChain.Core.Epcis;
using TrustChain.Core.Identifiers;

namespace TrustChain.Core.Query;

/// <summary>How identifiers are written (header <c>GS1-EPC-Format</c> of the EPCIS 2.0 REST binding).</summary>
public enum EpcFormat
{
    /// <summary><c>Always_GS1_Digital_Link</c>, the default: EPC URNs become canonical Digital Link URIs.</summary>
    AlwaysDigitalLink,

    /// <summary><c>Always_EPC_URN</c>: Digital Link URIs become EPC URNs where the length of the company prefix is known.</summary>
    AlwaysUrn,

    /// <summary><c>Never_Translates</c>: as they were captured.</summary>
    NeverTranslates,

    /// <summary><c>No_Preference</c>: as they were captured, since that is least work.</summary>
    NoPreference,
}

/// <summary>
/// Writes captured events for readers: the JSON as captured, with eventID and recordTime of the repository, and identifiers in the form asked for.
/// Extensions, ILMD and everything else keep their bytes.
/// </summary>
public sealed class EventOutput(EpcFormat format, Func<string, int?> companyPrefixLength)
{
    private const string StandardContext = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld";

    private static readonly NameTable OwnMembers = new("eventID", "recordTime");
    private static readonly EpcisReadOptions Stored = new() { MaxDepth = 1000, MaxValues = int.MaxValue };

    /// <summary>Writes one event.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="standalone">The event as captured.</param>
    /// <param name="eventId">The eventID it is known by.</param>
    /// <param name="recordTime">When it was recorded; written in UTC with milliseconds.</param>
    /// <param name="needsContext">Whether an event without <c>@context</c> gets the standard's: outside a document.</param>
    public void Write(IBufferWriter<byte> output, ReadOnlyMemory<byte> standalone, string eventId, DateTimeOffset recordTime, bool needsContext)
    {
        using var tree = new JsonTree(standalone);
        if (!JsonTreeReader.TryRead(standalone, Stored, new FaultList(), tree))
        {
            throw new InvalidOperationException("An event that was valid is no longer JSON.");
        }
        var replacements = Replacements(tree, standalone.Span);
        output.Write("{"u8);
        var first = true;
        if (needsContext && tree.Find(0, "@context"u8) < 0)
        {
            output.Write("\"@context\":\""u8);
            output.Write(Encoding.ASCII.GetBytes(StandardContext));
            output.Write("\""u8);
            first = false;
        }
        for (var member = 1; member < tree.Count; member = tree[member].Next)
        {
            if (OwnMembers.Find(tree.Name(member)) >= 0)
            {
                continue;
            }
            output.Write(first ? "\""u8 : ",\""u8);
            first = false;
            output.Write(tree[member].NameIsAside ? JsonEncodedText.Encode(tree.Name(member)).EncodedUtf8Bytes : tree.Name(member));
            output.Write("\":"u8);
            WriteValue(output, tree, member, standalone.Span, replacements);
        }
        output.Write(first ? "\"eventID\":\""u8 : ",\"eventID\":\""u8);
        output.Write(JsonEncodedText.Encode(eventId, System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes);
        output.Write("\",\"recordTime\":\""u8);
        output.Write(Encoding.ASCII.GetBytes(recordTime.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture)));
        output.Write("\"}"u8);
    }

    private static void WriteValue(IBufferWriter<byte> output, JsonTree tree, int node, ReadOnlySpan<byte> input, List<(int Node, string Text)> replacements)
    {
        var at = tree[node].Start;
        foreach (var (replaced, text) in replacements)
        {
            if (replaced < node || replaced >= tree[node].Next)
            {
                continue;
            }
            output.Write(input[at..tree[replaced].Start]);
            output.Write("\""u8);
            output.Write(JsonEncodedText.Encode(text, System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes);
            output.Write("\""u8);
            at = tree[replaced].Start + tree[replaced].Length;
        }
        output.Write(input[at..(tree[node].Start + tree[node].Length)]);
    }

    /// <summary>The identifiers to write otherwise, in the order of the document.</summary>
    private List<(int Node, string Text)> Replacements(JsonTree tree, ReadOnlySpan<byte> input)
    {
        var replacements = new List<(int, string)>();
        if (format is EpcFormat.NeverTranslates or EpcFormat.NoPreference || (format == EpcFormat.AlwaysDigitalLink && input.IndexOf("urn:epc:"u8) < 0))
        {
            return replacements;
        }
        for (var member = 1; member < tree.Count; member = tree[member].Next)
        {
            if (EventShape.Members.Find(tree.Name(member)) is >= 0 and var field && HoldsIdentifiers((EventField)field))
            {
                Collect(tree, member, replacements);
                if ((EventField)field == EventField.EpcList)
                {
                    KeepDistinct(tree, member, replacements);
                }
            }
        }
        return replacements;
    }

    /// <summary>An epcList has no value twice, so what would become equal to another of its values stays as it was captured.</summary>
    private static void KeepDistinct(JsonTree tree, int list, List<(int Node, string Text)> replacements)
    {
        if (replacements.FindIndex(r => r.Node > list) is not (>= 0 and var start))
        {
            return;
        }
        var replaced = replacements[start..];
        var isReplaced = replaced.Select(static r => r.Node).ToHashSet();
        var values = new HashSet<string>();
        for (var item = list + 1; item < tree[list].Next; item = tree[item].Next)
        {
            if (!isReplaced.Contains(item))
            {
                values.Add(Encoding.UTF8.GetString(tree.Text(item)));
            }
        }
        replacements.RemoveRange(start, replaced.Count);
        replacements.AddRange(replaced.Where(r => values.Add(r.Text)));
    }

    private static bool HoldsIdentifiers(EventField field) => field is EventField.EpcList or EventField.ParentId or EventField.InputEpcList or EventField.ChildEpcs
        or EventField.QuantityList or EventField.ChildQuantityList or EventField.InputQuantityList or EventField.OutputEpcList or EventField.OutputQuantityList
        or EventField.TransformationId or EventField.ReadPoint or EventField.BizLocation or EventField.BizTransactionList or EventField.SourceList
        or EventField.DestinationList or EventField.SensorElementList;

    private void Collect(JsonTree tree, int node, List<(int Node, string Text)> replacements)
    {
        switch (tree.KindOf(node))
        {
            case JsonKind.String:
                var uri = Encoding.UTF8.GetString(tree.Text(node));
                if (Translate(uri, format, companyPrefixLength) is var translated && !ReferenceEquals(translated, uri))
                {
                    replacements.Add((node, translated));
                }
                break;
            case JsonKind.Object or JsonKind.Array:
                for (var child = node + 1; child < tree[node].Next; child = tree[child].Next)
                {
                    // Extensions of a place or of sensor data are the sender's own.
                    if (tree[child].NameLength < 0 || !tree.Name(child).Contains((byte)':'))
                    {
                        Collect(tree, child, replacements);
                    }
                }
                break;
        }
    }

    /// <summary>A URI in the form asked for; the same string where it has no other.</summary>
    /// <param name="uri">The URI.</param>
    /// <param name="format">The form.</param>
    /// <param name="companyPrefixLength">Digits of the company prefix of a canonical Digital Link; null when not known.</param>
    public static string Translate(string uri, EpcFormat format, Func<string, int?> companyPrefixLength)
    {
        switch (format)
        {
            case EpcFormat.AlwaysDigitalLink:
                return uri.StartsWith("urn:epc:", StringComparison.Ordinal) && CanonicalDigitalLink.TryCanonicalise(uri, out var link) ? link : uri;
            case EpcFormat.AlwaysUrn:
                return uri.StartsWith("http", StringComparison.OrdinalIgnoreCase) && CanonicalDigitalLink.TryCanonicalise(uri, out var canonical)
                    && companyPrefixLength(canonical) is { } length && Gs1Identifier.TryParse(canonical, out var id, out _)
                    ? id.ToEpcUrn(length) ?? uri
                    : uri;
            default:
                return uri;
        }
    }
}
