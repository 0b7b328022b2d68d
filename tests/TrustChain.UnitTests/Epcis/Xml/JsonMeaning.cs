using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace TrustChain.UnitTests.Epcis.Xml;

/// <summary>
/// What an event's JSON says, whatever its spelling: prefixes by their namespaces, standard vocabulary by its bare words, members sorted, numbers without needless zeros, a list of one as its
/// item, nothing for what is empty.
/// </summary>
internal static partial class JsonMeaning
{
    public static string Of(ReadOnlyMemory<byte> utf8)
    {
        var root = JsonNode.Parse(utf8.Span)!.AsObject();
        var prefixes = new Dictionary<string, string>
        {
            ["epcis"] = "https://ref.gs1.org/epcis/",
            ["cbv"] = "https://ref.gs1.org/cbv/",
            ["cbvmda"] = "urn:epcglobal:cbv:mda:",
            ["gs1"] = "https://gs1.org/voc/",
            ["rdfs"] = "http://www.w3.org/2000/01/rdf-schema#",
        };
        foreach (var entry in root["@context"] is JsonArray array ? array.ToList() : [root["@context"]])
        {
            foreach (var (prefix, uri) in entry as JsonObject ?? [])
            {
                prefixes[prefix] = uri is JsonObject term ? (string)term["@id"]! : (string)uri!;
            }
        }
        root.Remove("@context");
        var text = new StringBuilder();
        Write(text, root, prefixes, "");
        return text.ToString();
    }

    private static void Write(StringBuilder text, JsonNode? node, Dictionary<string, string> prefixes, string indent)
    {
        switch (node)
        {
            case JsonArray array:
                foreach (var item in array)
                {
                    text.Append(indent).Append("- ");
                    Write(text, item, prefixes, indent + "  ");
                }
                break;
            case JsonObject members:
                text.Append('\n');
                foreach (var (name, value) in members.Select(m => (Name: Expand(m.Key, prefixes), m.Value)).OrderBy(m => m.Name, StringComparer.Ordinal))
                {
                    if (value is JsonArray { Count: 0 } or JsonObject { Count: 0 })
                    {
                        continue;
                    }
                    text.Append(indent).Append(name).Append(": ");
                    Write(text, value is JsonArray { Count: 1 } one ? one[0] : value, prefixes, indent + "  ");
                }
                break;
            case null:
                text.Append("null\n");
                break;
            default:
                text.Append(node.GetValueKind() switch
                {
                    JsonValueKind.String => StandardStart().Replace(Expand((string)node!, prefixes).Trim(), ""),
                    JsonValueKind.Number => decimal.Parse(node.ToJsonString(), NumberStyles.Float, CultureInfo.InvariantCulture)
                        .ToString("0.############################", CultureInfo.InvariantCulture),
                    _ => node.ToJsonString(),
                }).Append('\n');
                break;
        }
    }

    private static string Expand(string name, Dictionary<string, string> prefixes) =>
        name.IndexOf(':') is > 0 and var colon && prefixes.TryGetValue(name[..colon], out var uri) ? uri + name[(colon + 1)..] : name;

    [GeneratedRegex("^(https://ref[.]gs1[.]org/cbv/(BizStep|Disp|BTT|SDT|Comp|ER)-|https://gs1[.]org/voc/)")]
    private static partial Regex StandardStart();
}
