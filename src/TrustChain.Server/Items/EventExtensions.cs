using System.Text.Json;
using TrustChain.Core.Identifiers;
using TrustChain.Core.Log;
using TrustChain.Server.Pages;

namespace TrustChain.Server.Items;

/// <summary>
/// Reads from an event's JSON what the pages show: our own extensions (namespace <see cref="Namespace"/>, whatever prefix the event gives it), amounts and
/// sensor readings. The event has been validated when it was captured.
/// </summary>
internal sealed class EventExtensions
{
    /// <summary>Namespace of the extensions: <c>document</c>, <c>name</c>, <c>origin</c>, <c>variety</c>, <c>note</c>, and the attributes of templates.</summary>
    public const string Namespace = "urn:trustchain:ns:";

    private const int MaxReadings = 24;

    private readonly JsonElement _json;
    private readonly string? _prefix;

    public EventExtensions(JsonElement json)
    {
        _json = json;
        _prefix = FindPrefix(json);
    }

    /// <summary>The name that the event gives a place.</summary>
    public PlaceView? Place()
    {
        foreach (var member in (string[])["readPoint", "bizLocation"])
        {
            if (_json.TryGetProperty(member, out var place) && place.ValueKind == JsonValueKind.Object && place.TryGetProperty("id", out var id))
            {
                var uri = id.GetString()!; // Required and a string in the standard.
                return new PlaceView(Text(place, "name") ?? NameOf(uri), uri);
            }
        }
        return null;
    }

    /// <summary>An extension of the event, or of its ilmd.</summary>
    public string? Text(string name) => Text(_json, name) ?? (_json.TryGetProperty("ilmd", out var ilmd) && ilmd.ValueKind == JsonValueKind.Object ? Text(ilmd, name) : null);

    /// <summary>A member of the event's ilmd: a text, or a number as it was written.</summary>
    public string? Attribute(string name) =>
        _prefix is not null && _json.TryGetProperty("ilmd", out var ilmd) && ilmd.ValueKind == JsonValueKind.Object && ilmd.TryGetProperty($"{_prefix}:{name}", out var value)
            ? value.ValueKind switch { JsonValueKind.String => value.GetString(), JsonValueKind.Number => value.GetRawText(), _ => null }
            : null;

    /// <summary>Digests of the documents that the event names.</summary>
    public IReadOnlyList<Hash32> Documents()
    {
        var digests = new List<Hash32>();
        if (_prefix is not null && _json.TryGetProperty($"{_prefix}:document", out var value))
        {
            foreach (var uri in value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().ToArray() : [value])
            {
                if (uri.ValueKind == JsonValueKind.String && DocumentEndpoints.TryParseDigest(uri.GetString()!, out var digest)) // A JSON string.
                {
                    digests.Add(digest);
                }
            }
        }
        return digests;
    }

    public IReadOnlyList<QuantityView> Quantities()
    {
        var quantities = new List<QuantityView>();
        foreach (var (member, role) in ((string, QuantityRole)[])
            [("quantityList", QuantityRole.Subject), ("inputQuantityList", QuantityRole.Input), ("outputQuantityList", QuantityRole.Output), ("childQuantityList", QuantityRole.Child)])
        {
            if (!_json.TryGetProperty(member, out var list) || list.ValueKind != JsonValueKind.Array)
            {
                continue;
            }
            foreach (var element in list.EnumerateArray().Take(20))
            {
                if (element.TryGetProperty("quantity", out var quantity))
                {
                    // Required and a string in the standard. The subject of the step need not be named again.
                    var of = role == QuantityRole.Subject ? null : new Phrase(NameOf(element.GetProperty("epcClass").GetString()!));
                    quantities.Add(new QuantityView(quantity.ToString(), element.TryGetProperty("uom", out var uom) ? uom.GetString() : null, of, role));
                }
            }
        }
        return quantities;
    }

    /// <summary>The first readings, and how many were left out.</summary>
    public (IReadOnlyList<ReadingView> Readings, int More) Readings()
    {
        var readings = new List<ReadingView>();
        var more = 0;
        foreach (var report in Reports())
        {
            if (readings.Count == MaxReadings)
            {
                more++;
                continue;
            }
            var value = FirstOf(report, "value", "stringValue", "meanValue", "minValue", "maxValue", "booleanValue", "uriValue", "hexBinaryValue");
            if (value is null)
            {
                continue;
            }
            var time = report.TryGetProperty("time", out var at) && DateTimeOffset.TryParse(at.GetString(), System.Globalization.CultureInfo.InvariantCulture, out var t) ? t : (DateTimeOffset?)null;
            readings.Add(new ReadingView(
                FirstOf(report, "type") ?? "Dimensionless", value, FirstOf(report, "uom"), time, null, FirstOf(report, "exception") is { } alarm ? new Phrase(alarm) : null));
        }
        return (readings, more);
    }

    /// <summary>Devices that measured, each with the days (UTC) that its metadata name; where they name none, the day of the event.</summary>
    /// <param name="eventTime">The event's time.</param>
    public IEnumerable<(string Uri, DateOnly From, DateOnly Until)> Devices(DateTimeOffset eventTime)
    {
        foreach (var element in Elements())
        {
            if (element.TryGetProperty("sensorMetadata", out var metadata) && metadata.ValueKind == JsonValueKind.Object && FirstOf(metadata, "deviceID") is { } device)
            {
                var from = Day(metadata, "startTime") ?? Day(metadata, "time") ?? DateOnly.FromDateTime(eventTime.UtcDateTime);
                var until = Day(metadata, "endTime") ?? Day(metadata, "time") ?? DateOnly.FromDateTime(eventTime.UtcDateTime);
                yield return (device, from < until ? from : until, from < until ? until : from);
            }
        }
    }

    private static DateOnly? Day(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            && DateTimeOffset.TryParse(value.GetString(), System.Globalization.CultureInfo.InvariantCulture, out var time)
            ? DateOnly.FromDateTime(time.UtcDateTime)
            : null;

    /// <summary>A short name for an identifier: GLN, lot or serial, else the identifier itself.</summary>
    private static string NameOf(string uri) => !Gs1Identifier.TryParse(uri, out var id, out _) ? uri
        : id.PrimaryKey is "414" or "417" ? $"GLN {id.Value}{string.Concat(id.Qualifiers.Select(static q => $" · {q.Value}"))}"
        : id.Qualifiers.Count > 0 ? id.Qualifiers[^1].Value
        : id.Value;

    private IEnumerable<JsonElement> Elements() =>
        _json.TryGetProperty("sensorElementList", out var elements) && elements.ValueKind == JsonValueKind.Array ? elements.EnumerateArray() : [];

    private IEnumerable<JsonElement> Reports()
    {
        foreach (var element in Elements())
        {
            if (element.TryGetProperty("sensorReport", out var reports) && reports.ValueKind == JsonValueKind.Array)
            {
                foreach (var report in reports.EnumerateArray())
                {
                    yield return report;
                }
            }
        }
    }

    private static string? FirstOf(JsonElement json, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (json.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String or JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False)
            {
                return value.ToString();
            }
        }
        return null;
    }

    private string? Text(JsonElement json, string name) =>
        _prefix is not null && json.TryGetProperty($"{_prefix}:{name}", out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static string? FindPrefix(JsonElement json)
    {
        if (!json.TryGetProperty("@context", out var context))
        {
            return null;
        }
        foreach (var part in context.ValueKind == JsonValueKind.Array ? context.EnumerateArray().ToArray() : [context])
        {
            foreach (var member in part.ValueKind == JsonValueKind.Object ? part.EnumerateObject().ToArray() : [])
            {
                if (member.Value.ValueKind == JsonValueKind.String && member.Value.ValueEquals(Namespace))
                {
                    return member.Name;
                }
            }
        }
        return null;
    }
}
