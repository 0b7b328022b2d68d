using System.Globalization;
using System.Text.Json.Nodes;

namespace TrustChain.Devnet.Demo;

/// <summary>Writes the parts that EPCIS events have in common. Times are given as <c>MM-ddTHH:mm</c> in China's time.</summary>
/// <param name="season">The year.</param>
internal sealed class EventWriter(int season)
{
    private const string Context = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld";
    private const string Namespace = "urn:trustchain:ns:";

    /// <summary>An event with its what still to be added.</summary>
    /// <param name="type">Event type.</param>
    /// <param name="action">Action; null for a transformation.</param>
    /// <param name="time">When.</param>
    /// <param name="step">Business step.</param>
    /// <param name="disposition">Disposition.</param>
    /// <param name="place">Where, as URI.</param>
    /// <param name="placeName">Name of the place, our extension.</param>
    public JsonObject Event(string type, string? action, string time, string step, string disposition, string place, string placeName)
    {
        var e = new JsonObject
        {
            ["@context"] = new JsonArray(Context, new JsonObject { ["tc"] = Namespace }),
            ["type"] = type,
            ["eventTime"] = At(time, season),
            ["eventTimeZoneOffset"] = "+08:00",
        };
        if (action is not null)
        {
            e["action"] = action;
        }
        e["bizStep"] = step;
        e["disposition"] = disposition;
        e["readPoint"] = new JsonObject { ["id"] = place, ["tc:name"] = placeName };
        return e;
    }

    /// <summary>A moment as events write it.</summary>
    public static string At(string time, int season) => string.Create(CultureInfo.InvariantCulture, $"{season}-{time}:00.000+08:00");

    /// <summary>An amount of a lot in kilograms.</summary>
    public static JsonObject Quantity(string lot, decimal kilograms) => new() { ["epcClass"] = lot, ["quantity"] = kilograms, ["uom"] = "KGM" };

    /// <summary>Readings taken together.</summary>
    /// <param name="time">When.</param>
    /// <param name="season">The year.</param>
    /// <param name="reports">GS1 measurement type, value, and UN/ECE Recommendation 20 unit.</param>
    public static JsonObject Sensor(string time, int season, params IEnumerable<(string Type, decimal Value, string Unit)> reports) => new()
    {
        ["sensorReport"] = new JsonArray([.. reports.Select(r => new JsonObject { ["type"] = r.Type, ["time"] = At(time, season), ["value"] = r.Value, ["uom"] = r.Unit })]),
    };
}
