using System.Text.Json;
using System.Text.Json.Nodes;

namespace TrustChain.IntegrationTests.Serving;

/// <summary>Valid EPCIS events to send, and to break one thing of.</summary>
internal static class Events
{
    /// <summary>A step that the template for tea shows to everybody.</summary>
    public const string PublicStep = "urn:trustchain:tea:step:plucking";

    /// <summary>A step that it does not.</summary>
    public const string PrivateStep = "urn:trustchain:tea:step:fertilising";

    public const string Context = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld";

    /// <summary>A batch comes into being.</summary>
    public static JsonObject Commissioning(string item) => Class(item, "ADD", "commissioning");

    /// <summary>Something is seen or done; says nothing about where the item comes from.</summary>
    public static JsonObject Observation(string item, string step = "inspecting") => Class(item, "OBSERVE", step);

    /// <summary>An observation with a party as owner at its destination.</summary>
    public static JsonObject Shipment(string item, string party, string step = "shipping")
    {
        var e = Observation(item, step);
        e["destinationList"] = new JsonArray(new JsonObject { ["type"] = "owning_party", ["destination"] = party });
        return e;
    }

    public static JsonObject Aggregation(string parent, string child, string action = "ADD") => new()
    {
        ["@context"] = new JsonArray(Context),
        ["type"] = "AggregationEvent",
        ["eventTime"] = "2026-04-05T08:00:00.000+08:00",
        ["eventTimeZoneOffset"] = "+08:00",
        ["parentID"] = parent,
        ["childQuantityList"] = new JsonArray(new JsonObject { ["epcClass"] = child, ["quantity"] = 1 }),
        ["action"] = action,
        ["bizStep"] = "packing",
    };

    public static JsonObject Transformation(string input, string output) => new()
    {
        ["@context"] = new JsonArray(Context),
        ["type"] = "TransformationEvent",
        ["eventTime"] = "2026-04-05T08:00:00.000+08:00",
        ["eventTimeZoneOffset"] = "+08:00",
        ["inputQuantityList"] = new JsonArray(new JsonObject { ["epcClass"] = input, ["quantity"] = 2.5, ["uom"] = "KGM" }),
        ["outputQuantityList"] = new JsonArray(new JsonObject { ["epcClass"] = output, ["quantity"] = 1, ["uom"] = "KGM" }),
        ["bizStep"] = "commissioning",
    };

    public static string Document(params JsonObject[] events) => Document(events.Select(static e => e.ToJsonString()).ToArray());

    /// <summary>An EPCIS document of events given as text, valid or not.</summary>
    public static string Document(params string[] events) =>
        $$"""{"@context":["{{Context}}"],"type":"EPCISDocument","schemaVersion":"2.0","creationDate":"2026-04-05T08:00:00Z","epcisBody":{"eventList":[{{string.Join(',', events)}}] } }""";

    public static JsonObject With(this JsonObject e, string member, string json)
    {
        e[member] = JsonNode.Parse(json);
        return e;
    }

    public static JsonObject WithId(this JsonObject e, string eventId) => e.With("eventID", JsonSerializer.Serialize(eventId));

    private static JsonObject Class(string item, string action, string step) => new()
    {
        ["@context"] = new JsonArray(Context),
        ["type"] = "ObjectEvent",
        ["eventTime"] = "2026-04-05T08:00:00.000+08:00",
        ["eventTimeZoneOffset"] = "+08:00",
        ["quantityList"] = new JsonArray(new JsonObject { ["epcClass"] = item, ["quantity"] = 20, ["uom"] = "KGM" }),
        ["action"] = action,
        ["bizStep"] = step,
    };
}
